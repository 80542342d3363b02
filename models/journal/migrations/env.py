"""Alembic's entry: runs migrations on the connection that `models.journal.migration` hands over."""

from __future__ import annotations

from alembic import context

from models.journal import tables
from models.journal.cases import tables as case_tables
from models.journal.metadata import metadata
from models.journal.requests import tables as request_tables

assert {tables.run.metadata, case_tables.case_.metadata, request_tables.approval.metadata} == {metadata}

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, transactional_ddl=True)
context.run_migrations()
