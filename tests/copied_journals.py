"""A new SQLite journal in a test is a copy of one that every migration made: making each anew takes a fifth of a
second, a thousand times. What migrations do is shown where they are called by themselves, and in every other process.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from functools import cache

import pytest
import sqlalchemy as sa
from sqlalchemy.pool import StaticPool

from models.journal.migration import migrate
from models.journal.ports import opening


@pytest.fixture(autouse=True, scope="session")
def journals_are_copied() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(opening, "migrate", _copied)
        yield


def _copied(engine: sa.Engine) -> None:
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            empty = not connection.exec_driver_sql("SELECT count(*) FROM sqlite_master").scalar()
            if empty:
                raw = connection.connection.driver_connection
                assert isinstance(raw, sqlite3.Connection)
                connection.rollback()
                _migrated().backup(raw)
    migrate(engine)


@cache
def _migrated() -> sqlite3.Connection:
    engine = sa.create_engine("sqlite://", poolclass=StaticPool)
    migrate(engine)
    raw = engine.raw_connection().driver_connection
    assert isinstance(raw, sqlite3.Connection)
    return raw
