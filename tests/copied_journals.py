"""A new SQLite journal in a test is a copy of one that every migration made: making each anew takes a fifth of a
second, a thousand times. What migrations do is shown where they are called by themselves, and in every other process.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from functools import cache
from typing import Any

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
            if not connection.exec_driver_sql("SELECT count(*) FROM sqlite_master").scalar():
                connection.rollback()
                _copy(_migrated(), connection.connection.driver_connection)
    migrate(engine)


def _copy(content: bytes, empty: Any) -> None:
    with closing(sqlite3.connect(":memory:")) as made:
        made.deserialize(content)
        made.backup(empty)


@cache
def _migrated() -> bytes:
    """A journal at this release's schema, as SQLite keeps it: a connection would belong to one thread."""
    engine = sa.create_engine("sqlite://", poolclass=StaticPool)
    migrate(engine)
    content: bytes = engine.raw_connection().driver_connection.serialize()  # type: ignore[union-attr]
    return content
