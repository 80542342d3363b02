"""Why a project's margin erodes: forecast at completion, the bridge from the margin as sold, the entries behind it."""

from __future__ import annotations

from pathlib import Path

from app.readings.margin.rows import Entry, Forecast, Person
from app.readings.page import Page
from app.readings.reading import rows
from app.readings.stores import Stores
from app.readings.viewer import Viewer
from models.sql_statements import statements

SQL = statements(Path(__file__).with_name("erosion.sql"))


def forecasts(stores: Stores, viewer: Viewer) -> tuple[Forecast, ...]:
    """Each project with a budget and an estimate, the most money eroded first."""
    return rows(stores, viewer, SQL["forecasts"], Forecast)


def people(stores: Stores, viewer: Viewer, project: str) -> tuple[Person, ...]:
    """Who worked on a project at which rates, and what each cost its margin, the most first."""
    return rows(stores, viewer, SQL["people"], Person, project=project)


def entries(stores: Stores, viewer: Viewer, project: str, page: Page = Page(25)) -> tuple[Entry, ...]:
    """The entries of a project, those that cost its margin most first."""
    return rows(stores, viewer, SQL["entries"], Entry, project=project, limit=page.size, offset=page.offset)
