"""What projects earn against what was sold, and where PSA and ERP disagree on it (O4)."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from app.readings.margin.rows import Month, Project
from app.readings.reading import rows
from app.readings.stores import Stores
from app.readings.viewer import Viewer
from models.sql_statements import statements

SQL = statements(Path(__file__).with_name("margin.sql"))


def projects(stores: Stores, viewer: Viewer, since: date) -> tuple[Project, ...]:
    """Each project with work since the month that begins then, the most revenue first."""
    return rows(stores, viewer, SQL["projects"], Project, since=since.isoformat())


def months(stores: Stores, viewer: Viewer, since: date) -> tuple[Month, ...]:
    """Each month since then, in order."""
    return rows(stores, viewer, SQL["months"], Month, since=since.isoformat())
