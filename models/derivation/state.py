"""The latest observation of each object, parsed into typed tables in memory and kept up to date by what is new in the
lake.

An object is what a system's own id names. Its key, which joins systems, is a column: an object that gets another key
leaves nothing under the old one, and two objects of one system may have one key (a job and its copy).

The audit lake keeps every change; the marts ask what holds now. Of observations only the batches that came since the
last refresh are read, of the journal's runs those that are open, dead or a replay, by the journal's own indexes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from models.derivation.changes import COMPARED_ROWS, Changes
from models.derivation.clearing import clear
from models.derivation.cuts import ROWS
from models.keys.keyring import Keyring
from models.lake.journal_views import followed_runs
from models.marts.definitions import states
from models.marts.table import Table
from models.sql_statements import statements

STATE = Path(__file__).with_suffix(".sql")
"""How what is new is found; what becomes of it is in `models/marts/sql/state/`, one file per table."""

MANY, SHARE = 1_000, 0.05
"""When more objects than this, and than this share of all, are new, deriving everything anew is cheaper."""

_OBJECTS = "SELECT system, system_id FROM derived.state.{name}"
_RENAMED = (
    "SELECT i.system, i.system_id FROM derived.state.{name} i SEMI JOIN derived.state.renamed r "
    "ON r.system = i.system AND r.project_code = i.project_code"
)

_TAKEN_BACK = "just_taken_back"
_OF_RUNS = ("open_run", "sent_run", "replay_run")
OVERLAP = 8
"""Batches read again each time: on a PostgreSQL catalogue a lower number may commit a moment after a higher one."""


def rows(connection: duckdb.DuckDBPyConnection, sql: str, values: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    """The answer as dictionaries with aware times; by way of Arrow, since DuckDB's own fetch of a timestamptz needs
    pytz.
    """
    answer = connection.execute(sql, values) if values else connection.execute(sql)
    found: list[dict[str, Any]] = answer.to_arrow_table().to_pylist()
    return found


def make(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the state's tables where they are missing."""
    for name, sql in statements(STATE).items():
        if name.startswith("make_"):
            connection.execute(sql)
    for table in states():
        connection.execute(f"CREATE TABLE IF NOT EXISTS derived.state.{table.name} ({table.schema})")


@dataclass(frozen=True, slots=True)
class CaughtUp:
    """The batch that was read from, and the newest one."""

    mark: int
    top: int


def catch_up(connection: duckdb.DuckDBPyConnection, changes: Changes, keys: Keyring | None = None) -> CaughtUp:
    """Bring the state up to the newest batch of the lake, and tell `changes` what became of its tables.

    Inside the caller's transaction. Until `keep` is called, the next call reads the same batches again. With `keys`
    sealed values are opened; what raises then says `clearing`.
    """
    sql = statements(STATE)
    last = connection.execute("SELECT max(batch_id) FROM derived.state.mark").fetchone()
    mark = _overlapped(last[0] if last and last[0] else 0)
    unread = _unread(connection, mark)
    top = connection.execute(
        "SELECT greatest((SELECT max(batch_id) FROM observations), (SELECT max(batch_id) FROM records))"
    ).fetchone()
    for name in ("since", "place_at", "known_place", "rekeyed", "fresh", "called", "placed", "left_key"):
        connection.execute(sql[name].replace("{unread}", unread).replace("{mark}", str(mark)))
    clear(connection, sql["sealed"].replace("{mark}", str(mark)), keys)
    entities = {entity for (entity,) in connection.execute(sql["entities"]).fetchall()}
    few = max(MANY, SHARE * (changes.count("place") or 0))
    changes.comparing = changes.comparing and (changes.count("fresh") or 0) <= few
    if entities:
        _place(connection, changes, entities)
    for table in states():
        concerning = {*table.observed, *(["project"] if _follows(table) else [])}
        if not table.observed or entities & concerning or _told(changes, table):
            _renew(connection, changes, table, mark)
    return CaughtUp(mark, top[0] if top and top[0] else 0)


def read_runs(connection: duckdb.DuckDBPyConnection, changes: Changes, keys: Keyring | None = None) -> None:
    """Bring the state up to the journal's runs, and tell `changes` of them. Inside the caller's transaction."""
    sql, before = statements(STATE), digest(connection, "journal_run")
    connection.execute(sql["journal_run"].replace("{runs}", followed_runs(connection)))
    if digest(connection, "journal_run") == before:
        return
    clear(connection, sql["sealed_run"], keys)
    with changes.compared(_OF_RUNS):
        for name in _OF_RUNS:
            connection.execute(sql[name])


def digest(connection: duckdb.DuckDBPyConnection, table: str) -> str:
    """Of the columns and rows of a table of the state, whatever their order; empty while it is not there."""
    name = f'derived.state."{table}"'
    try:
        # Not duckdb_columns(): it opens every table of every attached store.
        columns = connection.execute(f"SELECT * FROM {name} LIMIT 0").description
    except duckdb.CatalogException:
        return ""
    row = connection.execute(f"SELECT count(*), sum(CAST(hash(t) AS HUGEINT)) FROM {name} t").fetchone()
    return f"{row}{[(column[0], str(column[1])) for column in columns]}"


