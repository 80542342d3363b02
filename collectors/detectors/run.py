"""Runs every detector over the marts."""

from __future__ import annotations

import logging
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
from models.lake.schema import TIME
from models.lake.steady import steady_table
from models.sql_statements import statements

log = logging.getLogger(__name__)
SQL = Path(__file__).with_suffix(".sql")

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


class Connection(Protocol):
    """What is needed of a DuckDB connection with the stores attached and the marts refreshed."""

    def execute(self, query: str, parameters: Any = ...) -> Any: ...

    def register(self, view_name: str, python_object: object) -> Any: ...


def run_all(connection: Connection, turn: Turn, clock: Clock, wall: Clock | None = None) -> Found:
    """What every detector finds now.

    `clock` gives world time, `wall` the time at which the collector receives; without it the two are one.

    A detector that fails is logged and left out, so that its open findings stay as they are and the others go on.
    """
    prepare(connection, turn)
    found: dict[str, Sequence[Finding]] = {}
    failed: dict[str, str] = {}
    for detector in detectors():
        try:
            found[detector.name] = findings_of(detector, connection, clock, wall or clock)
        except Exception as error:
            log.exception("detector %s failed: its open findings stay as they are", detector.name)
            failed[detector.name] = f"{type(error).__name__}: {error}"
    rates = dict(connection.execute(statements(SQL)["rates"]).fetchall())
    return Found(found, rates, failed)


def prepare(connection: Connection, turn: Turn) -> None:
    """Give the SQL of detectors what is read once a turn."""
    circuits = [asdict(circuit) for circuit in turn.circuits]
    connection.register("circuits", pa.Table.from_pylist(circuits, CIRCUITS))
    connection.register("service_levels", levels_of(turn.service_levels))
    for name in ("open_runs", "set_ups"):
        connection.execute(statements(SQL)[name])


def levels_of(service_levels: Mapping[str, float]) -> pa.Table:
    """What each flow promises, as rows the SQL can ask."""
    return pa.table([list(service_levels), list(service_levels.values())], _LEVELS)


def findings_of(detector: Detector, connection: Connection, clock: Clock, wall: Clock) -> list[Finding]:
    """What one detector finds now."""
    # Steady, since a row that a merge hid for a moment would resolve its case.
    return detector.findings(lambda sql: steady_table(connection, sql).to_pylist(), clock.now(), wall.now())
