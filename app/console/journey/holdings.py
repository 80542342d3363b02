"""What systems hold, what an invoice bills and the work of a project as tables; knows no Streamlit."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from app.console.widgets import formats
from app.console.widgets.markup import chip, link
from app.readings.journey.rows import Holding, Holdings, Invoice, Work
from app.readings.payload import fields


def holdings(held: Holdings, zone: str | None) -> tuple[list[str], list[dict[str, Any]]]:
    """What each system holds now, field by field: column names (systems) and rows; a field that differs is marked."""
    columns = [f"{row.system} · {formats.words(row.entity)}" for row in held.rows]
    seen = {
        "field": "observed",
        **{
            column: formats.moment(row.observed_at, zone) if row.present else "gone"
            for column, row in zip(columns, held.rows, strict=True)
        },
        "differs": False,
    }
    paths = dict.fromkeys(path for row in held.rows for path in row.fields)
    rows = [_held(path, columns, held) for path in paths]
    return columns, [seen, *sorted(rows, key=lambda row: not row["differs"])]


def _held(path: str, columns: list[str], held: Holdings) -> dict[str, Any]:
    shown = {column: short(path, row.fields.get(path)) for column, row in zip(columns, held.rows, strict=True)}
    return {"field": path, **shown, "differs": path in held.differing}


def gone(held: Iterable[Holding], name: str) -> list[str]:
    """Systems that held the thing once and hold it no longer."""
    return list(dict.fromkeys(row.system for row in held if row.key == name and not row.present))


def short(path: str, value: Any) -> str:
    """One field in a cell: an amount with its currency, a list with commas."""
    if value is None:
        return ""
    listed = fields(None, {path: value})
    if len(listed) == 2 and {field.path for field in listed} == {f"{path}.amount", f"{path}.currency"}:
        return " ".join(dict.fromkeys(str(field.after) for field in listed))
    return ", ".join(str(field.after) for field in listed)


INVOICE = {
    "number": "Number",
    "customer_key": "Customer",
    "project_code": "Project",
    "status": "Status",
    "issued_on": "Issued on",
    "total": "Total",
}
LINKED = ("Customer", "Project")


def lines(invoice: Invoice) -> tuple[dict[str, object], list[dict[str, Any]]]:
    """An invoice's head, and its lines with the time entry or expense each bills."""
    body = invoice.fields
    head: dict[str, object] = {title: short(name, body.get(name)) for name, title in INVOICE.items()}
    listed = [
        {
            "posting": line.get("posting_id"),
            "entry": entry_of(line.get("posting_id")),
            "amount": short("amount", line.get("amount")),
        }
        for line in body.get("lines") or []
    ]
    return {
        title: link(value, "/journey", q=value) if title in LINKED else value for title, value in head.items() if value
    }, listed


def entry_of(posting: str | None) -> str:
    """The time entry or expense behind an ERP posting id `<id>-v<k>` or `<id>-v<k>-R`."""
    return (posting or "").removesuffix("-R").rpartition("-v")[0] or (posting or "")


def work_rows(rows: Iterable[Work]) -> list[dict[str, object]]:
    """Time, expenses and milestones of a project; the value of each is that of one thing."""
    return [
        {
            "key": link(row.key, "/journey", q=row.key),
            "who": row.resource_key,
            "code": row.charge_code,
            "on": row.work_date,
            "hours": row.hours,
            "value": formats.money(row.bill_amount, row.currency or ""),
            "state": chip(
                formats.words(row.blocker or row.state),
                {"blocked": "bad", "ready": "good", "not_approved": "warn"}.get(row.state, ""),
            ),
        }
        for row in rows
    ]
