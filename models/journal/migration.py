"""Brings a journal to this release's schema (Alembic), one process at a time."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from models.domain.errors import Misconfigured

_LOCK = 0x71E0_0003


def migrate(engine: sa.Engine) -> None:
    """Apply every migration that is missing, all or nothing; at the newest schema it only looks.

    Raises Misconfigured for a journal that a newer release has migrated.
    """
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
        present, known = MigrationContext.configure(connection).get_current_revision(), _known()
        if present == known[0]:
            return
        if present is not None and present not in known:
            raise Misconfigured(
                f"the journal is at schema {present}, this release knows up to {known[0]}: run a newer release"
            )
        command.upgrade(alembic_config(connection), "head")


@cache
def _known() -> tuple[str, ...]:
    """The schemas of this release, the newest first; kept, since Alembic runs every migration's file to tell."""
    script = ScriptDirectory.from_config(_config())
    return tuple(revision.revision for revision in script.walk_revisions())


def alembic_config(connection: sa.Connection) -> Config:
    """Alembic's configuration without a file, for a connection that is in a transaction already."""
    config = _config()
    config.attributes["connection"] = connection
    return config


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")))
    return config
