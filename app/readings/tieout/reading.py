"""Whether it ties out: control totals of each joint, and the records behind them (X12)."""

from __future__ import annotations

from pathlib import Path

from app.readings.reading import rows
from app.readings.stores import Stores
from app.readings.tieout.question import TotalsQuestion
from app.readings.tieout.rows import Totals
from app.readings.viewer import Viewer
from models.sql_statements import statements

SQL = statements(Path(__file__).with_name("tieout.sql"))


def totals(stores: Stores, viewer: Viewer, wanted: TotalsQuestion) -> tuple[Totals, ...]:
    """Control totals, the newest month first."""
    lists = {"flows": list(wanted.flow), "kinds": list(wanted.entity), "firms": list(wanted.legal_entity)}
    return rows(stores, viewer, SQL["totals"], Totals, period=wanted.period, **lists)
