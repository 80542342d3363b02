"""The records behind a figure's range: what each adds to it, settled as its evidence says, against the firm and for it
(X13).
"""

from __future__ import annotations

from pathlib import Path

from app.readings.page import Page
from app.readings.rates.reading import COST
from app.readings.rates.rows import BehindCase, BehindRecord
from app.readings.reading import rows
from app.readings.stores import Stores
from app.readings.viewer import Viewer
from models.canonical.classification import DataClass
from models.sql_statements import statements

SQL = statements(Path(__file__).with_name("behind.sql"))
MEASURES = ("margin", "forecast", "revenue", "utilised", "ready", "unbilled", "lost", "billed", "backlog")
"""What a record may add to, in the order of the statements: money, or hours of utilisation."""
MEASURED = {
    "project_gross_margin": "margin",
    "margin_at_completion": "forecast",
    "margin_erosion": "forecast",
    "billable_utilisation": "utilised",
    "billable_utilisation_gross": "utilised",
    "effective_bill_rate": "revenue",
    "billing_readiness": "ready",
    "unbilled_work_in_progress": "unbilled",
    "wip_days": "unbilled",
    "lock_up_days": "unbilled",
    "debtor_days": "revenue",
    "revenue_leakage": "lost",
    "billing_realisation": "billed",
    "backlog": "backlog",
}
"""The figures that open cases move, and by what."""
OF_COST = frozenset(name for name, measure in MEASURED.items() if measure == "margin") | COST


def cases(stores: Stores, viewer: Viewer, figure: str) -> tuple[BehindCase, ...]:
    """The open cases that a figure's range rests on, those that move it most first; none where it has no range."""
    if not _may_see(viewer, figure):
        return ()
    return rows(stores, viewer, SQL["cases"], BehindCase, measure=_place(figure))


def records(stores: Stores, viewer: Viewer, figure: str, page: Page = Page(25)) -> tuple[BehindRecord, ...]:
    """Their records, those that move it most first."""
    if not _may_see(viewer, figure):
        return ()
    asked = {"measure": _place(figure), "limit": page.size, "offset": page.offset}
    return rows(stores, viewer, SQL["records"], BehindRecord, **asked)


def _may_see(viewer: Viewer, figure: str) -> bool:
    return figure in MEASURED and (figure not in OF_COST or viewer.sees(DataClass.LABOUR_RATE))


def _place(figure: str) -> int:
    return MEASURES.index(MEASURED[figure]) + 1
