"""Exchange rates, and the firm's figures beside their targets: every viewer reads them, but for figures in money."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from app.readings.rates.rows import Day, Figure, Rate, Target
from app.readings.reading import rows
from app.readings.stores import Stores
from app.readings.viewer import Viewer
from models.canonical.classification import DataClass
from models.sql_statements import statements

COST = frozenset({"margin_erosion", "estimate_at_completion", "variance_at_completion"})
"""Figures in money that derive from labour rates: whoever may not see those does not see these."""
SQL = statements(Path(__file__).with_name("rates.sql"))


def rates(stores: Stores, viewer: Viewer) -> tuple[Rate, ...]:
    """Each currency's rate, by currency."""
    return rows(stores, viewer, SQL["rates"], Rate)


def targets(stores: Stores, viewer: Viewer) -> tuple[Target, ...]:
    """The figures of the whole firm, by name; those in money only for who is limited to no legal entity."""
    return rows(stores, viewer, SQL["targets"], Target)


def figures(stores: Stores, viewer: Viewer) -> tuple[Figure, ...]:
    """The same with what open cases leave of them; those that derive from labour rates for whoever may see them."""
    clear = viewer.sees(DataClass.LABOUR_RATE)
    return tuple(one for one in rows(stores, viewer, SQL["figures"], Figure) if clear or one.name not in COST)


def days(stores: Stores, viewer: Viewer, since: date) -> tuple[Day, ...]:
    """The figures day by day since then, for whoever sees them at all."""
    clear = viewer.sees(DataClass.LABOUR_RATE)
    found = rows(stores, viewer, SQL["days"], Day, since=since.isoformat())
    return tuple(one for one in found if clear or one.name not in COST)
