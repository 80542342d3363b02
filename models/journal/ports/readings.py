"""The readings' port: whoever only looks."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from models.domain.clock import Clock
from models.journal.alerts import AlertReading
from models.journal.calls import CallReading
from models.journal.cases.reading import CaseReading
from models.journal.catalogues import CatalogueReading
from models.journal.circuits import Circuits
from models.journal.freshness import FreshnessReading
from models.journal.heartbeats import HeartbeatReading
from models.journal.outbox import UnsentReading
from models.journal.ports.opening import Port, opened_to_read
from models.journal.requests.approvals import ApprovalReading
from models.journal.runs.elsewhere import PlanReading
from models.keys.keyring import Keyring


@dataclass(frozen=True)
class ReadingsPort(Port):
    """Runs, cases, requests, circuits, calls, the catalogue in force, the age of what is read, how each process stands,
    alerts; the database refuses a write on its connections.
    """

    engine: sa.Engine
    clock: Clock
    runs: PlanReading
    cases: CaseReading
    requests: ApprovalReading
    throttle: Circuits
    calls: CallReading
    catalogues: CatalogueReading
    freshness: FreshnessReading
    heartbeats: HeartbeatReading
    alerts: AlertReading
    unsent: UnsentReading


def open_readings(url: str, clock: Clock, keys: Keyring | None = None) -> ReadingsPort:
    """The readings' port of the journal at a SQLAlchemy URL (`models.journal.ports.opening` says what it raises)."""
    engine = opened_to_read(url, keys)
    return ReadingsPort(
        engine=engine,
        clock=clock,
        runs=PlanReading(engine, clock),
        cases=CaseReading(engine, clock),
        requests=ApprovalReading(engine, clock),
        throttle=Circuits(engine, clock),
        calls=CallReading(engine),
        catalogues=CatalogueReading(engine),
        freshness=FreshnessReading(engine),
        heartbeats=HeartbeatReading(engine),
        alerts=AlertReading(engine),
        unsent=UnsentReading(engine),
    )
