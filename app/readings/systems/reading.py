"""What each connected system is for."""

from __future__ import annotations

from pathlib import Path

from app.readings.reading import rows
from app.readings.stores import Stores
from app.readings.systems.rows import Playing, ReadUntil, Stale
from app.readings.viewer import Viewer
from models.domain.explanations import explain
from models.domain.team import Teams
from models.sql_statements import statements

SQL = statements(Path(__file__).with_name("systems.sql"))


def roles(stores: Stores, viewer: Viewer) -> dict[str, str]:
    """The role of each system, by its name."""
    return {row.system: row.role for row in rows(stores, viewer, SQL["roles"], Playing)}


def teams(stores: Stores, viewer: Viewer) -> Teams:
    """The teams behind owners, as the catalogue names them and with the role that each system plays."""
    return stores.catalogue.teams.playing(roles(stores, viewer))


def read_until(stores: Stores, viewer: Viewer) -> tuple[ReadUntil, ...]:
    """Up to when each system was read, the oldest first: figures are as of that one."""
    return rows(stores, viewer, SQL["read"], ReadUntil)


def stale(stores: Stores, viewer: Viewer | None = None) -> tuple[Stale, ...]:
    """Everything that is read and is older than its system's policy allows; the same for all viewers."""
    del viewer
    mend, look = explain("stale-stream").next_action, "See that an engine runs: `tieout doctor`."
    return tuple(
        Stale(state.system, state.name, state.read_at, state.error, mend if state.error else look)
        for state in stores.journal.freshness.stale(stores.catalogue.reading_levels)
    )
