"""Kantata's change feed: pulled, kept nine days, out of order and with duplicates (facts: its connector's README).

An event shows once world time has reached its `created_at`; some show seconds later than what they tell of, so that a
later version can come first, and some come twice under another id.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from integrations.sandbox.vendors.wire import Answer, Request, instant, iso_offset, json_answer
from integrations.sandbox.world.ledger import Ledger, Row, Table
from models.domain.clock import Clock

RETENTION = timedelta(days=9)
PLURAL = {
    "time_entry": "time_entries",
    "expense": "expenses",
    "workspace": "workspaces",
    "story": "stories",
    "user": "users",
}
FED = {"time_entry", "expense", "workspace", "story", "user", "timesheet_submission"}
CLASS = {
    "time_entry": "TimeEntry",
    "expense": "Expense",
    "workspace": "Workspace",
    "story": "Story",
    "user": "User",
    "timesheet_submission": "TimesheetSubmission",
}
PAYLOADS = ("previous_payload", "current_payload", "payload_changes")


class Feed:
    """Events by the moment they show."""

    def __init__(self, ledger: Ledger, clock: Clock) -> None:
        self._clock = clock
        self.table = ledger.table("kantata.subscribed_events", 50_000)
        self._at = sorted((row["created_at"], int(key)) for key, row in self.table.rows.items())
        self.lateness: Callable[[], float] = lambda: 0.0
        """Seconds by which the next event shows late; the fault plan sets it."""
        self.doubled: Callable[[], bool] = lambda: False
        """Whether the next event comes twice; the fault plan sets it."""
        self.polls = 0
        self.unread: dict[str, int] = {}
        """Events that the newest look of each reader (by its event types) left for a next page."""

    @property
    def number(self) -> int:
        return len(self._at)

    def happened(
        self, kind: str, verb: str, key: str, old: Row | None, new: Row | None, at: datetime, late: float = 0.0
    ) -> None:
        """Tell that a subject was created, updated or deleted at a moment."""
        if kind not in FED:
            return
        shows = at + timedelta(seconds=int(late or self.lateness()))
        for moment in (shows, shows + timedelta(seconds=2))[: 2 if self.doubled() else 1]:
            number = self.table.new_key()
            self.table.put(
                number,
                {
                    "id": number,
                    "event_type": f"{kind}:{verb}",
                    "subject_type": CLASS[kind],
                    "subject_id": key,
                    "subject_changed_at": iso_offset(at),
                    "created_at": iso_offset(moment),
                    "user_id": (new or old or {}).get("user_id"),
                    "previous_payload": old,
                    "current_payload": new,
                },
            )
            insort(self._at, (iso_offset(moment), int(number)))

    def forget_old(self, now: datetime) -> None:
        """Drop what is past the vendor's retention."""
        edge = bisect_left(self._at, (iso_offset(now - RETENTION), 0))
        for _, number in self._at[:edge]:
            self.table.delete(str(number))
        del self._at[:edge]

    def answer(self, request: Request, tables: Mapping[str, Table]) -> Answer:
        query = request.query
        if request.path.endswith("/event_types"):
            types = [f"{kind}:{verb}" for kind in sorted(FED) for verb in ("created", "updated", "deleted")]
            return json_answer({"count": len(types), "event_types": types})
        self.polls += 1
        now = self._clock.now()
        low = max(
            iso_offset(now - RETENTION), iso_offset(_moment(query["created_after"])) if "created_after" in query else ""
        )
        high = min(iso_offset(now), iso_offset(_moment(query["created_before"])) if "created_before" in query else "9")
        hits = self._at[bisect_left(self._at, (low, 0)) : bisect_right(self._at, (high, 10**18))]
        rows = [self.table.rows[str(number)] for _, number in hits]
        for keep in self._filters(query):
            rows = [row for row in rows if keep(row)]
        if query.get("order", "created_at:desc") == "created_at:desc":
            rows.reverse()
        size = max(1, min(200, int(query.get("limit") or query.get("per_page") or 20)))
        start = int(query["offset"]) if "offset" in query else (int(query.get("page") or 1) - 1) * size
        self.unread[query.get("event_types", "")] = len(rows) - start - size
        return json_answer(self._body(rows, start, size, query, tables), x_request_id=f"sbx-feed-{self.polls}")

    @staticmethod
    def _filters(query: Mapping[str, str]) -> list[Callable[[Row], bool]]:
        found: list[Callable[[Row], bool]] = []
        for name, field in (
            ("event_types", "event_type"),
            ("subject_type", "subject_type"),
            ("subject_id", "subject_id"),
            ("user_ids", "user_id"),
        ):
            if name in query:
                wanted = set(query[name].split(","))
                found.append(lambda row, field=field, wanted=wanted: row[field] in wanted)  # type: ignore[misc]
        return found

    def _body(
        self, rows: list[Row], start: int, size: int, query: Mapping[str, str], tables: Mapping[str, Table]
    ) -> dict[str, Any]:
        shown = rows[start : start + size]
        optional = [name for name in query.get("optional_fields", "").split(",") if name in PAYLOADS]
        meta = {
            "count": len(rows),
            "page_count": -(-len(rows) // size),
            "page_number": start // size + 1,
            "page_size": size,
        }
        body: dict[str, Any] = {
            "count": len(rows),
            "meta": meta,
            "results": [{"key": "subscribed_events", "id": row["id"]} for row in shown],
            "subscribed_events": {row["id"]: self._event(row, optional, tables) for row in shown},
        }
        if "subject" in query.get("include", "").split(","):
            for row in shown:
                plural = PLURAL.get(row["event_type"].split(":")[0])
                subject = tables[plural].get(row["subject_id"]) if plural else None
                if plural and subject:
                    body.setdefault(plural, {})[row["subject_id"]] = subject
        return body

    @staticmethod
    def _event(row: Row, optional: list[str], tables: Mapping[str, Table]) -> dict[str, Any]:
        plural = PLURAL.get(row["event_type"].split(":")[0], "timesheet_submissions")
        there = row["subject_id"] in tables[plural].rows
        shown = {
            name: row[name]
            for name in (
                "id",
                "event_type",
                "subject_changed_at",
                "created_at",
                "user_id",
                "subject_type",
                "subject_id",
            )
        }
        shown["subject_ref"] = {"key": plural, "id": row["subject_id"]} if there else None
        for name in optional:
            shown[name] = changes(row) if name == "payload_changes" else row[name]
        return shown


def changes(row: Row) -> dict[str, list[Any]]:
    """field -> [before, after] of what an event changed."""
    old, new = row["previous_payload"] or {}, row["current_payload"] or {}
    return {name: [old.get(name), new.get(name)] for name in {*old, *new} if old.get(name) != new.get(name)}


def _moment(text: str) -> datetime:
    """A query's instant; a + that form decoding made a blank is put back."""
    return instant(text.replace(" ", "+") if "T" in text else text)
