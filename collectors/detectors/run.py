"""Runs the detectors over the marts, each when something that it reads has moved."""

from __future__ import annotations

import hashlib
import logging
import pickle
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa

from collectors.detectors import detectors
from collectors.detectors.contract import Detector
from collectors.detectors.turn import Found, Turn
from models.domain.clock import Clock
from models.domain.finding import Finding
from models.lake.journal_views import VIEWS, followed_runs, set_up_runs
from models.lake.schema import TABLES, TIME
from models.lake.steady import steady_table
from models.sql_statements import asked_names, statements

log = logging.getLogger(__name__)
SQL = Path(__file__).with_suffix(".sql")
CLOCK_SECONDS = 30
"""How late a detector may see what the clock alone brings: an age, or when a system was read last."""

CIRCUITS = pa.schema(
    [
        ("system", pa.string()),
        ("state", pa.string()),
        ("failures", pa.int32()),
        ("held_until", TIME),
        ("probe_at", TIME),
        ("reason", pa.string()),
    ]
)
_LEVELS = pa.schema([("flow", pa.string()), ("seconds", pa.float64())])
_OF_RUNS = {"open_runs", "set_ups"}


class Connection(Protocol):
    """What is needed of a DuckDB connection with the stores attached and the marts refreshed."""

    def execute(self, query: str, parameters: Any = ...) -> Any: ...

    def register(self, view_name: str, python_object: object) -> Any: ...


class Detectors:
    """All detectors over one connection. `clock` gives world time, `wall` the time at which the collector receives."""

    def __init__(self, connection: Connection, clock: Clock, wall: Clock) -> None:
        self._connection, self._clock, self._wall = connection, clock, wall
        self._due = {detector.name for detector in detectors()}
        self._found: dict[str, tuple[str, Sequence[Finding] | None]] = {}
        self._before: Turn | None = None
        self._looked = 0.0

    def found(self, turn: Turn, moved: frozenset[str]) -> Found:
        """What is found now by the detectors whose findings the asker does not have as they are. `moved` are the
        published names that are others than the last time.

        A detector that fails is logged and left out, so that its open findings stay as they are and the others go on;
        it is run again next time. So it is with one that tells of an absence while the lake is not abreast.
        """
        self._let_go(turn)
        moved = moved | self._given(turn, moved)
        late = time.monotonic() - self._looked >= CLOCK_SECONDS
        self._looked = time.monotonic() if late else self._looked
        self._due |= {one.name for one in detectors() if reads(one) & moved or (late and _ages(one))}
        failed: dict[str, str] = {}
        for detector in detectors():
            if detector.name in self._due and (turn.abreast or not detector.absence):
                self._run(detector, failed)
        rates = dict(self._connection.execute(statements(SQL)["rates"]).fetchall())
        news = {
            name: all_
            for name, (at, all_) in self._found.items()
            if all_ is not None and turn.reported.get(name) != at and name not in failed
        }
        totals, figures = (self._asked("totals"), self._asked("figures", turn.day)) if turn.day else (None, ())
        names = tuple(one.name for one in detectors())
        return Found(news, rates, failed, {name: self._found[name][0] for name in news}, totals, figures, names)

    def _asked(self, name: str, *values: Any) -> Sequence[Mapping[str, Any]]:
        asked = self._connection.execute(statements(SQL)[name], list(values))
        rows: list[dict[str, Any]] = asked.to_arrow_table().to_pylist()
        return rows

    def _let_go(self, turn: Turn) -> None:
        """Keep no findings that the asker has, which may be very many."""
        for name, (at, all_) in self._found.items():
            if turn.reported.get(name) == at:
                self._found[name] = at, None
            elif all_ is None:
                self._due.add(name)

    def _given(self, turn: Turn, moved: frozenset[str]) -> frozenset[str]:
        """What the SQL of detectors is given beside the published names, made again where it moved; those names."""
        first, before = self._before is None, self._before or turn
        circuits = first or list(before.circuits) != list(turn.circuits)
        levels = first or before.service_levels != turn.service_levels
        runs = first or "runs" in moved
        prepare(self._connection, turn, runs)
        self._before = turn
        given = {"circuits": circuits, "service_levels": levels, **dict.fromkeys(_OF_RUNS, runs)}
        return frozenset(name for name, is_new in given.items() if is_new)

    def _run(self, detector: Detector, failed: dict[str, str]) -> None:
        try:
            found = findings_of(detector, self._connection, self._clock, self._wall)
        except Exception as error:
            log.exception("detector %s failed: its open findings stay as they are", detector.name)
            failed[detector.name] = f"{type(error).__name__}: {error}"
        else:
            self._found[detector.name] = hashlib.blake2b(pickle.dumps(found), digest_size=16).hexdigest(), found
            self._due.discard(detector.name)


def reads(detector: Detector) -> frozenset[str]:
    """The names that a detector's SQL asks."""
    return asked_names(_text(detector))


def _text(detector: Detector) -> str:
    return " ".join(statements(Path(detector.file).with_suffix(".sql")).values())


def _ages(detector: Detector) -> bool:
    """Whether the clock alone may change what it finds, or something of the journal that no move tells."""
    sql = _text(detector)
    return "{now}" in sql or "{wall}" in sql or bool(reads(detector) & set(VIEWS))


def run_all(connection: Connection, turn: Turn, clock: Clock, wall: Clock | None = None) -> Found:
    """What every detector finds now.

    `clock` gives world time, `wall` the time at which the collector receives; without it the two are one.
    """
    return Detectors(connection, clock, wall or clock).found(turn, frozenset())


def prepare(connection: Connection, turn: Turn, runs: bool = True) -> None:
    """Give the SQL of detectors what is read once a turn, the journal's runs only where they moved."""
    circuits = [asdict(circuit) for circuit in turn.circuits]
    connection.register("circuits", pa.Table.from_pylist(circuits, CIRCUITS))
    connection.register("service_levels", levels_of(turn.service_levels))
    if runs:
        connection.execute(statements(SQL)["open_runs"].replace("{runs}", followed_runs(connection)))
        connection.execute(statements(SQL)["set_ups"].replace("{set_up_runs}", set_up_runs(connection)))


def levels_of(service_levels: Mapping[str, float]) -> pa.Table:
    """What each flow promises, as rows the SQL can ask."""
    return pa.table([list(service_levels), list(service_levels.values())], _LEVELS)


def findings_of(detector: Detector, connection: Connection, clock: Clock, wall: Clock) -> list[Finding]:
    """What one detector finds now."""

    def ask(sql: str) -> list[dict[str, Any]]:
        # Steady where it asks the lake, since a row that a merge hid for a moment would resolve its case.
        if asked_names(sql) & set(TABLES):
            return rows_of(steady_table(connection, sql))
        return rows_of(connection.execute(sql).to_arrow_table())

    def rows_of(table: pa.Table) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = table.to_pylist()
        return rows

    return detector.findings(ask, clock.now(), wall.now())
