"""Rebuilds the marts from the audit lake and the journal: set-based, swapped in one transaction, never under a reader's
feet.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from types import MappingProxyType

import duckdb

from models.catalogue import Books, load_catalogue
from models.derivation import state
from models.domain.clock import Clock
from models.domain.errors import Misconfigured
from models.domain.flow_names import TIME_TO_BILL
from models.lake.connection import connect
from models.lake.publish import publish
from models.lake.steady import StandingFiles, steadily
from models.marts.definitions import marts, published
from models.settings import Settings

IDLE_SECONDS = 30
"""How old the marts may get while nothing happens: ages and the oldest pending grow with the clock alone."""

SWEEP_SECONDS = 60
KEPT_SECONDS = 180
"""How long a replaced version of a mart stays readable: far longer than any query of the console."""

_BOOKS = Books()


def refresh(
    connection: duckdb.DuckDBPyConnection,
    reporting_currency: str,
    clock: Clock | None = None,
    service_levels: Mapping[str, float] = MappingProxyType({}),
    books: Books = _BOOKS,
) -> None:
    """Derive every mart as of now and publish those that changed, all or nothing. Safe to repeat.

    `connection` has the lake, the journal and the marts (for writing) attached and published; money is converted into
    `reporting_currency`, `service_levels` are the seconds each flow may take, `books` say whose days and how old a rate
    may be. Without a clock "now" is the newest moment in the lake. Raises Misconfigured when the marts cannot be
    written.
    """
    if "marts" not in _databases(connection):
        raise Misconfigured('the marts are not attached: open the connection with connect(settings, marts="write")')
    state.make(connection)
    seen = _seen(connection)
    if not _due(connection, seen):
        return
    steadily(connection, lambda: _derive(connection, reporting_currency, clock, service_levels, books))
    if _swap(connection):
        publish(connection)
    _sweep(connection)
    connection.execute("DELETE FROM memory.state.seen")
    connection.execute("INSERT INTO memory.state.seen VALUES (?, ?)", [seen, time.monotonic()])


def _derive(
    connection: duckdb.DuckDBPyConnection,
    currency: str,
    clock: Clock | None,
    service_levels: Mapping[str, float],
    books: Books,
) -> None:
    """Derive every mart in memory, all from one snapshot of the lake. Raises Overtaken, and keeps nothing, when a merge
    hid rows.
    """
    files = StandingFiles(connection)
    connection.execute("BEGIN")
    try:
        mark, top = state.catch_up(connection)
        now = clock.now() if clock else _newest(connection)
        for mart in marts():
            for sql in mart.statements.values():
                bound = _bound(sql.replace("{columns}", mart.schema), currency, now, mark, service_levels)
                connection.execute(bound.replace("{rate_days}", str(books.rate_days)))
        files.check()
        state.keep(connection, top)
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise


def _seen(connection: duckdb.DuckDBPyConnection) -> str:
    """How far the lake and the journal are."""
    return str(
        connection.execute(
            "SELECT (SELECT max(batch_id) FROM observations), (SELECT max(batch_id) FROM records), "
            "(SELECT (count(*), epoch_us(max(updated_at))) FROM runs)"
        ).fetchone()
    )


def _due(connection: duckdb.DuckDBPyConnection, seen: str) -> bool:
    """Whether the lake or the journal has moved since the last refresh, or half a minute has passed and ages have
    grown.
    """
    connection.execute("CREATE TABLE IF NOT EXISTS memory.state.seen (what VARCHAR, seconds DOUBLE)")
    before = connection.execute("SELECT what, seconds FROM memory.state.seen").fetchone()
    return before is None or before[0] != seen or time.monotonic() - before[1] >= IDLE_SECONDS


def rebuild(settings: Settings) -> None:
    """Drop every mart and derive it anew from the audit lake and the journal."""
    catalogue = load_catalogue(settings)
    connection = connect(settings, marts="write")
    try:
        for name in _tables(connection):
            connection.execute(f'DROP TABLE marts.main."{name}"')
        refresh(
            connection,
            catalogue.reporting_currency,
            service_levels=catalogue.service_levels,
            books=catalogue.books,
        )
    finally:
        connection.close()


def _bound(sql: str, currency: str, now: datetime, mark: int, service_levels: Mapping[str, float]) -> str:
    moment = f"TIMESTAMPTZ '{now.astimezone(UTC).isoformat()}'"
    bound = sql.replace("{now}", moment).replace("{currency}", f"'{currency}'").replace("{mark}", str(mark))
    target = service_levels.get(TIME_TO_BILL)
    bound = bound.replace("{service_levels}", _levels(service_levels))
    return bound.replace("{lag_target}", "NULL" if target is None else f"{target:.1f}")


def _levels(service_levels: Mapping[str, float]) -> str:
    """What each flow promises, in seconds, as a table that SQL can ask."""
    rows = ", ".join(f"('{flow.replace(chr(39), chr(39) * 2)}', {at:.1f})" for flow, at in service_levels.items())
    return f"(VALUES {rows or '(NULL, NULL)'}) AS level(flow, seconds)"


def _newest(connection: duckdb.DuckDBPyConnection) -> datetime:
    """The newest world time in the lake; the present where the lake is empty."""
    found = state.rows(
        connection,
        "SELECT greatest((SELECT max(observed_at) FROM observations), (SELECT max(occurred_at) FROM records)) AS at",
    )[0]["at"]
    return found if isinstance(found, datetime) else datetime.now(UTC)


def _swap(connection: duckdb.DuckDBPyConnection) -> bool:
    """Put the marts whose content differs from what readers have in place, in one transaction; whether a table is
    new.
    """
    connection.execute("CREATE TABLE IF NOT EXISTS memory.state.version (name VARCHAR, version VARCHAR)")
    have = dict(connection.execute("SELECT name, version FROM memory.state.version").fetchall())
    standing = set(_tables(connection))
    versions = dict(_versions(connection))
    changed = {
        name: one.name for name, one in published().items() if name not in standing or have.get(name) != versions[name]
    }
    if changed:
        connection.execute("BEGIN")
        try:
            for name, source in changed.items():
                # Replacing the table touches only the catalogue: no scan of the old files, which need not even be
                # there.
                connection.execute(
                    f'CREATE OR REPLACE TABLE marts.main."{name}" AS SELECT * FROM memory.state."{source}"'
                )
            connection.execute("COMMIT")
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        connection.execute("DELETE FROM memory.state.version")
        connection.executemany("INSERT INTO memory.state.version VALUES (?, ?)", list(versions.items()))
    return bool(changed.keys() - standing)


def _versions(connection: duckdb.DuckDBPyConnection) -> Iterator[tuple[str, str]]:
    """A digest of each derived table's columns and rows, whatever their order."""
    for name, one in published().items():
        row = connection.execute(
            f'SELECT count(*), sum(CAST(hash(t) AS HUGEINT)) FROM memory.state."{one.name}" t'
        ).fetchone()
        columns = connection.execute(
            "SELECT string_agg(column_name || data_type, ',' ORDER BY column_index) FROM duckdb_columns() "
            "WHERE database_name = 'memory' AND schema_name = 'state' AND table_name = ?",
            [one.name],
        ).fetchone()
        yield name, f"{row}{columns}"


