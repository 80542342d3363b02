"""Alembic's entry: runs migrations on the connection that `models.journal.migration` hands over."""

from __future__ import annotations

from alembic import context

from models.journal import tables
from models.journal.cases import tables as case_tables
from models.journal.metadata import metadata

assert tables.run.metadata is metadata and case_tables.case_.metadata is metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, transactional_ddl=True)
context.run_migrations()
