"""A vendor in memory that sends webhooks: its payloads name a record, which it shows when it is asked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from integrations.contracts import Page, Role
from integrations.contracts.connector import Named
from integrations.contracts.naming import Naming
from models.canonical.events import CloudEvent
from tests.unit.engine.hostile import Hostile

NAMING = Naming(
    event="webhookEvent",
    key="worklog.id",
    version="worklog.updated",
    streams={"worklog_updated": ("time", "time_entry"), "employee_updated": ("time", "resource")},
)


class Hooked(Hostile):
    """`held` are its records by id; `trouble` is raised at the next readings, first to last."""

    def __init__(self, name: str = "psa") -> None:
        super().__init__(name, Role.PSA, streams=["time"])
        self.held: dict[str, CloudEvent] = {}
        self.trouble: list[Exception] = []
        self.readings: list[list[str]] = []

    def named(self, payload: Any) -> Sequence[Named]:
        return NAMING.named(payload)

    def read(self, stream: str, ids: Sequence[str]) -> Page:
        self.readings.append(list(ids))
        if self.trouble:
            raise self.trouble.pop(0)
        return Page([self.held[one] for one in ids if one in self.held], "", seen=list(ids))

    @property
    def asked(self) -> Counter[str]:
        """How often each record was asked for."""
        return Counter(one for ids in self.readings for one in ids)


def payload(key: str, event: str = "worklog_updated", **more: Any) -> dict[str, Any]:
    """What the vendor sends: it names a record; what else it says nobody believes."""
    return {"webhookEvent": event, "worklog": {"id": key, "updated": 7, "hours": 1_000_000, **more}}
