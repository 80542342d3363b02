"""What the books of a small firm say, in a few words: a lake with one project, entries in the PSA and postings in the
ERP.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from models.derivation.refresh import refresh
from models.domain.finding import Finding
from tests.detecting import reported
from tests.unit.cases.lakes import NOW, Lake, hours_ago, money

PROJECT = "PRJ-1001"
SOLD = {
    "name": "Portal",
    "currency": "EUR",
    "customer_key": "C-1",
    "value": money("50000.00"),
    "closed_at": hours_ago(524).isoformat(),
    "missing": [],
}


class Stopped:
    """A clock that stands."""

    def now(self) -> datetime:
        return NOW


def given(condition: object, otherwise: str) -> None:
    """What a test stands on: without it the test fails in another way than by the finding it is marked with."""
    if not condition:
        pytest.fail(otherwise)


def firm(made: Lake | None = None) -> Lake:
    """One project, set up long ago in CRM, ERP and PSA, with one charge code; in a lake of one's own where given."""
    made = made or Lake()
    for system in ("salesforce", "netsuite", "kantata"):
        made.observe(system, "project", PROJECT, hours_ago(500), **SOLD)
    made.observe("salesforce", "customer", "C-1", name="Halden Grid", country="DE", active=True)
    made.observe("netsuite", "charge_code", f"{PROJECT}.010", project_code=PROJECT, active=True)
    return made


def entry(lake: Lake, number: int = 1, at: datetime = NOW, **changed: Any) -> str:
    """Eight approved hours at 100.00 in the PSA."""
    key = f"TE-kantata-{number}"
    fields = {
        "time_entry_id": key,
        "project_code": PROJECT,
        "charge_code": f"{PROJECT}.010",
        "resource_number": "E-7",
        "work_date": "2026-09-20",
        "hours": "8.00",
        "billable": True,
        "bill_rate": money("100.00"),
        "cost_rate": money("60.00"),
        "approval": "approved",
        "submitted_at": "2026-09-21T08:00:00Z",
        "approved_at": "2026-09-22T08:00:00Z",
    }
    lake.observe("kantata", "time_entry", key, at, **{**fields, **changed})
    return key


def posted(lake: Lake, number: int = 1, at: datetime = NOW, version: int = 1, **changed: Any) -> None:
    """The same hours in the ERP, or what takes them back."""
    key = f"TE-kantata-{number}-v{version}{'-R' if changed.get('reversal') else ''}"
    fields = {
        "posting_id": key,
        "time_entry_id": f"TE-kantata-{number}",
        "project_code": PROJECT,
        "charge_code": f"{PROJECT}.010",
        "work_date": "2026-09-20",
        "hours": "8.00",
        "billable": True,
        "bill_rate": money("100.00"),
        "cost_rate": money("60.00"),
        "created_at": "2026-09-22T10:00:00Z",
    }
    lake.observe("netsuite", "time_entry", key, at, **{**fields, **changed})


def mart(lake: Lake, sql: str, currency: str = "EUR") -> list[dict[str, Any]]:
    """The rows of a query over freshly made marts."""
    refresh(lake.connection, currency, Stopped())
    return lake.rows(sql)


def found(lake: Lake) -> list[Finding]:
    """What all detectors find in freshly made marts."""
    refresh(lake.connection, "EUR", Stopped())
    journal = _Journal()
    reported(lake.connection, journal, Stopped())
    return journal.kept


class _Journal:
    """A journal that only keeps findings."""

    def __init__(self) -> None:
        self.kept: list[Finding] = []
        self.cases = self.throttle = self

    def circuits(self) -> dict[str, Any]:
        return {}

    def report_all(self, by_detector: dict[str, list[Finding]], rates: object) -> None:
        given(rates, "without rates the marts were not made")
        self.kept = [finding for findings in by_detector.values() for finding in findings]
