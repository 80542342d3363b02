"""What PSA and ERP differ by on a project's margin, down to the records (X6)."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from app.readings.margin.rows import Gap, GapRecord
from app.readings.page import Page
from app.readings.reading import rows
from app.readings.stores import Stores
from app.readings.viewer import Viewer
from models.sql_statements import statements

SQL = statements(Path(__file__).with_name("gap.sql"))


def gaps(stores: Stores, viewer: Viewer, since: date) -> tuple[Gap, ...]:
    """What the difference on each project is made of since the month that begins then."""
    return rows(stores, viewer, SQL["gaps"], Gap, since=since.isoformat())


def records(stores: Stores, viewer: Viewer, since: date, project: str, page: Page = Page(15)) -> tuple[GapRecord, ...]:
    """The records behind one project's difference, those that make the most of it first."""
    asked = {"since": since.isoformat(), "project": project, "limit": page.size, "offset": page.offset}
    return rows(stores, viewer, SQL["records"], GapRecord, **asked)
