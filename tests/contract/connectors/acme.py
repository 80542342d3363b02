"""A connector as somebody else would write it: a package of its own distribution, on the nouns that all share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from integrations.connectors.bearer import Bearer
from integrations.connectors.http import HttpClient
from integrations.connectors.rows import Row
from integrations.connectors.targets import only, unable, unreadable
from integrations.contracts.connector import Answer, Change, Observation, Page, SystemConfig, TargetState
from models.domain.clock import Clock
from models.domain.errors import Misconfigured, Unmappable


class Acme:
    """Projects of a planning tool, read only."""

    streams: Sequence[str] = ()
    snapshots = ("project",)
    bulk_limit: Mapping[str, int] = {}

    def __init__(self, config: SystemConfig, clock: Clock) -> None:
        self.config = config
        self._http = HttpClient(config, clock, Bearer(lambda: config.credentials["token"]))

    def poll(self, stream: str, cursor: str | None, limit: int = 500) -> Page:
        only(stream, self.streams, self.config.name)
        return Page((), cursor or "")

    def snapshot(self, entity: str) -> Iterator[Observation]:
        only(entity, self.snapshots, self.config.name)
        for raw in self._rows():
            yield unreadable(entity, raw, "key", project)

    def deliver(self, changes: Sequence[Change]) -> Sequence[Answer]:
        return [unable(one, (), self.config.name) or Misconfigured("read only") for one in changes]

    def find(self, changes: Sequence[Change]) -> Sequence[None]:
        return [None for _ in changes]

    def state(self, change: Change) -> TargetState:
        return TargetState(None, {})

    def check(self) -> str:
        self._rows()
        return f"{self.config.name} lists its projects"

    def close(self) -> None:
        self._http.close()

    def _rows(self) -> list[Mapping[str, Any]]:
        reply = self._http.read("/v2/plans")
        if not reply.ok:
            raise self._http.fault(reply, "") or Misconfigured(f"{self.config.name} answered {reply.status}")
        body = reply.json()
        if not isinstance(body, Mapping) or not isinstance(body.get("plans"), list):
            raise Unmappable(f"{self.config.name} sent no plans", "plans", code="bad-payload")
        return body["plans"]


def project(raw: Mapping[str, Any]) -> Observation:
    row = Row(raw)
    return Observation("project", row.text("key"), row.text("key"), {"name": row.text("title")})


CONNECTOR = Acme
