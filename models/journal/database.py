"""Opens the journal's database, SQLite or PostgreSQL, so that the same code writes to both.

SQLite: WAL, synchronous=FULL, 30 s busy timeout, and every transaction that may write begins IMMEDIATE, since a
deferred one that turns to writing late fails at once when another writer was quicker.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from models.domain.errors import Misconfigured
from models.postgres_session import SHORT, looked_after

_READ = "journal_reads"


def open_database(url: str, read_only: bool = False) -> sa.Engine:
    """An engine for the journal at a SQLAlchemy URL; creates the folder of an SQLite file. With `read_only` the
    database refuses a write on its connections.

    Raises Misconfigured for another kind of database.
    """
    address = sa.make_url(url)
    if address.get_backend_name() == "postgresql":
        engine = sa.create_engine(
            address.set(drivername="postgresql+psycopg"),
            pool_size=10,
            max_overflow=20,
            pool_pre_ping=True,  # a session that was cut while it rested costs nobody an error
            hide_parameters=True,
            connect_args=looked_after({name: str(value) for name, value in address.query.items()}, SHORT),
        )
        if read_only:
            sa.event.listen(engine, "connect", _only_reading)
        return engine
    if address.get_backend_name() != "sqlite" or not address.database:
        shown = address.render_as_string(hide_password=True)
        raise Misconfigured(
            f"TIEOUT_JOURNAL_URL is {shown!r}: give sqlite:///path/journal.sqlite or postgresql://user@host/database"
        )
    Path(address.database).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    engine = sa.create_engine(
        address,
        connect_args={"timeout": 30, "cached_statements": 512},
        pool_size=10,
        max_overflow=20,
        hide_parameters=True,  # what is refused would stand in every log and answer with all it holds
    )
    sa.event.listen(engine, "connect", _prepared)
    if read_only:
        sa.event.listen(engine, "connect", lambda raw, _: raw.execute("PRAGMA query_only=ON"))
    sa.event.listen(engine, "begin", _begun)
    return engine


@contextmanager
def reading(engine: sa.Engine) -> Iterator[sa.Connection]:
    """A connection that only reads and never waits for a writer."""
    with engine.connect().execution_options(**{_READ: True}) as connection:
        yield connection


def wall_now(connection: sa.Connection) -> int:
    """The database's wall time in microseconds since 1970: leases never depend on a worker's clock."""
    if connection.dialect.name == "postgresql":
        statement = "select cast(extract(epoch from clock_timestamp()) * 1000000 as bigint)"
    else:
        statement = "select cast((julianday('now') - 2440587.5) * 86400000000 as integer)"
    return int(connection.exec_driver_sql(statement).scalar_one())


def _prepared(raw: Any, _record: Any) -> None:
    raw.isolation_level = None
    for pragma in (
        "busy_timeout=30000",
        "journal_mode=WAL",
        "synchronous=FULL",
        "temp_store=MEMORY",
        "cache_size=-16000",
    ):
        raw.execute(f"PRAGMA {pragma}")


def _only_reading(raw: Any, _record: Any) -> None:
    raw.read_only = True


def _begun(connection: sa.Connection) -> None:
    connection.exec_driver_sql("BEGIN" if connection.get_execution_options().get(_READ) else "BEGIN IMMEDIATE")
