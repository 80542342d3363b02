"""Derives the tables that are due, each after those that it reads, all from one snapshot of the lake."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache

import duckdb

from models.catalogue import Books, Elsewhere
from models.derivation import inputs, state
from models.derivation.books import open_books
from models.derivation.changes import Changes
from models.derivation.due import Due
from models.derivation.elsewhere import open_rules, read_up_to
from models.derivation.parts import Parts
from models.derivation.replacing import replace
from models.derivation.sums import Sums
from models.domain.clock import Clock
from models.domain.flow_names import TIME_TO_BILL
from models.keys.keyring import Keyring
from models.lake.steady import StandingFiles
from models.marts import rule_sql
from models.marts.definitions import marts, states
from models.marts.table import Table


@dataclass(frozen=True, slots=True)
class Terms:
    """What the SQL of a mart is bound to by name; without a clock "now" is the newest moment in the lake."""

    currency: str
    clock: Clock | None
    service_levels: Mapping[str, float]
    books: Books
    elsewhere: Elsewhere = field(default_factory=Elsewhere)
    keys: Keyring | None = None

    @property
    def text(self) -> str:
        """What makes every mart another when it differs."""
        return f"{self.currency} {sorted(self.service_levels.items())} {self.books} {self.elsewhere}"

    def bound(self, sql: str, now: datetime, mark: int) -> str:
        moment = f"TIMESTAMPTZ '{now.astimezone(UTC).isoformat()}'"
        bound = sql.replace("{now}", moment).replace("{currency}", f"'{self.currency}'").replace("{mark}", str(mark))
        bound = bound.replace("{service_levels}", _levels(self.service_levels))
        bound = bound.replace("{rate_days}", str(self.books.rate_days))
        bound = rule_sql.bound(bound, self.elsewhere.rules)
        target = self.service_levels.get(TIME_TO_BILL)
        return bound.replace("{lag_target}", "NULL" if target is None else f"{target:.1f}")


def _levels(service_levels: Mapping[str, float]) -> str:
    """What each flow promises, in seconds, as a table that SQL can ask."""
    rows = ", ".join(f"('{flow.replace(chr(39), chr(39) * 2)}', {at:.1f})" for flow, at in service_levels.items())
    return f"(VALUES {rows or '(NULL, NULL)'}) AS level(flow, seconds)"


@dataclass(frozen=True, slots=True)
class Moved:
    """The tables of the state that are others than before. `versions` is the derivation that made each as it was and as
    it is now. Until `forget` it is known of `rows` which, and of `parts` what stands under each value that moved.
    """

    names: frozenset[str]
    versions: Mapping[str, tuple[int, int]]
    rows: frozenset[str]
    parts: frozenset[str]


def derive(connection: duckdb.DuckDBPyConnection, terms: Terms, news: frozenset[str], idle: bool) -> Moved:
    """Derive in memory what `news`, the inputs that moved, concern, and when `idle` what grows with the clock.

    Raises Overtaken, and keeps nothing, when a merge hid rows.
    """
    files = StandingFiles(connection)
    connection.execute("BEGIN")
    try:
        moved = _Derivation(connection, terms).derived(news, idle)
        files.check()
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    return moved


class _Derivation:
    """One run over all tables, inside the caller's transaction."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, terms: Terms) -> None:
        self._connection, self._terms = connection, terms
        self._versions, last = _versions(connection), _last(connection)
        self._changes, self._mark = Changes(connection, first=last is None), 0
        self._read_up_to = read_up_to(connection)
        self._turn = max(self._versions.values(), default=0) + 1
        self._now = terms.clock.now() if terms.clock else _newest(connection)
        if last and self._now < last:  # what has ended only with the clock begins again
            self._versions.clear()
        self._parts = Parts(connection, self._changes, self._bound)
        self._sums = Sums(connection, self._changes, self._bound)

    def derived(self, news: frozenset[str], idle: bool) -> Moved:
        """Derive what is due; what moved."""
        if inputs.TERMS in news:
            open_books(self._connection, self._terms.books)
            open_rules(self._connection, self._terms.elsewhere)
            self._read_up_to = 0
            self._versions.clear()
        came = state.catch_up(self._connection, self._changes, self._terms.keys)
        self._mark = came.mark
        outside = news | (inputs.JOURNAL if idle else frozenset())
        if idle or news & inputs.JOURNAL:
            state.read_runs(self._connection, self._changes, self._terms.keys)
        for mart in marts():
            due = Due(outside | self._changes.names, idle)
            if mart.name not in self._versions or due.concerns(mart):
                self._derive(mart, due)
        state.keep(self._connection, came.top)
        return self._told(outside)

    def _derive(self, mart: Table, due: Due) -> None:
        """A part of it, or its sums, where what moved tells which; else the whole of it."""
        moved = due.moved(mart)
        stands = mart.name in self._versions
        if stands and (self._parts.derived(mart, moved) or self._sums.derived(mart, moved)):
            return
        with self._changes.compared(mart.makes & (_read() | {mart.name})):
            for sql in _statements(mart):
                self._connection.execute(self._bound(sql))

    def _bound(self, sql: str) -> str:
        bound = self._terms.bound(sql, self._now, self._mark)
        return bound.replace("{foreign_mark}", str(self._read_up_to))

    def _told(self, outside: frozenset[str]) -> Moved:
        """Keep which derivation this was, and of which tables."""
        turn, names = self._turn, self._changes.names
        before = {one.name: self._versions.get(one.name, 0) for one in (*marts(), *states())}
        now = {name: turn if name in names or not at else at for name, at in before.items()}
        replace(self._connection, "derived.state.stand", [(name, at, self._now) for name, at in now.items()])
        versions = {name: (before[name], at) for name, at in now.items()}
        return Moved(outside | names, versions, frozenset(self._changes.rows), self._parts.exchanged)


@cache
def _read_in(tables: tuple[Table, ...]) -> frozenset[str]:
    return frozenset[str]().union(*(mart.reads for mart in tables))


def _read() -> frozenset[str]:
    """What marts read of each other."""
    return _read_in(marts())


def _statements(mart: Table) -> Iterator[str]:
    return (sql.replace("{columns}", mart.schema) for sql in mart.statements.values())


def _newest(connection: duckdb.DuckDBPyConnection) -> datetime:
    """The newest world time in the lake; the present where the lake is empty."""
    found = state.rows(
        connection,
        "SELECT greatest((SELECT max(observed_at) FROM observations), (SELECT max(occurred_at) FROM records)) AS at",
    )[0]["at"]
    return found if isinstance(found, datetime) else datetime.now(UTC)


def _versions(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """The derivation that made each table as it is."""
    return dict(connection.execute("SELECT name, turn FROM derived.state.stand").fetchall())


def _last(connection: duckdb.DuckDBPyConnection) -> datetime | None:
    """The world's moment of the last derivation."""
    found = state.rows(connection, "SELECT max(told_at) AS at FROM derived.state.stand")[0]["at"]
    return found if isinstance(found, datetime) else None
