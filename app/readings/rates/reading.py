"""Exchange rates and targets: of the whole firm, so every viewer reads all of them."""

from __future__ import annotations

from pathlib import Path

from app.readings.rates.rows import Rate, Target
from app.readings.reading import rows
from app.readings.stores import Stores
from app.readings.viewer import Viewer
from models.sql_statements import statements

SQL = statements(Path(__file__).with_name("rates.sql"))


def rates(stores: Stores, viewer: Viewer) -> tuple[Rate, ...]:
    """Each currency's rate, by currency."""
    return rows(stores, viewer, SQL["rates"], Rate)


def targets(stores: Stores, viewer: Viewer) -> tuple[Target, ...]:
    """Each figure that has a target, by name."""
    return rows(stores, viewer, SQL["targets"], Target)
