"""PSA against ERP: whether they tie out, in a sentence, and the projects on which they do not; knows no Streamlit."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from app.console.widgets import formats
from app.console.widgets.markup import Html, link, span
from app.readings.billing.rows import Balance, Reconciled
from models.domain.rounding import PER_ENTRY, rounding

ACCOUNTED = "explained by open exceptions or work on its way"


def balance(row: Balance | None, currency: str) -> tuple[str, str]:
    """Whether the two systems tie out, in a sentence; rounding is named and alarms nobody."""
    if row is None:
        return "", "No project is in both systems yet."
    psa, erp = formats.decimal(row.psa_reporting), formats.decimal(row.erp_reporting)
    sides = f"PSA {formats.money(psa, currency)}, ERP {formats.money(erp, currency)}"
    parts = f"{sides}, difference {formats.money(psa - erp, currency)}"
    if row.beyond_reporting:
        beyond, where = formats.money(row.beyond_reporting, currency), formats.plural(row.projects_beyond, "project")
        return "bad", f"{parts}; {beyond} in {where} is not {ACCOUNTED}."
    if row.rounding_reporting:
        cents = formats.money(row.rounding_reporting, currency)
        return "info", f"{parts}; {cents} of it is rounding, the rest is {ACCOUNTED}."
    return "good", f"{parts}; all of it is {ACCOUNTED}." if psa != erp else f"{parts}: they agree."


def tolerance(currency: str) -> str:
    """What counts as rounding, for the page to name."""
    return f"Up to {formats.money(PER_ENTRY, currency)} per time entry counts as rounding."


def differing(rows: Sequence[Reconciled]) -> list[Reconciled]:
    """Projects on which PSA and ERP do not agree."""
    return [
        row
        for row in rows
        if row.unexplained_reporting or row.psa_reporting != row.erp_reporting or row.difference_hours
    ]


def reconciliation_rows(rows: Sequence[Reconciled], currency: str, limit: int = 30) -> list[dict[str, object]]:
    """PSA against ERP by project, in the order given."""
    return [_row(row, currency) for row in rows[:limit]]


def _row(row: Reconciled, currency: str) -> dict[str, object]:
    difference = formats.decimal(row.psa_reporting) - formats.decimal(row.erp_reporting)
    return {
        "project": _project(row),
        "entity": row.legal_entity or span("not known", "t-mute"),
        "psa_hours": f"{formats.decimal(row.psa_hours):,.1f}",
        "erp_hours": f"{formats.decimal(row.erp_hours):,.1f}",
        "psa": formats.money(row.psa_reporting, currency),
        "erp": formats.money(row.erp_reporting, currency),
        "difference": formats.money(difference, currency),
        "explained": formats.money(row.explained_reporting, currency),
        "unexplained": _unexplained(row, currency),
    }


def _project(row: Reconciled) -> Html:
    if not row.project_key:
        return span("no project", "t-mute")
    return span(link(row.project_key, "/journey", q=row.project_key), title=row.name)


def _unexplained(row: Reconciled, currency: str) -> Html:
    value: Decimal = formats.decimal(row.unexplained_reporting)
    if value and abs(value) <= rounding(row.entries):
        why = f"Rounding of {formats.plural(row.entries, 'entry', 'entries')}"
        return span(formats.money(value, currency), "t-mute", title=why)
    return span(formats.money(value, currency), "t-bad t-b" if value else "t-good")
