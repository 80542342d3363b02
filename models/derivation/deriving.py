"""Derives the tables that are due, each after those that it reads, all from one snapshot of the lake."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime

import duckdb

from models.catalogue import Books
from models.derivation import inputs, state
from models.derivation.books import open_books
from models.derivation.due import Due
from models.domain.clock import Clock
from models.domain.flow_names import TIME_TO_BILL
from models.lake.steady import StandingFiles
from models.marts.definitions import marts, states
from models.marts.table import Table


@dataclass(frozen=True, slots=True)
class Terms:
    """What the SQL of a mart is bound to by name; without a clock "now" is the newest moment in the lake."""

    currency: str
    clock: Clock | None
    service_levels: Mapping[str, float]
    books: Books

    @property
    def text(self) -> str:
        """What makes every mart another when it differs."""
        return f"{self.currency} {sorted(self.service_levels.items())} {self.books}"

    def bound(self, sql: str, now: datetime, mark: int) -> str:
        moment = f"TIMESTAMPTZ '{now.astimezone(UTC).isoformat()}'"
        bound = sql.replace("{now}", moment).replace("{currency}", f"'{self.currency}'").replace("{mark}", str(mark))
        bound = bound.replace("{service_levels}", _levels(self.service_levels))
        bound = bound.replace("{rate_days}", str(self.books.rate_days))
        target = self.service_levels.get(TIME_TO_BILL)
        return bound.replace("{lag_target}", "NULL" if target is None else f"{target:.1f}")


def _levels(service_levels: Mapping[str, float]) -> str:
    """What each flow promises, in seconds, as a table that SQL can ask."""
    rows = ", ".join(f"('{flow.replace(chr(39), chr(39) * 2)}', {at:.1f})" for flow, at in service_levels.items())
    return f"(VALUES {rows or '(NULL, NULL)'}) AS level(flow, seconds)"


@dataclass(frozen=True, slots=True)
class Moved:
    """The tables of the state that are others than before, and a digest of each that readers or other marts ask."""

    names: frozenset[str]
    digests: Mapping[str, str]


def derive(connection: duckdb.DuckDBPyConnection, terms: Terms, news: frozenset[str], idle: bool) -> Moved:
    """Derive in memory what `news`, the inputs that moved, concern, and when `idle` what grows with the clock.

    Raises Overtaken, and keeps nothing, when a merge hid rows.
    """
    files = StandingFiles(connection)
    connection.execute("BEGIN")
    try:
        moved = _derived(connection, terms, news, idle)
        files.check()
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    return moved


def _derived(connection: duckdb.DuckDBPyConnection, terms: Terms, news: frozenset[str], idle: bool) -> Moved:
    if inputs.TERMS in news:
        open_books(connection, terms.books)
    came = state.catch_up(connection)
    names = set(news | came.moved | (inputs.JOURNAL if idle else frozenset()))
    if idle or news & inputs.JOURNAL:
        names |= state.read_runs(connection)
    now = terms.clock.now() if terms.clock else _newest(connection)
    day = now.astimezone(UTC).date()
    before, last = _digests(connection) if inputs.TERMS not in news else {}, _day(connection)
    after = dict(before)
    for table in states():
        if table.published and (table.name in names or table.name not in before):
            after[table.name] = state.digest(connection, table.name)
    read = frozenset[str]().union(*(mart.reads for mart in marts()))
    for mart in marts():
        if mart.name in before and not Due(frozenset(names), day != last, idle).concerns(mart):
            continue
        for sql in _statements(mart):
            connection.execute(terms.bound(sql, now, came.mark))
        after |= {name: state.digest(connection, name) for name in mart.makes if name == mart.name or name in read}
        names |= {name for name in mart.makes if after.get(name, "") != before.get(name)}
    state.keep(connection, came.top)
    _keep(connection, after, day)
    return Moved(frozenset(names), after)


def _statements(mart: Table) -> Iterator[str]:
    return (sql.replace("{columns}", mart.schema) for sql in mart.statements.values())


def _newest(connection: duckdb.DuckDBPyConnection) -> datetime:
    """The newest world time in the lake; the present where the lake is empty."""
    found = state.rows(
        connection,
        "SELECT greatest((SELECT max(observed_at) FROM observations), (SELECT max(occurred_at) FROM records)) AS at",
    )[0]["at"]
    return found if isinstance(found, datetime) else datetime.now(UTC)


def _digests(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    return dict(connection.execute("SELECT name, digest FROM memory.state.digest").fetchall())


def _day(connection: duckdb.DuckDBPyConnection) -> date | None:
    """The world's day of the last derivation."""
    found = connection.execute("SELECT max(day) FROM memory.state.digest").fetchone()
    return found[0] if found else None


def _keep(connection: duckdb.DuckDBPyConnection, digests: Mapping[str, str], day: date) -> None:
    connection.execute("DELETE FROM memory.state.digest")
    rows = [(name, digest, day) for name, digest in digests.items()]
    connection.executemany("INSERT INTO memory.state.digest VALUES (?, ?, ?)", rows)
