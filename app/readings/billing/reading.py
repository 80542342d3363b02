"""What can be invoiced and what holds up the rest: one state and one primary reason per amount (O3).

`firms` are legal entities a viewer chose to look at among those they may see; none means all of these.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from app.readings.billing.rows import Age, Firm, Part, State, Unbilled
from app.readings.page import Page
from app.readings.reading import rows
from app.readings.stores import Stores
from app.readings.viewer import Viewer
from models.sql_statements import statements

SQL = statements(Path(__file__).with_name("billing.sql"))
DIMENSIONS = ("customer", "project", "legal_entity", "service_line")


def states(stores: Stores, viewer: Viewer, firms: Sequence[str] = ()) -> tuple[State, ...]:
    """Work by state and reason, the most money first."""
    return rows(stores, viewer.among(firms), SQL["states"], State)


def ages(stores: Stores, viewer: Viewer, firms: Sequence[str] = ()) -> tuple[Age, ...]:
    """Unbilled work by its age and state."""
    return rows(stores, viewer.among(firms), SQL["ages"], Age)


def parts(stores: Stores, viewer: Viewer, dimension: str, firms: Sequence[str] = ()) -> tuple[Part, ...]:
    """Work by one of DIMENSIONS and state."""
    return rows(stores, viewer.among(firms), SQL[f"by_{dimension}"], Part)


def firms(stores: Stores, viewer: Viewer) -> tuple[str, ...]:
    """The legal entities that have work, by name."""
    return tuple(row.legal_entity for row in rows(stores, viewer, SQL["firms"], Firm))


def unbilled(
    stores: Stores, viewer: Viewer, firms: Sequence[str] = (), page: Page = Page(200_000)
) -> tuple[Unbilled, ...]:
    """Items that are on no invoice, the most valuable first."""
    asked = {"limit": page.size, "offset": page.offset}
    return rows(stores, viewer.among(firms), SQL["unbilled"], Unbilled, **asked)
