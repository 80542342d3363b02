"""Runs every detector over the marts and hands what they find to the journal's cases."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Protocol

import pyarrow as pa

from collectors.detectors import detectors
from collectors.detectors.contract import Detector
from models.domain.clock import Clock
from models.domain.finding import Finding
from models.domain.service_levels import SERVICE_LEVELS
from models.lake.schema import TIME
from models.lake.steady import steady_table

log = logging.getLogger(__name__)

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

LEVELS = pa.table({"flow": list(SERVICE_LEVELS), "seconds": pa.array(SERVICE_LEVELS.values(), pa.float64())})
"""What each flow promises, as rows the SQL can ask."""

# Read once a turn: every look at the journal's runs through DuckDB scans them all.
OPEN_RUNS = "CREATE OR REPLACE TEMP TABLE open_runs AS SELECT * FROM runs WHERE state IN ('ready', 'running', 'waiting', 'in_doubt', 'dead')"

# The last time each project was set up, whatever became of it: replayed from its start, it makes the project again.
SET_UPS = """CREATE OR REPLACE TEMP TABLE set_ups AS
SELECT business_key, arg_max(run_id, created_at) AS run_id, arg_max(state, created_at) AS state
FROM runs WHERE flow = 'quote-to-project' AND state IN ('settled', 'dead') GROUP BY business_key"""


class Connection(Protocol):
    """What is needed of the collector's DuckDB connection with the stores attached and the marts refreshed."""

    def execute(self, query: str, parameters: Any = ...) -> Any: ...

    def register(self, view_name: str, python_object: object) -> Any: ...


class Journal(Protocol):
    """What is needed of the journal."""

    @property
    def cases(self) -> Any: ...

    @property
    def throttle(self) -> Any: ...


def run_all(connection: Connection, journal: Journal, clock: Clock, wall: Clock | None = None) -> dict[str, int]:
    """Report what every detector finds now, in one transaction; how many findings each made. Safe to repeat.

    `clock` gives world time, `wall` the time at which the collector receives; without it the two are one.

    A detector that fails is logged and left out, so that its open findings stay as they are and the others go on.
    """
    connection.register("circuits", circuits_of(journal))
    connection.register("service_levels", LEVELS)
    connection.execute(OPEN_RUNS)
    connection.execute(SET_UPS)
    found: dict[str, Sequence[Finding]] = {}
    for detector in detectors():
        try:
            found[detector.name] = findings_of(detector, connection, clock, wall or clock)
        except Exception:
            log.exception("detector %s failed: its open findings stay as they are", detector.name)
    journal.cases.report_all(found, rates_of(connection))
    return {name: len(findings) for name, findings in found.items()}


def findings_of(detector: Detector, connection: Connection, clock: Clock, wall: Clock) -> list[Finding]:
    """What one detector finds now."""
    # Steady, since a row that a merge hid for a moment would resolve its case.
    return detector.findings(lambda sql: steady_table(connection, sql).to_pylist(), clock.now(), wall.now())


def rates_of(connection: Connection) -> Mapping[str, Decimal]:
    """Units of the reporting currency for one unit of each currency."""
    return dict(connection.execute("SELECT currency, rate FROM mart_fx").fetchall())


def circuits_of(journal: Journal) -> pa.Table:
    """How each connected system stands, as rows the SQL can ask."""
    rows = [
        {name: getattr(circuit, name) for name in CIRCUITS.names} for circuit in journal.throttle.circuits().values()
    ]
    return pa.Table.from_pylist(rows, CIRCUITS)
