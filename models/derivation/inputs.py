"""How far the lake and the journal are, each input by a few numbers that differ once something came.

Asked every few seconds, so nothing here looks at rows where a store keeps a count of its own.
"""

from __future__ import annotations

from collections.abc import Mapping

import duckdb

from models.derivation.replacing import replace
from models.lake.journal_views import VIEWS
from models.lake.schema import TABLES

JOURNAL = frozenset(VIEWS)
"""The journal's names move together: every move of a run, a case or a request appends to its feed."""

UNFED = frozenset({"streams", "extracts", "calls"})
"""How far sources were read moves without a word in the feed: looked at when the marts have grown old."""

SHOWN = {"observations": frozenset({"extracts"})}
"""And what an input comes with: an object that was seen may be an extract's, which says how far its source was read."""

NAMES = frozenset(TABLES) | JOURNAL

TERMS = "terms"
"""Beside them: the currency and service levels of the last derivation."""

_LAKE = """
SELECT t.table_name, CAST(s.next_row_id AS VARCHAR)
FROM __ducklake_metadata_lake.ducklake_table_stats s
JOIN __ducklake_metadata_lake.ducklake_table t ON t.table_id = s.table_id
WHERE t.end_snapshot IS NULL
"""
_COUNTED = "SELECT CAST((count(*), max(batch_id)) AS VARCHAR) FROM {}"

# A position is given once and never again, so the last one given tells of every move, also when the feed was trimmed.
# PostgreSQL gives it before the move commits: how many pages wait, and up to where, tell of the commit.
_JOURNAL = {
    "sqlite": "SELECT * FROM sqlite_query('journal', 'SELECT seq FROM sqlite_sequence WHERE name = ''feed''')",
    "postgres": "SELECT CAST((a, b, c) AS VARCHAR) FROM postgres_query('journal', "
    "'SELECT pg_sequence_last_value(pg_get_serial_sequence(''feed'', ''position'')) AS a, count(*) AS b, "
    "max(position) AS c FROM feed')",
}
_MADE = """
CREATE SCHEMA IF NOT EXISTS derived.state;
CREATE TABLE IF NOT EXISTS derived.state.seen (name VARCHAR, mark VARCHAR, seconds DOUBLE);
"""
# A plain database keeps no count of its own.
_DIGEST = "(SELECT bit_xor(hash(r)) FROM {} r)"
_ROWS = f"SELECT CAST(({', '.join(_DIGEST.format(name) for name in sorted(JOURNAL - UNFED))}) AS VARCHAR)"


def look(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """How far each input is now, by its public name."""
    journal = _journal(connection)
    return {**_lake(connection), **dict.fromkeys(JOURNAL, journal)}


def came(seen: Mapping[str, str], before: Mapping[str, str], idle: bool) -> frozenset[str]:
    """The inputs to look at: those that are further than before, and those that may be without telling."""
    told = frozenset(name for name, at in seen.items() if before.get(name) != at)
    return told.union(*(SHOWN.get(name, ()) for name in told), UNFED if idle else ())


def kept(connection: duckdb.DuckDBPyConnection) -> tuple[dict[str, str], float]:
    """How far the last refresh of this connection was, and when, in seconds of the world; nothing before the first."""
    connection.execute(_MADE)
    rows = connection.execute("SELECT name, mark, seconds FROM derived.state.seen").fetchall()
    return {name: at for name, at, _ in rows}, max((row[2] for row in rows), default=0.0)


def keep(connection: duckdb.DuckDBPyConnection, seen: dict[str, str], seconds: float) -> None:
    """Everything up to here has reached the readers."""
    replace(connection, "derived.state.seen", [(name, at, seconds) for name, at in seen.items()])


def _lake(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    try:
        return {name: at for name, at in connection.execute(_LAKE).fetchall() if name in TABLES}
    except (duckdb.CatalogException, duckdb.BinderException):  # a plain database, or no lake yet
        return {name: str(connection.execute(_COUNTED.format(name)).fetchone()) for name in TABLES}


def _journal(connection: duckdb.DuckDBPyConnection) -> str:
    kind = connection.execute("SELECT type FROM duckdb_databases() WHERE database_name = 'journal'").fetchone()
    return str(connection.execute(_JOURNAL.get(kind[0] if kind else "", _ROWS)).fetchone())
