"""The Workday connector: workers by transaction-log window, each window pinned to one moment over all its pages; time
off and holidays by reports.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from integrations.connectors.rows import Reading, Row, ignored
from integrations.connectors.targets import only, unable, unreadable
from integrations.connectors.workday import mapping
from integrations.connectors.workday.client import WorkdayClient, WorkerPage
from integrations.contracts.connector import Answer, Change, Observation, Page, SystemConfig, TargetState
from models.domain.clock import Clock
from models.domain.errors import Misconfigured, Unmappable
from models.domain.outcomes import Acknowledgement

LARGEST = 999
REPORTS = {
    "leave": ("leave_report", mapping.leave_observation),
    "holiday": ("holiday_report", mapping.holiday_observation),
}
"""Entity -> the option that names its report, and how a row of it is read."""
SEEN_BACK = timedelta(days=400)
"""How far back days off are read: what a year's figures and the month before it need."""


@dataclass(frozen=True, slots=True)
class Window:
    """Where a reading stands: entered after `since` (None: from the beginning), as of `through` (None: not begun), next
    page.
    """

    since: str | None = None
    through: str | None = None
    page: int = 1
    count: int = 0

    @classmethod
    def parse(cls, cursor: str | None) -> Window:
        """Raises Misconfigured when the cursor was not written by `text()`."""
        try:
            return cls(**json.loads(cursor)) if cursor else cls()
        except (ValueError, TypeError) as error:
            raise Misconfigured(
                f"the cursor {str(cursor)[:80]!r} is unreadable ({error}): reset the stream's cursor to begin again"
            ) from error

    def text(self) -> str:
        return json.dumps({"since": self.since, "through": self.through, "page": self.page, "count": self.count})


class Workday:
    """HCM, read-only. Options: tenant or service (path of the SOAP service), cost_plan (id of the cost-rate plan),
    leave_report and holiday_report (`<owner>/<report>`): what is not named is not read.
    """

    streams = ("workers",)
    bulk_limit: Mapping[str, int] = {}

    def __init__(self, config: SystemConfig, clock: Clock) -> None:
        self.config, self._clock = config, clock
        self._client = WorkdayClient(config, clock)
        self.snapshots = (
            "resource",
            *(entity for entity, (option, _) in REPORTS.items() if config.options.get(option)),
        )
        self._seen: dict[int, tuple[WorkerPage, list[Observation]]] = {}
        self._plan = str(config.options.get("cost_plan", mapping.PLAN))

    def poll(self, stream: str, cursor: str | None, limit: int = 500) -> Page:
        only(stream, self.streams, self.config.name)
        window = Window.parse(cursor)
        through = window.through or self._now()
        # Pages are numbered, so their size must stay what it was when the window was begun.
        count = window.count if window.through else max(1, min(limit, LARGEST))
        found = self._client.workers(window.since, through, window.page, count)
        reading = Reading(ignored=ignored(self.config.options))
        for worker in found.workers:
            self._read(reading, worker, window.since, datetime.fromisoformat(through))
        more = window.page < found.pages
        following = Window(window.since, through, window.page + 1, count) if more else Window(since=through)
        return Page(reading.events, following.text(), more, reading.rejected, reading.seen)

    def snapshot(self, entity: str) -> Iterator[Observation]:
        only(entity, self.snapshots, self.config.name)
        yield from self._reported(entity) if entity in REPORTS else self._workers()

    def _reported(self, entity: str) -> Iterator[Observation]:
        option, make = REPORTS[entity]
        since = (self._clock.now() - SEEN_BACK).date()
        for row in self._client.report(str(self.config.options[option]), since):
            known = {**row, "@": f"{row.get('Employee_ID') or row.get('Company')}:{row.get('Date')}"}
            yield unreadable(entity, known, "@", make)

    def _workers(self) -> Iterator[Observation]:
        through, page, pages = self._now(), 0, 1
        while (page := page + 1) <= pages:
            found = self._client.workers(None, through, page, 200)
            pages = found.pages
            if page not in self._seen or self._seen[page][0] is not found:
                self._seen[page] = found, [self._observed(worker) for worker in found.workers]
            yield from self._seen[page][1]

    def _observed(self, worker: Mapping[str, Any]) -> Observation:
        return unreadable(
            "resource",
            {**worker, "@": _number(worker)},
            "@",
            lambda raw: mapping.resource_observation(
                self.config.name, {name: value for name, value in raw.items() if name != "@"}, self._plan
            ),
        )

    def deliver(self, changes: Sequence[Change]) -> Sequence[Answer]:
        return [self._refusal(change) for change in changes]

    def find(self, changes: Sequence[Change]) -> Sequence[Acknowledgement | None]:
        return [None for _ in changes]

    def state(self, change: Change) -> TargetState:
        raise self._refusal(change)

    def check(self) -> str:
        found = self._client.workers(None, self._now(), 1, 1)
        return f"{self.config.name} answers; it has {found.pages} workers"

    def close(self) -> None:
        self._client.close()

    def _now(self) -> str:
        return self._clock.now().replace(microsecond=0).isoformat()

    def _read(self, reading: Reading, worker: Mapping[str, Any], since: str | None, seen_at: datetime) -> None:
        number = _number(worker)
        reading.drift(number, worker, list(mapping.unknown(worker)))
        reading.take(
            number, worker, lambda: mapping.resource_event(self.config.name, worker, since, seen_at, self._plan)
        )

    def _refusal(self, change: Change) -> Misconfigured:
        return unable(change, (), self.config.name) or Misconfigured(
            f"{self.config.name} is read-only: name another role in the flow"
        )


def _number(worker: Mapping[str, Any]) -> str:
    try:
        ids = mapping.ids_of(Row(worker, sparse=True).child("Worker_Reference"))
    except Unmappable:
        ids = {}
    return ids.get("Employee_ID") or ids.get("Contingent_Worker_ID") or ids.get("WID") or "unknown"
