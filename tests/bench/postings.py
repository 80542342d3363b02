"""Time entries that a four-step flow posts into memory: what the engine's benchmark works on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from integrations.contracts.connector import Answer, Change, Observation, Page, Policy, Role, SystemConfig, TargetState
from integrations.contracts.flow import Context, Deliver, Flow, Transform
from models.canonical.events import CloudEvent
from models.domain.outcomes import Acknowledgement, Done

BULK, PEOPLE = 100, 300
MOMENT = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


class MemoryTarget:
    """A target that takes postings into a dictionary: no network, so that only the engine is measured."""

    def __init__(self) -> None:
        self.config = SystemConfig("memory", "memory", Role.ERP, "memory:", policy=Policy(rate=0, concurrency=2))
        self.bulk_limit: Mapping[str, int] = {"time_entry": BULK}
        self.streams: Sequence[str] = ()
        self.snapshots: Sequence[str] = ()
        self.postings: dict[str, Acknowledgement] = {}

    def deliver(self, changes: Sequence[Change]) -> Sequence[Answer]:
        answers = [Acknowledgement("memory", f"M-{change.external_id}", {"state": "billed"}) for change in changes]
        self.postings.update({change.external_id: answer for change, answer in zip(changes, answers, strict=True)})
        return answers

    def find(self, changes: Sequence[Change]) -> Sequence[Acknowledgement | None]:
        return [self.postings.get(change.external_id) for change in changes]

    def state(self, change: Change) -> TargetState:
        return TargetState(None, {}, self.postings.get(change.external_id))

    def poll(self, stream: str, cursor: str | None, limit: int = 500) -> Page:
        return Page([], cursor or "")

    def snapshot(self, entity: str) -> Iterator[Observation]:
        return iter(())

    def check(self) -> str:
        return "in memory"

    def close(self) -> None:
        self.postings.clear()


def _posting(entry: dict[str, Any], context: Context) -> Change:
    body = {"hours": entry["hours"], "amount": entry["amount"], "charge_code": entry["charge_code"]}
    return Change(
        "post",
        "time_entry",
        f"TE-bench-{entry['ref']['id']}-v1",
        context.key("post"),
        body,
        {"project": entry["project_id"]},
    )


def bench_flow() -> Flow:
    """validate, enrich, post, acknowledge."""
    return Flow(
        name="bench-time-to-bill",
        version=1,
        triggers=("tieout.time_entry.approved",),
        steps=(
            Transform(
                "validate", lambda entry, context: Done({**entry, "project_id": "PRJ-" + entry["project_ref"]["id"]})
            ),
            Transform("enrich", lambda entry, context: Done({**entry, "amount": str(int(entry["hours"]) * 90)})),
            Deliver("post", Role.ERP, "time_entry", _posting, BULK),
            Transform(
                "acknowledge", lambda entry, context: Done({**entry, "posting": context.run.acks["post"]["system_id"]})
            ),
        ),
        aggregate=lambda event: event.subject,
        money=lambda entry: (entry["amount"], "EUR"),
    )


def bench_events(runs: int) -> list[CloudEvent]:
    """Approved time entries of three legal entities."""
    return [
        CloudEvent(
            id=f"bench-{n}",
            source="bench/time",
            type="tieout.time_entry.approved",
            subject=f"time_entry:TE-bench-{n}",
            time=MOMENT,
            dataschema="tieout:time_entry:1",
            legalentity=("NOV-DE", "NOV-UK", "NOV-US")[n % 3],
            data={
                "ref": {"system": "bench", "kind": "time_entry", "id": str(n)},
                "project_ref": {"system": "bench", "kind": "project", "id": str(n % 37)},
                "resource_ref": {"system": "bench", "kind": "resource", "id": str(n % PEOPLE)},
                "charge_code": f"PRJ-{n % 37}.010",
                "work_date": "2026-11-19",
                "hours": str(1 + n % 8),
                "notes": "worked on the thing that was asked for",
            },
        )
        for n in range(runs)
    ]
