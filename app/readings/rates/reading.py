"""Exchange rates, and the firm's figures beside their targets: every viewer reads them, but for figures in money."""

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
    """The figures of the whole firm, by name; those in money only for who is limited to no legal entity."""
    return rows(stores, viewer, SQL["targets"], Target)