def _sweep(connection: duckdb.DuckDBPyConnection) -> None:
    """Now and then let go of versions and files of marts that no reader can still be at, so that the folder does not
    grow.
    """
    if _databases(connection).get("marts") != "ducklake":
        return
    connection.execute("CREATE TABLE IF NOT EXISTS memory.state.swept (seconds DOUBLE)")
    last = connection.execute("SELECT max(seconds) FROM memory.state.swept").fetchone()
    if last and last[0] and time.monotonic() - last[0] < SWEEP_SECONDS:
        return
    # By ids and not by `older_than`: on a SQLite catalogue DuckLake 1.5.5 compares times as text and would keep nothing
    # of today.
    old = connection.execute(
        "SELECT snapshot_id FROM ducklake_snapshots('marts') "
        "WHERE epoch_us(snapshot_time) < epoch_us(now()) - ? ORDER BY ALL",
        [KEPT_SECONDS * 1_000_000],
    ).fetchall()[:-1]
    if old:
        versions = ", ".join(str(row[0]) for row in old)
        connection.execute(f"CALL ducklake_expire_snapshots('marts', versions => [{versions}])").to_arrow_table()
        # All of them: what no kept version needs has had its time, and marts can be made again.
        connection.execute("CALL ducklake_cleanup_old_files('marts', cleanup_all => true)").to_arrow_table()
    connection.execute("DELETE FROM memory.state.swept")
    connection.execute("INSERT INTO memory.state.swept VALUES (?)", [time.monotonic()])


def _databases(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    return dict(connection.execute("SELECT database_name, type FROM duckdb_databases()").fetchall())


def _tables(connection: duckdb.DuckDBPyConnection) -> list[str]:
    found = connection.execute(
        "SELECT table_name FROM duckdb_tables() "
        "WHERE database_name = 'marts' AND table_name LIKE 'mart\\_%' ESCAPE '\\'"
    )
    return [name for (name,) in found.fetchall()]
