"""The SHA-256 of every data file, so that `verify` notices any changed byte, in a footer or a Bloom filter too.

It lies beside a SQLite catalogue (`manifest.sqlite`) or in the PostgreSQL catalogue's database (`tieout_file`). An
entry is durable before the lake's commit that brings the file, so a file of the lake without an entry is never honest.
It needs no guard of its own: rows are held by their seals.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import sqlalchemy as sa

from models.lake.connection import BUSY_MILLISECONDS
from models.lake.places import catalogue
from models.lake.sealed_place import openable
from models.postgres_session import looked_after_address
from models.settings import Settings

_METADATA = sa.MetaData()
FILE = sa.Table(
    "tieout_file",
    _METADATA,
    sa.Column("path", sa.Text, primary_key=True),
    sa.Column("table_name", sa.Text, nullable=False),
    sa.Column("sha256", sa.Text, nullable=False),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("first_batch", sa.BigInteger),
    sa.Column("last_batch", sa.BigInteger),
    sa.Column("entered", sa.BigInteger, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One data file: path below the data folder, digest in hex, bytes, the batches it holds (None for checkpoints)."""

    path: str
    table_name: str
    sha256: str
    size: int
    first_batch: int | None
    last_batch: int | None


class Manifest:
    """Entries by path. Times of entry are wall seconds since 1970."""

    def __init__(self, settings: Settings, create: bool = False) -> None:
        self._engine = _engine(settings, create)
        if create:
            _METADATA.create_all(self._engine)

    def enter(self, entries: Sequence[Entry]) -> None:
        """Keep `entries`, durable on return."""
        rows = [{**asdict(entry), "entered": int(time.time())} for entry in entries]
        with self._engine.begin() as connection:
            connection.execute(sa.delete(FILE).where(FILE.c.path.in_([entry.path for entry in entries])))
            connection.execute(sa.insert(FILE), rows)

    def forget(self, paths: Iterable[str]) -> None:
        """Drop the entries of files that maintenance removed."""
        gone = list(paths)
        with self._engine.begin() as connection:
            for start in range(0, len(gone), 500):
                connection.execute(sa.delete(FILE).where(FILE.c.path.in_(gone[start : start + 500])))

    def entries(self) -> dict[str, Entry]:
        """Every entry by its path; empty where no writer ever ran."""
        path = self._engine.url.database
        if self._engine.dialect.name == "sqlite" and not (path and Path(path).exists()):
            return {}
        if not sa.inspect(self._engine).has_table(FILE.name):
            return {}
        columns = [FILE.c[name] for name in Entry.__slots__]
        with self._engine.connect() as connection:
            return {row.path: Entry(*row) for row in connection.execute(sa.select(*columns))}

    def older_than(self, seconds: float) -> set[str]:
        """Paths entered at least `seconds` ago."""
        with self._engine.connect() as connection:
            return set(
                connection.execute(sa.select(FILE.c.path).where(FILE.c.entered < time.time() - seconds)).scalars()
            )

    def close(self) -> None:
        self._engine.dispose()


def _engine(settings: Settings, write: bool) -> sa.Engine:
    kind, _, address = catalogue(settings.lake_catalog_address).partition(":")
    if kind == "postgres":
        looked_after = postgres_url(looked_after_address(address))
        return sa.create_engine(looked_after, pool_size=1, pool_pre_ping=True)
    path = Path(address).parent / "manifest.sqlite"
    path = path if write else openable(path)
    engine = sa.create_engine(
        f"sqlite:///{path}", connect_args={"timeout": BUSY_MILLISECONDS / 1000, "check_same_thread": False}
    )
    if write:
        sa.event.listen(engine, "connect", _durable)
    return engine


def _durable(connection: object, _: object) -> None:
    cursor = connection.cursor()  # type: ignore[attr-defined]
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.close()


def postgres_url(address: str) -> str | sa.URL:
    """A libpq connection string or URL as SQLAlchemy wants it."""
    if "://" in address:
        return "postgresql+psycopg://" + address.partition("://")[2]
    from psycopg.conninfo import conninfo_to_dict

    return sa.URL.create(
        "postgresql+psycopg", query={name: str(value) for name, value in conninfo_to_dict(address).items()}
    )
