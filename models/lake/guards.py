"""Triggers in the lake's catalogue that refuse DELETE, UPDATE, TRUNCATE and DROP, while appends and maintenance work.

DuckLake takes rows away by a delete file or by ending a data file or a table; merging does neither. Whoever can open
the catalogue outside DuckLake can drop a trigger too, so this stops mistakes and `verify` finds the rest.
Run as a program on a SQLite catalogue: a second SQLite library in the writer's process would drop its locks.
"""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

GUARDS = {
    "tieout_no_delete": ("INSERT", "ducklake_delete_file", "1"),
    "tieout_no_truncate": ("UPDATE", "ducklake_data_file", "NEW.end_snapshot IS NOT NULL"),
    "tieout_no_drop": ("UPDATE", "ducklake_table", "NEW.end_snapshot IS NOT NULL"),
    "tieout_no_column_drop": ("UPDATE", "ducklake_column", "NEW.end_snapshot IS NOT NULL"),
    "tieout_no_inlined_delete": ("INSERT", "ducklake_inlined_data_tables", "1"),
}
"""Trigger name -> (what it stops, on which table of the catalogue, when)."""

MESSAGE = "the audit lake only grows: rows cannot be changed or removed; correct a fact with a new record"


def install_sqlite(path: Path) -> None:
    """Put the guards on a SQLite catalogue, from a process of its own. Raises RuntimeError with what went wrong."""
    done = subprocess.run([sys.executable, "-I", __file__, str(path)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"the guards of the audit lake could not be put on {path}: {done.stderr.strip()[-400:]}")


def install_postgres(address: str) -> None:
    """Put the guards on a PostgreSQL catalogue."""
    import psycopg

    with psycopg.connect(address) as connection:
        connection.execute(
            "CREATE OR REPLACE FUNCTION tieout_refuse() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION '{MESSAGE}'; END $$"
        )
        for name, (event, table, condition) in GUARDS.items():
            when = "true" if condition == "1" else condition
            connection.execute(
                f"CREATE OR REPLACE TRIGGER {name} BEFORE {event} ON {table} "
                f"FOR EACH ROW WHEN ({when}) EXECUTE FUNCTION tieout_refuse()"
            )


def missing_on_postgres(address: str) -> set[str]:
    """Guards that a PostgreSQL catalogue lacks or has switched off."""
    import psycopg

    with psycopg.connect(address) as connection:
        rows = connection.execute(
            "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled IN ('O', 'A')"
        ).fetchall()
    return set(GUARDS) - {name for (name,) in rows}


def main() -> None:
    """Put the guards on the SQLite catalogue named on the command line."""
    connection = sqlite3.connect(sys.argv[1], timeout=30, isolation_level=None)
    for name, (event, table, condition) in GUARDS.items():
        connection.execute(
            f"CREATE TRIGGER IF NOT EXISTS {name} BEFORE {event} ON {table} WHEN {condition} "
            f"BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END"
        )
    connection.close()


if __name__ == "__main__":
    main()
