"""The portfolio connector: conditional upserts of projects and budgets by code, of actuals and progress by our own id;
forecasts and targets are only read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from integrations.connectors.ppm import actuals, mapping
from integrations.connectors.ppm.client import PortfolioClient
from integrations.connectors.rows import jsonable
from integrations.connectors.targets import aligned, answers_of, body_of, holds, only, unreadable
from integrations.contracts.connector import Answer, Change, Observation, Page, SystemConfig, TargetState
from models.domain.clock import Clock
from models.domain.errors import TieoutError
from models.domain.outcomes import Acknowledgement

KIND = {"project": "projects", "budget": "budgets", "actual": "actuals", "progress": "progress"}
WRITABLE = frozenset(("upsert", entity) for entity in KIND)
RECORD: dict[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
    "project": mapping.project_record,
    "budget": mapping.budget_record,
}
SOURCED: dict[str, Callable[[str, Mapping[str, Any]], dict[str, Any]]] = {
    "actual": actuals.actual_record,
    "progress": actuals.progress_record,
}
"""What the portfolio keeps under the id that its sender gave."""
OBSERVED: dict[str, tuple[str, Callable[[Mapping[str, Any]], Observation]]] = {
    "project": ("projects", mapping.project_observation),
    "budget": ("budgets", mapping.budget_observation),
    "forecast": ("forecasts", mapping.forecast_observation),
    "revenue_target": ("targets", mapping.target_observation),
    "actual": ("actuals", actuals.actual_observation),
    "progress": ("progress", actuals.progress_observation),
}
Write = tuple[str, str, dict[str, Any]]


class Portfolio:
    """PPM. A project or budget is found by its code, since the portfolio knows no other key."""

    streams: Sequence[str] = ()
    snapshots = tuple(OBSERVED)
    bulk_limit: Mapping[str, int] = dict.fromkeys(KIND, 1)

    def __init__(self, config: SystemConfig, clock: Clock) -> None:
        self.config = config
        self._client = PortfolioClient(config, clock)

    def poll(self, stream: str, cursor: str | None, limit: int = 500) -> Page:
        only(stream, self.streams, self.config.name)
        return Page((), cursor or "")

    def snapshot(self, entity: str) -> Iterator[Observation]:
        kind, make = OBSERVED[only(entity, self.snapshots, self.config.name)]
        for raw in self._client.all(kind, optional=entity in SOURCED):
            yield unreadable(entity, raw, "sourceId" if entity in SOURCED else "code", make)

    def deliver(self, changes: Sequence[Change]) -> Sequence[Answer]:
        return answers_of(
            changes,
            WRITABLE,
            self.config.name,
            _write,
            lambda writes, keys: [self._put(write, key) for write, key in zip(writes, keys, strict=True)],
        )

    def find(self, changes: Sequence[Change]) -> Sequence[Acknowledgement | None]:
        return [self._found(change) if (change.action, change.entity) in WRITABLE else None for change in changes]

    def state(self, change: Change) -> TargetState:
        kind, code, wanted = _write(change)
        found = self._client.one(kind, code)
        wanted = jsonable(wanted)
        if found is None:
            return TargetState(None, wanted)
        return TargetState(
            aligned(jsonable(found[0]), wanted), wanted, Acknowledgement(self.config.name, code, jsonable(found[0]))
        )

    def check(self) -> str:
        next(self._client.all("projects"), None)
        return f"{self.config.name} answers and lists projects"

    def close(self) -> None:
        self._client.close()

    def _found(self, change: Change) -> Acknowledgement | None:
        """The object counts once it holds what the change would write."""
        state = self.state(change)
        return state.ack if holds(state.current, state.wanted) else None

    def _put(self, write: Write, key: str) -> Answer:
        """Bring one object up to date under its entity tag, so that a concurrent edit is never overwritten unseen."""
        kind, code, record = write
        try:
            found = self._client.one(kind, code)
            stored, created = self._client.put(kind, code, record, found[1] if found else None, key)
        except TieoutError as error:
            return error
        return Acknowledgement(self.config.name, code, jsonable(stored), created=created)


def _write(change: Change) -> Write:
    if made := SOURCED.get(change.entity):
        return KIND[change.entity], change.external_id, made(change.external_id, body_of(change))
    record = RECORD[change.entity](body_of(change))
    return KIND[change.entity], str(record["code"]), record
