"""Faults of the wire: vendors that throttle, fail or lose an answer, week by week, and a field that nobody knows."""

from __future__ import annotations

from datetime import timedelta

from integrations.sandbox.faults.planting import Planting
from integrations.sandbox.world.fault import Fault

CONDITIONS = (
    (1, 0, 10, 58, "netsuite", "throttled", 6, ""),
    (2, 1, 14, 58, "kantata", "throttled", 5, ""),
    (3, 0, 10, 58, "netsuite", "dropped", 2, "record/v1/timeBill"),
    (3, 2, 10, 28, "kantata", "dropped", 1, "/workspaces"),
    (4, 0, 10, 58, "salesforce", "expired", 1, "query"),
    (4, 1, 14, 58, "netsuite", "unavailable", 5, ""),
    (4, 2, 10, 28, "ppm", "throttled", 3, ""),
    (5, 0, 10, 58, "workday", "fault", 2, ""),
    (5, 1, 14, 58, "netsuite", "dropped", 1, "record/v1/job"),
    (6, 0, 10, 58, "salesforce", "throttled", 2, "query"),
    (6, 1, 14, 58, "kantata", "unavailable", 6, ""),
    (7, 2, 10, 28, "ppm", "dropped", 1, "/projects"),
    (7, 0, 10, 58, "salesforce", "quota", 1, "query"),
    (8, 0, 10, 58, "netsuite", "throttled", 9, ""),
    (8, 1, 14, 58, "kantata", "dropped", 3, "external_references"),
    (9, 0, 10, 58, "netsuite", "dropped", 2, "record/v1/timeBill"),
    (9, 1, 14, 58, "workday", "throttled", 1, ""),
    (10, 1, 14, 58, "ppm", "unavailable", 2, ""),
)
"""Week, weekday, hour, minute, vendor, kind, requests, part of the path."""

OUTAGE = (6, 2, 10, 28)


def vendor_faults(planting: Planting) -> None:
    """Throttling, quotas, 5xx, lost answers, an ended session, SOAP faults, and one outage of six hours."""
    plan = planting.plan
    for week, day, hour, minute, vendor, kind, count, path in CONDITIONS:
        plan.add(plan.moment(week, day, hour, minute), "vendor_fault", vendor, kind, str(count), path)
    plan.add(plan.moment(*OUTAGE), "outage", "netsuite", "6")
    plan.stops += [plan.moment(*OUTAGE) + timedelta(hours=6, minutes=9), plan.moment(7, 0, 12, 4)]
    planting.add(
        Fault(
            "F25",
            "vendor-faults",
            "all vendors",
            "transient",
            "nothing: the engine waits, asks and goes on",
            heals=True,
        )
    )


def schema_drift(planting: Planting) -> None:
    """The PSA begins to send a field that nobody knows, for one team's entries."""
    plan = planting.plan
    deal = planting.busy((planting.last,), "NOV-DE")
    planting.add(
        Fault(
            "F26",
            "schema-drift",
            "time_entry.work_location",
            "new-field",
            "map work_location in the Kantata connector, or let it be ignored",
        )
    )
    for sheet in plan.sheets_of(deal.code, (planting.last,)):
        sheet.beyond = {"work_location": "client site"}
