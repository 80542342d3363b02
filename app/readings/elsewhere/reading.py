"""Flows that others run: each with its owner and promise, and their runs as rules read them (C9)."""

from __future__ import annotations

from pathlib import Path

from app.readings.elsewhere.rows import ForeignFlow, ForeignRun
from app.readings.reading import rows
from app.readings.stores import Stores
from app.readings.viewer import Viewer
from models.sql_statements import statements

SQL = statements(Path(__file__).with_name("elsewhere.sql"))


def flows(stores: Stores, viewer: Viewer) -> tuple[ForeignFlow, ...]:
    """Each flow of which anything was read, by name."""
    return rows(stores, viewer, SQL["flows"], ForeignFlow)


def runs(stores: Stores, viewer: Viewer) -> tuple[ForeignRun, ...]:
    """Their runs, those that were heard of last first, at most 200."""
    return rows(stores, viewer, SQL["runs"], ForeignRun)
