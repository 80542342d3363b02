"""What each connected system is for."""

from __future__ import annotations

from pathlib import Path

from app.readings.reading import rows
from app.readings.stores import Stores
from app.readings.systems.rows import Playing
from app.readings.viewer import Viewer
from models.domain.team import Teams
from models.sql_statements import statements

SQL = statements(Path(__file__).with_name("systems.sql"))


def roles(stores: Stores, viewer: Viewer) -> dict[str, str]:
    """The role of each system, by its name."""
    return {row.system: row.role for row in rows(stores, viewer, SQL["roles"], Playing)}


def teams(stores: Stores, viewer: Viewer) -> Teams:
    """The teams behind owners, as the catalogue names them and with the role that each system plays."""
    return stores.catalogue.teams.playing(roles(stores, viewer))
