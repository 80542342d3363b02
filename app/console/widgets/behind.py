"""What is behind a figure's range as rows: the open cases, and their records one by one; knows no Streamlit."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from app.console.widgets import formats
from app.console.widgets.markup import Column, Html, link, span
from app.readings.masking import Amount
from app.readings.rates.behind import MEASURED
from app.readings.rates.rows import BehindCase, BehindRecord
from models.domain.case import cause_title

WORLDS = (
    Column("adjusted", "As its evidence says", "right", "What it adds to the figure as reported"),
    Column("against", "Against the firm", "right", "What it adds, or takes away, settled against the firm"),
    Column("favour", "For the firm", "right", "What it adds, settled in favour of the firm"),
)
CASES = (Column("case", "Open case"), Column("records", "Records", "right"), *WORLDS)
RECORDS = (
    Column("record", "Record"),
    Column("project", "Project", "nw"),
    Column("entity", "Legal entity", "nw"),
    Column("case", "Open case"),
    *WORLDS,
)


def case_rows(cases: Sequence[BehindCase], figure: str, currency: str) -> list[dict[str, object]]:
    """One line a case, in the order given."""
    return [
        {
            "case": _case(one),
            "records": formats.count(one.records),
            **_worlds(one, figure, currency),
        }
        for one in cases
    ]


def whole(cases: Sequence[BehindCase], figure: str, currency: str) -> dict[str, object]:
    """All cases together: what lies between the figure as reported and its ends."""
    sums = BehindCase(
        None,
        None,
        sum(one.records for one in cases),
        sum((one.adjusted for one in cases), Decimal(0)),
        sum((one.against for one in cases), Decimal(0)),
        sum((one.favour for one in cases), Decimal(0)),
    )
    return {"case": span("All", "t-b"), "records": formats.count(sums.records), **_worlds(sums, figure, currency)}


def record_rows(records: Sequence[BehindRecord], figure: str, currency: str) -> list[dict[str, object]]:
    """One line a record, each with its journey and its case."""
    return [
        {
            "record": link(one.item_key, "/journey", q=one.item_key),
            "project": link(one.project_key, "/journey", q=one.project_key) if one.project_key else "–",
            "entity": one.legal_entity or "–",
            "case": _case(one),
            **_worlds(one, figure, currency),
        }
        for one in records
    ]


def _case(one: BehindCase | BehindRecord) -> Html:
    if not one.case_id:
        return span("not set up yet", "t-mute")
    return link(cause_title(one.cause or ""), "/exceptions", case=one.case_id)


def _worlds(one: BehindCase | BehindRecord, figure: str, currency: str) -> dict[str, object]:
    return {name: _quantity(getattr(one, name), figure, currency) for name in ("adjusted", "against", "favour")}


def _quantity(amount: Amount, figure: str, currency: str) -> str:
    if MEASURED[figure] == "utilised" and isinstance(amount, Decimal):
        return f"{amount:,.2f} h".replace("-", "−")
    return formats.money(amount, currency)
