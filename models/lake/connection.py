"""DuckDB connections to the audit lake, the marts and the journal; no other module attaches a store.

SQLite counts its locks per process and per copy of its library, and DuckDB brings its own copy. So a file that
DuckDB has attached must not be open through Python's `sqlite3` in the same process: closing one would drop the
locks of the other. `reader.open_reader` therefore works in a process of its own.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any, Literal
from uuid import uuid4

import duckdb

from models.domain.errors import Misconfigured
from models.lake import extensions, object_storage
from models.lake.places import catalogue, journal_file, lake_data, marts_catalogue, marts_data, quoted
from models.lake.publish import publish
from models.lake.sealed_place import openable, spill_folder
from models.postgres_session import looked_after_address
from models.settings import Settings

BUSY_MILLISECONDS = 30_000
DERIVED_BLOCK = 16_384
"""Bytes. Only whole blocks can leave memory before they are settled, and most columns of most tables are small."""
UNSETTLED_MIB = 40

_NOT_THERE = (
    "does not exist",
    "not a DuckLake",
    "no such table",
    "creating a new DuckLake is explicitly disabled",
    "Existing DuckLake",
)


def connect(
    settings: Settings,
    *,
    write: bool = False,
    marts: Literal["read", "write"] = "read",
    memory_mib: int = 256,
    threads: int = 2,
    as_of: datetime | None = None,
) -> duckdb.DuckDBPyConnection:
    """A connection with the stores that exist attached as `lake`, `marts` and `journal`, and every public name as a
    view.

    `write` attaches the lake for its one writer and `marts="write"` creates the marts; all else is read-only. Names of
    stores that do not exist yet answer no rows. Sessions run in UTC. Raises Misconfigured when an address cannot work.
    """
    connection = open_engine(settings, memory_mib=memory_mib, threads=threads)
    attach_missing(connection, settings, write=write, marts=marts)
    publish(connection, as_of)
    return connection


def open_engine(settings: Settings, *, memory_mib: int, threads: int) -> duckdb.DuckDBPyConnection:
    """DuckDB in memory, in UTC, with the extensions that these settings need."""
    spill = str(spill_folder(settings.home.absolute()))
    connection = plain_engine(spill, memory_mib=memory_mib, threads=threads, unsigned=True)
    extensions.load(connection, settings)
    object_storage.configure(connection, settings)
    return connection


def plain_engine(spill: str, *, memory_mib: int, threads: int, unsigned: bool = False) -> duckdb.DuckDBPyConnection:
    """DuckDB in memory, in UTC, as it comes; what memory does not hold goes to the folder `spill`. `unsigned` is for
    who has held extensions to their signatures already.
    """
    connection = duckdb.connect(
        config={
            "memory_limit": f"{memory_mib}MiB",
            "threads": threads,
            "temp_directory": spill,
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "allow_unsigned_extensions": unsigned,
            "preserve_insertion_order": False,
            "python_enable_replacements": False,
        }
    )
    connection.execute("SET TimeZone = 'UTC'")
    return connection


def attach_missing(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    *,
    write: bool = False,
    marts: Literal["read", "write"] = "read",
) -> None:
    """Attach the stores that exist by now and are not attached yet."""
    have = attached(connection)
    if "lake" not in have:
        _attach_lake(connection, "lake", settings.lake_catalog_address, lake_data(settings), write)
    if "marts" not in have and marts == "write":
        attach_derived(connection, spill_folder(settings.home.absolute()))
    if "marts" not in have:
        _attach_lake(connection, "marts", marts_catalogue(settings), marts_data(settings), marts == "write")
    if "journal" not in have:
        attach_journal(connection, settings)


def open_lake(
    settings: Settings, *, write: bool = False, memory_mib: int = 256, threads: int = 2
) -> duckdb.DuckDBPyConnection:
    """A connection with the audit lake alone, as `lake`; nothing attached where there is none and no `write`."""
    connection = open_engine(settings, memory_mib=memory_mib, threads=threads)
    _attach_lake(connection, "lake", settings.lake_catalog_address, lake_data(settings), write)
    return connection


def attach_derived(connection: duckdb.DuckDBPyConnection, folder: Path | None = None) -> None:
    """A database of this connection alone as `derived`, unless it is there; without a folder in memory.

    In a file what was derived is compressed and leaves memory when other things need it. The file has no name as soon
    as it is open and no log, so nothing of it outlives the process: it can be derived again.
    """
    if connection.execute("FROM duckdb_databases() WHERE database_name = 'derived'").fetchone():
        return
    # Few rows that a join looks for by where they lie are read without what lies between them.
    connection.execute("SET dynamic_or_filter_threshold = 10000")
    if folder is None:
        connection.execute("ATTACH ':memory:' AS derived")
        return
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"derived-{uuid4().hex}"
    connection.execute(
        f"ATTACH {quoted(str(file))} AS derived (RECOVERY_MODE NO_WAL_WRITES, BLOCK_SIZE {DERIVED_BLOCK})"
    )
    file.unlink()
    connection.execute("SET checkpoint_threshold = '1TB'")  # when it is settled is ours to say


def settle_derived(connection: duckdb.DuckDBPyConnection) -> None:
    """Let the memory of what was derived go to its file, compressed and without what was deleted, once it is much."""
    sql = "SELECT sum(memory_usage_bytes) FROM duckdb_memory() WHERE tag IN ('IN_MEMORY_TABLE', 'OVERFLOW_STRINGS')"
    (held,) = connection.execute(sql).fetchone() or (0,)
    if (held or 0) > UNSETTLED_MIB * 2**20:
        connection.execute("CHECKPOINT derived")


def attached(connection: duckdb.DuckDBPyConnection) -> set[str]:
    """Which of lake, marts and journal are attached."""
    rows = connection.execute("SELECT database_name FROM duckdb_databases()").fetchall()
    return {name for (name,) in rows} & {"lake", "marts", "journal"}


def _attach_lake(connection: duckdb.DuckDBPyConnection, name: str, address: str, data: str, write: bool) -> None:
    place = catalogue(address)
    kind, _, path = place.partition(":")
    if kind == "sqlite" and not write and not Path(path).exists():
        return
    if write and kind == "sqlite":
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    if write and "://" not in data:
        Path(data).mkdir(parents=True, exist_ok=True)
    # The data path is handed over each time because DuckLake keeps an absolute one, and a copied home lies elsewhere.
    options = [
        f"DATA_PATH {quoted(data + '/')}",
        "OVERRIDE_DATA_PATH true",
        "DATA_INLINING_ROW_LIMIT 0",
        "AUTOMATIC_MIGRATION false",
    ]
    if kind == "sqlite":
        options.append(f"META_BUSY_TIMEOUT {BUSY_MILLISECONDS}")
    if kind == "sqlite" and write:
        options.append("META_JOURNAL_MODE 'WAL'")
    if not write:
        options += ["READ_ONLY", "CREATE_IF_NOT_EXISTS false"]
    if not write and kind == "sqlite":
        place = f"sqlite:{openable(Path(path))}"
    if kind == "postgres":
        place = f"postgres:{looked_after_address(path)}"
    try:
        connection.execute(f"ATTACH {quoted('ducklake:' + place)} AS {name} ({', '.join(options)})")
    except duckdb.Error as error:
        if not write and any(sign in str(error) for sign in _NOT_THERE):
            return
        raise Misconfigured(
            f"the {name} catalogue at {_without_secrets(place)} cannot be opened: {_without_secrets(str(error))}. "
            "Check TIEOUT_LAKE_CATALOG, TIEOUT_LAKE_DATA and who may read and write them"
        ) from error


def attach_journal(connection: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Attach the journal read-only, as `journal`, where there is one. Raises Misconfigured where it cannot be read."""
    file = journal_file(settings)
    if file is not None:
        if file.exists():
            place = quoted(str(openable(file)))
            connection.execute(f"ATTACH {place} AS journal (TYPE sqlite, READ_ONLY, BUSY_TIMEOUT {BUSY_MILLISECONDS})")
        return
    url = settings.journal_address
    try:
        address = "postgresql://" + url.partition("://")[2]
        connection.execute(f"ATTACH {quoted(address)} AS journal (TYPE postgres, READ_ONLY)")
    except duckdb.Error as error:
        raise Misconfigured(
            f"the journal at {_without_secrets(url)} cannot be read: {_without_secrets(str(error))}. "
            "Check TIEOUT_JOURNAL_URL"
        ) from None


def _without_secrets(text: str) -> Any:
    return object_storage.PASSWORDS.sub(r"\1…", text)
