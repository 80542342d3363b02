"""What did not land, record by record, with what each side says; knows no Streamlit."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from app.console.reconciliation.words import PLACES, UNSOURCED, joint_of, reason_of
from app.console.widgets import formats
from app.console.widgets.markup import Html, joined, link, span
from app.readings.masking import Amount
from app.readings.tieout.rows import Record

NAMES = {"case": PLACES["cases"][0], "unsourced": UNSOURCED[0], **{key: name for key, (name, _) in PLACES.items()}}
"""Places by the word that a record carries."""
CHOICES = {
    "All": "",
    **{NAMES[place]: place for place in ("unexplained", "case", "on_its_way", "written_off", "unsourced")},
}


def record_rows(rows: Sequence[Record], now: datetime) -> list[dict[str, object]]:
    """One line a record, in the order given."""
    return [_row(row, now) for row in rows]


def shown_of(rows: Sequence[Record], page: int, size: int) -> str:
    """Which of how many are shown."""
    if not rows:
        return "0 of 0 records"
    first = (page - 1) * size + 1
    return f"{first:,}–{first + len(rows) - 1:,} of {formats.plural(rows[0].of_all, 'record')}"


def _row(row: Record, now: datetime) -> dict[str, object]:
    currency = row.currency or ""
    return {
        "record": joined([link(row.item_key, "/journey", q=row.item_key), span(joint_of(row.entity), "t-mute")]),
        "project": link(row.project_key, "/journey", q=row.project_key) if row.project_key else span("–", "t-mute"),
        "place": _place(row),
        "why": _why(row),
        "source": _side(row.source_amount, row.source_hours, row.source, currency),
        "target": _side(row.target_amount, row.target_hours, row.target, currency),
        "since": formats.since(row.since, now),
    }


def _place(row: Record) -> Html:
    mood = {"unexplained": "t-bad", "case": "t-warn", "unsourced": "" if row.case_id else "t-bad"}.get(row.place, "")
    name = span(NAMES.get(row.place, row.place), mood, "t-nw")
    return joined([name, link("Open case", "/exceptions", case=row.case_id)]) if row.case_id else name


def _why(row: Record) -> str:
    reason = reason_of(row.entity, row.reason)
    return f"{reason}: {', '.join(row.differs)}" if row.differs else reason


def _side(amount: Amount | None, hours: Decimal | None, system: str, currency: str) -> Html:
    if amount is None:
        return span("–", "t-mute", title=f"not in {system}")
    said = f"{hours} h in {system}" if hours is not None else system
    return span(formats.money(amount, currency), title=said)