def keep(connection: duckdb.DuckDBPyConnection, batch: int) -> None:
    """Everything up to `batch` has reached the marts."""
    connection.execute("DELETE FROM derived.state.mark")
    connection.execute("INSERT INTO derived.state.mark (batch_id) VALUES (?)", [batch])
    connection.execute(statements(STATE)["read_batches"].replace("{mark}", str(_overlapped(batch))))


def _overlapped(batch: int) -> int:
    """After which batch is read when `batch` is the newest that was."""
    return max(batch - OVERLAP, 0)


def _unread(connection: duckdb.DuckDBPyConnection, mark: int) -> str:
    """Which observations to look at: a batch comes as a whole, so what came in one that was read is known."""
    read = [str(at) for (at,) in connection.execute("FROM derived.state.read_batch").fetchall()]
    return f"batch_id > {mark}" + (f" AND batch_id NOT IN ({', '.join(read)})" if read else "")


def _place(connection: duckdb.DuckDBPyConnection, changes: Changes, entities: set[str]) -> None:
    """Where each object was seen last, and what marts ask of that."""
    sql, sold = statements(STATE), entities & {"project", "contract", "budget"}
    for name in ("unplace", "place"):
        connection.execute(sql[name])
    with changes.compared(["seen_at", *(["former_key", "sale_place"] if sold else [])]):
        for name in ("unleave", "leave", "seen_at", "unplace_sale", "place_sale"):
            connection.execute(sql[name])
    if "project" in entities:
        connection.execute(sql["renamed"])


def _renew(connection: duckdb.DuckDBPyConnection, changes: Changes, table: Table, mark: int) -> None:
    """Put what is new into `table`, and tell which rows that are; of very many only that there are some."""
    sql = [statement.replace("{mark}", str(mark)) for statement in _renewed(table)]
    if "fresh" not in table.reads or "system_id" not in table.kinds:
        with changes.compared([table.name]):
            _run(connection, sql)
    elif not changes.comparing or (changes.count("fresh") or 0) > COMPARED_ROWS:
        _run(connection, sql)
        changes.all_of(table.name)
    else:
        new = f"derived.part.new_{table.name}"
        others = [_RENAMED.format(name=table.name)] if _follows(table) else []
        others += [_OBJECTS.format(name=_TAKEN_BACK)] if _told(changes, table) else []
        objects = " UNION ALL ".join([_OBJECTS.format(name="fresh"), *others])
        connection.execute(f"CREATE OR REPLACE TABLE {new} AS {objects}")
        _exchange(connection, changes, table.name, new, sql)


def _exchange(connection: duckdb.DuckDBPyConnection, changes: Changes, name: str, new: str, sql: list[str]) -> None:
    """Run these statements, and tell which rows of `name` are others: of the objects that are `new` and the last."""
    (last,) = connection.execute(f"SELECT coalesce(max(rowid), -1) FROM derived.state.{name}").fetchone() or (-1,)
    connection.execute(
        f"CREATE OR REPLACE TABLE derived.part.found AS SELECT t.rowid AS at FROM derived.state.{name} t "
        f"SEMI JOIN {new} f ON f.system = t.system AND f.system_id = t.system_id"
    )
    connection.execute(f"CREATE OR REPLACE TABLE derived.part.stood AS SELECT t.* {ROWS.format(name=name)}")
    _run(connection, sql)
    connection.execute(
        f"CREATE OR REPLACE TABLE derived.part.stands AS SELECT t.* {ROWS.format(name=name)} "
        f"UNION ALL SELECT * FROM derived.state.{name} WHERE rowid > {last}"
    )
    changes.sides(name, "derived.part.stood", "derived.part.stands")


def _follows(table: Table) -> bool:
    """Whether its rows name projects as these are called now."""
    return "follow" in table.statements


def _told(changes: Changes, table: Table) -> bool:
    """Whether a source said of its objects, by an event, what it does not show yet."""
    return _TAKEN_BACK in table.reads and bool(changes.count(_TAKEN_BACK))


def _run(connection: duckdb.DuckDBPyConnection, sql: list[str]) -> None:
    for statement in sql:
        connection.execute(statement)


def _renewed(table: Table) -> Iterator[str]:
    """The table's own statements, and before them, unless one of them does, what lets go of objects that changed."""
    if "forget" not in table.statements:
        kinds = ", ".join(f"'{entity}'" for entity in table.observed)
        yield (
            f"DELETE FROM derived.state.{table.name} t USING derived.state.fresh f "
            f"WHERE t.system = f.system AND t.system_id = f.system_id AND f.entity IN ({kinds})"
        )
    yield from table.statements.values()
