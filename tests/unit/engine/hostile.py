"""A target and source in memory that does to the engine what vendors do: busy, limited, silent after the write,
refusing.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from integrations.contracts.connector import Answer, Change, Observation, Page, Policy, Role, SystemConfig, TargetState
from integrations.contracts.flow import Deliver, Flow, Transform
from models.canonical.events import CloudEvent
from models.domain.errors import OutcomeUnknown
from models.domain.outcomes import Acknowledgement, Done

START = datetime(2026, 9, 1, 8, 0, tzinfo=UTC)
FAST = Policy(rate=0, burst=100, concurrency=4, backoff_base=1.0, attempts=6, breaker_failures=1000, breaker_seconds=10)

Misbehaviour = Callable[[Change, int], Exception | str | None]
"""Given a change and how often its key was tried: an error to raise before writing, "lost" to write and not answer, or
None.
"""


class HandClock:
    """World time that moves only when told."""

    def __init__(self, start: datetime = START) -> None:
        self.moment = start

    def now(self) -> datetime:
        return self.moment

    def forward(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)


class Hostile:
    """Keeps a ledger of every effect, so that a test can count what really happened."""

    def __init__(
        self,
        name: str = "erp",
        role: Role = Role.ERP,
        misbehaves: Misbehaviour | None = None,
        policy: Policy = FAST,
        bulk: int = 1,
        streams: Sequence[str] = (),
        legal_entities: tuple[str, ...] = (),
    ) -> None:
        self.config = SystemConfig(name, "hostile", role, "memory:", legal_entities, policy=policy)
        self.bulk_limit: Mapping[str, int] = {"time_entry": bulk, "project": bulk}
        self.streams, self.snapshots = list(streams), ["time_entry"]
        self.effects: Counter[str] = Counter()
        self.objects: dict[str, Mapping[str, Any]] = {}
        self.order: list[str] = []
        self.tried: Counter[str] = Counter()
        self.finds = 0
        self.calls = 0
        self.pages: dict[str, list[Page]] = {}
        self._misbehaves, self._lock = misbehaves, threading.Lock()

    def deliver(self, changes: Sequence[Change]) -> Sequence[Answer]:
        with self._lock:
            self.calls += 1
            return [self._one(change) for change in changes]

    def find(self, changes: Sequence[Change]) -> Sequence[Acknowledgement | None]:
        with self._lock:
            self.finds += 1
            return [self._ack(change) if change.external_id in self.objects else None for change in changes]

    def state(self, change: Change) -> TargetState:
        found = self.objects.get(change.external_id)
        return TargetState(found, _flat(change), self._ack(change) if found is not None else None)

    def poll(self, stream: str, cursor: str | None, limit: int = 500) -> Page:
        pages, at = self.pages.get(stream, []), int(cursor or 0)
        return pages[at] if at < len(pages) else Page([], str(at))

    def snapshot(self, entity: str) -> Iterator[Observation]:
        for name, fields in self.objects.items():
            yield Observation(entity, f"id-{name}", name, dict(fields))

    def check(self) -> str:
        return "in memory"

    def close(self) -> None:
        self.objects.clear()

    def _one(self, change: Change) -> Answer:
        self.tried[change.key] += 1
        trouble = self._misbehaves(change, self.tried[change.key]) if self._misbehaves else None
        if isinstance(trouble, Exception):
            return trouble
        self.effects[change.external_id] += 1
        self.order.append(change.external_id)
        self.objects[change.external_id] = _flat(change)
        return OutcomeUnknown("the answer was lost", change.key) if trouble == "lost" else self._ack(change)

    def _ack(self, change: Change) -> Acknowledgement:
        return Acknowledgement(self.config.name, f"id-{change.external_id}", {"ok": True})


def _flat(change: Change) -> dict[str, Any]:
    return dict(change.body) if isinstance(change.body, Mapping) else change.body.model_dump(mode="json")


def event(
    key: str,
    version: int = 1,
    *,
    hours: str = "8",
    entity: str | None = "NOV-DE",
    kind: str = "approved",
    event_id: str | None = None,
) -> CloudEvent:
    """A time entry's event."""
    data = {
        "ref": {"system": "psa", "kind": "time_entry", "id": key},
        "project_ref": {"system": "psa", "kind": "project", "id": "1"},
        "resource_ref": {"system": "psa", "kind": "resource", "id": "2"},
        "work_date": "2026-09-01",
        "hours": hours,
        "source_version": version,
    }
    return CloudEvent(
        id=event_id or f"{key}-{version}",
        source="psa/time",
        type=f"tieout.time_entry.{kind}",
        subject=f"time_entry:{key}",
        time=START,
        dataschema="tieout:time_entry:1",
        data=data,
        sourceversion=version,
        legalentity=entity,
    )


def posting_flow(version: int = 1, bulk: int = 1, **more: Any) -> Flow:
    """Four steps: check, price, post to the ERP, close."""
    return Flow(
        name="post-time",
        version=version,
        triggers=("tieout.time_entry.approved",),
        steps=(
            Transform("check", lambda payload, context: Done({**payload, "checked": True})),
            Transform("price", lambda payload, context: Done({**payload, "price": str(10 * float(payload["hours"]))})),
            Deliver("post", Role.ERP, "time_entry", _posting, bulk),
            Transform(
                "close", lambda payload, context: Done({**payload, "posted": context.run.acks["post"]["system_id"]})
            ),
        ),
        aggregate=lambda event: event.subject,
        money=lambda payload: (payload["price"], "EUR"),
        **more,
    )


def _posting(payload: Mapping[str, Any], context: Any) -> Change:
    external_id = f"{payload['ref']['id']}-v{context.run.source_version}"
    return Change(
        "post", "time_entry", external_id, context.key("post"), {"hours": payload["hours"], "price": payload["price"]}
    )
