"""Brings a journal to this release's schema (Alembic), one process at a time."""

from __future__ import annotations

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
        config = alembic_config(connection)
        script = ScriptDirectory.from_config(config)
        present, newest = MigrationContext.configure(connection).get_current_revision(), script.get_current_head()
        if present == newest:
            return
        if present is not None and present not in {revision.revision for revision in script.walk_revisions()}:
            raise Misconfigured(
                f"the journal is at schema {present}, this release knows up to {newest}: run a newer release"
            )
        command.upgrade(config, "head")


def alembic_config(connection: sa.Connection) -> Config:
    """Alembic's configuration without a file, for a connection that is in a transaction already."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")))
    config.attributes["connection"] = connection
    return config
