"""What was derived put where readers ask: each mart whose content differs, all in one transaction; and what no reader
can still be at, let go of.
"""

from __future__ import annotations

import time

import duckdb

from models.derivation.deriving import Moved
from models.derivation.replacing import replace
from models.marts.definitions import published
from models.marts.table import Table

SWEEP_SECONDS = 60
KEPT_SECONDS = 180
"""How long a replaced version of a mart stays readable: far longer than any query of the console."""


def swap(connection: duckdb.DuckDBPyConnection, moved: Moved) -> bool:
    """Put the marts that differ from what readers have in place, in one transaction; whether a table is new."""
    connection.execute("CREATE TABLE IF NOT EXISTS derived.state.version (name VARCHAR, version BIGINT)")
    have = dict(connection.execute("SELECT name, version FROM derived.state.version").fetchall())
    standing = set(have) or set(tables(connection))  # what was put once stands: looking opens every table of the store
    versions = {name: moved.versions[one.name] for name, one in published().items()}
    changed = {name for name, (_, now) in versions.items() if name not in standing or have.get(name) != now}
    if changed:
        connection.execute("BEGIN")
        try:
            for name in sorted(changed):
                one = published()[name]
                known = one.name in moved.rows and name in standing and have.get(name) == versions[name][0]
                _put(connection, name, one, known, one.name in moved.parts)
            connection.execute("COMMIT")
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        replace(connection, "derived.state.version", [(name, now) for name, (_, now) in versions.items()])
    return bool(changed - standing)


def _put(connection: duckdb.DuckDBPyConnection, name: str, one: Table, known: bool, at_hand: bool) -> None:
    """The whole of a mart, or of a large one of which it is known the rows that are others; what stands now under their
    values may be `at_hand`.
    """
    if not (known and one.granule):
        # Replacing the table touches only the catalogue: no scan of the old files, which need not even be there.
        connection.execute(f'CREATE OR REPLACE TABLE marts.main."{name}" AS SELECT * FROM derived.state."{one.name}"')
        return
    value = f"{one.granule} AS v"
    moved = f"SELECT {value} FROM derived.gone.{one.name} UNION SELECT {value} FROM derived.come.{one.name}"
    connection.execute(
        f'DELETE FROM marts.main."{name}" t USING ({moved}) m WHERE m.v IS NOT DISTINCT FROM t.{one.granule}'
    )
    stands = f"derived.now.{one.name}"
    if not at_hand:
        stands = (
            f'(SELECT t.* FROM derived.state."{one.name}" t '
            f"SEMI JOIN ({moved}) m ON m.v IS NOT DISTINCT FROM t.{one.granule})"
        )
    connection.execute(f'INSERT INTO marts.main."{name}" FROM {stands}')


def sweep(connection: duckdb.DuckDBPyConnection) -> None:
    """Now and then let go of versions and files of marts that no reader can still be at, so that the folder does not
    grow.
    """
    if databases(connection).get("marts") != "ducklake":
        return
    connection.execute("CREATE TABLE IF NOT EXISTS derived.state.swept (seconds DOUBLE)")
    last = connection.execute("SELECT max(seconds) FROM derived.state.swept").fetchone()
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
    connection.execute("DELETE FROM derived.state.swept")
    connection.execute("INSERT INTO derived.state.swept VALUES (?)", [time.monotonic()])


def databases(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """Kind of each attached database by its name."""
    return dict(connection.execute("SELECT database_name, type FROM duckdb_databases()").fetchall())


def tables(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """The marts that readers have."""
    found = connection.execute(
        "SELECT table_name FROM duckdb_tables() "
        "WHERE database_name = 'marts' AND table_name LIKE 'mart\\_%' ESCAPE '\\'"
    )
    return [name for (name,) in found.fetchall()]
