"""Kantata's lists: which rows a query asks for, in which order and page, with what beside them."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from typing import Any

from integrations.sandbox.vendors.wire import Answer, Request, instant, iso_offset, json_answer
from integrations.sandbox.world.ledger import Index, Row, Table

KINDS = {
    "workspaces": "workspace",
    "stories": "story",
    "users": "user",
    "time_entries": "time_entry",
    "expenses": "expense",
    "timesheet_submissions": "timesheet_submission",
    "expense_report_submissions": "expense_report_submission",
    "external_references": "external_reference",
    "invoices": "invoice",
    "external_payments": "external_payment",
}
"""Resource of the URL -> the word for one of them."""
SIDES = {
    "workspace": "workspaces",
    "story": "stories",
    "user": "users",
    "timesheet_submission": "timesheet_submissions",
}
EQUAL = (
    "workspace_id",
    "user_id",
    "story_id",
    "subject_type",
    "subject_id",
    "service_name",
    "service_model",
    "service_model_ref",
    "status",
    "email_address",
    "timesheet_submission_id",
    "invoice_id",
    "user_invoice_number",
)
FLAGS = {
    "approved": ("approved", True),
    "billable": ("billable", True),
    "invoiced": ("is_invoiced", True),
    "uninvoiced": ("is_invoiced", False),
}
"""Filters that mean true by their presence, whatever their value."""
Filter = Callable[[Row], bool]


class Lists:
    """Reads the PSA's tables through their indexes; no look-up by id or reference scans a table."""

    def __init__(self, tables: Mapping[str, Table], stories_of: Index, entries_of: Index) -> None:
        self.tables, self.stories_of, self.entries_of = tables, stories_of, entries_of
        references = tables["external_references"]
        self.by_value = references.index(lambda row: (row["subject_type"], row["service_model_ref"]))
        self._by_subject = references.index(lambda row: (row["subject_type"], row["subject_id"]))
        self._by_type = references.index(lambda row: row["subject_type"])
        self._sorted: dict[tuple[str, str], tuple[int, list[Row]]] = {}
        self._numbers = itertools.count(1)

    def answer(self, request: Request, plural: str, key: str | None) -> Answer:
        """One row by id, or a page of those that the query asks for."""
        query = request.query
        if key is not None:
            row = self.tables[plural].get(key)
            if row is None or (plural == "workspaces" and row["archived"] and "include_archived" not in query):
                return fault(404, "system", "The requested resource could not be found")
            return self.shown(request, plural, [row])
        if plural == "external_references" and not {"subject_type", "only"} & set(query):
            return fault(400, "validation", "subject_type is required", "subject_type")
        rows = self._candidates(plural, query)
        for keep in self._filters(plural, query):
            rows = [row for row in rows if keep(row)]
        size = max(1, min(200, int(query.get("limit") or query.get("per_page") or 20)))
        start = int(query["offset"]) if "offset" in query else (int(query.get("page") or 1) - 1) * size
        return self.shown(request, plural, rows[start : start + size], 200, len(rows), size, start // size + 1)

    def _candidates(self, plural: str, query: Mapping[str, str]) -> list[Row]:
        table = self.tables[plural]
        if "only" in query:
            return [table.rows[key] for key in query["only"].split(",") if key in table.rows]
        keys = self._narrow(plural, query)
        if keys is not None:
            return [table.rows[key] for key in keys]
        order = query.get("order", "id:asc")
        moves, rows = self._sorted.get((plural, order), (-1, []))
        if moves != table.moves:
            field, _, way = order.partition(":")
            rows = list(table.rows.values())
            if field != "id":
                rows.sort(key=lambda row: str(row.get(field) or ""), reverse=way != "asc")
            elif way == "desc":
                rows.reverse()
            self._sorted[plural, order] = (table.moves, rows)
        return rows

    def _narrow(self, plural: str, query: Mapping[str, str]) -> list[str] | None:
        """The few rows an index points at, so that a look-up never scans a table."""
        if plural == "external_references" and "service_model_ref" in query:
            refs = query["service_model_ref"].split(",")
            return [key for ref in refs for key in self.by_value.keys((query.get("subject_type"), ref))]
        if plural == "external_references" and "subject_id" in query:
            return [
                key
                for one in query["subject_id"].split(",")
                for key in self._by_subject.keys((query.get("subject_type"), one))
            ]
        if plural == "external_references" and "subject_type" in query and query.get("order", "id:asc") == "id:asc":
            return self._by_type.keys(query["subject_type"])
        if plural in ("stories", "time_entries") and "workspace_id" in query:
            index = self.stories_of if plural == "stories" else self.entries_of
            return [key for one in query["workspace_id"].split(",") for key in index.keys(one)]
        return None

    def _filters(self, plural: str, query: Mapping[str, str]) -> list[Filter]:
        found: list[Filter] = []
        if plural == "workspaces" and not {"include_archived", "only"} & set(query):
            found.append(lambda row: not row["archived"])
        found += [
            _since(field, query[name])
            for name, field in (("updated_after", "updated_at"), ("created_after", "created_at"))
            if name in query
        ]
        found += [_among(name, query[name]) for name in EQUAL if name in query]
        found += [_is(*FLAGS[name]) for name in FLAGS if name in query]
        found += [_says(query[name]) for name in ("matching", "search", "title") if name in query]
        if "date_performed_between" in query:
            low, high = query["date_performed_between"].split(":")
            found.append(lambda row: low <= row["date_performed"] <= high)
        if "without_external_reference_service_name" in query:
            found.append(self._unreferenced(query["without_external_reference_service_name"]))
        return found

    def _unreferenced(self, service: str) -> Filter:
        references = self.tables["external_references"].rows
        return lambda row: all(
            references[key]["service_name"] != service for key in self._by_subject.keys(("TimeEntry", row["id"]))
        )

    def shown(
        self,
        request: Request,
        plural: str,
        rows: list[Row],
        status: int = 200,
        count: int | None = None,
        size: int = 20,
        page: int = 1,
    ) -> Answer:
        body = envelope(plural, rows, len(rows) if count is None else count, size, page)
        for name in filter(None, request.query.get("include", "").split(",")):
            side = SIDES.get(name.rstrip("s") if name != "stories" else "story", name)
            if side in self.tables:
                wanted = {row.get(f"{KINDS[side]}_id") for row in rows}
                if plural == "workspaces" and side == "stories":
                    wanted = {key for row in rows for key in self.stories_of.keys(row["id"])}
                known = self.tables[side].rows
                body.setdefault(side, {}).update({key: known[key] for key in wanted if key in known})
        return json_answer(body, status, x_request_id=f"sbx-{next(self._numbers)}")


def _since(field: str, text: str) -> Filter:
    since = iso_offset(instant(text.replace(" ", "+")))
    return lambda row: bool(row[field] >= since)


def _among(field: str, text: str) -> Filter:
    wanted = set(text.split(","))
    return lambda row: row.get(field) in wanted


def _is(field: str, value: bool) -> Filter:
    return lambda row: row.get(field) is value


def _says(text: str) -> Filter:
    return lambda row: text.lower() in str(row.get("title") or row.get("full_name") or "").lower()


def envelope(plural: str, rows: list[Row], count: int, size: int, page: int) -> dict[str, Any]:
    """The vendor's list: order is in `results`, content in the map."""
    meta = {"count": count, "page_count": -(-count // size), "page_number": page, "page_size": size}
    return {
        "count": count,
        "meta": meta,
        "results": [{"key": plural, "id": row["id"]} for row in rows],
        plural: {row["id"]: row for row in rows},
    }


def fault(status: int, kind: str, message: str, field: str | None = None) -> Answer:
    error = {"type": kind, "message": message, **({"field": field} if field else {})}
    return json_answer({"errors": [error]}, status, x_request_id="sbx-error")
