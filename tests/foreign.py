"""Telemetry of flows that run elsewhere, as the collector keeps it, for tests: a lake to which spans and logs come."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

from models.catalogue import Elsewhere
from models.derivation.refresh import refresh
from models.derivation.trying import tried
from tests.unit.cases.lakes import NOW, Lake

TRACE = "0af7651916cd43dd8448eb211c80319c"


def at(minutes: float) -> datetime:
    """A moment of the engine's clock."""
    return NOW + timedelta(minutes=minutes)


class ForeignLake(Lake):
    """Each span and log comes in a batch of its own, `heard` by the collector when it ends unless told otherwise."""

    def __init__(self, elsewhere: Elsewhere) -> None:
        super().__init__()
        self.elsewhere = elsewhere

    def span(
        self,
        name: str,
        span_id: str,
        parent: str = "",
        begin: float = 0,
        end: float = 1,
        trace: str = TRACE,
        service: str = "n8n",
        error: str | None = None,
        resource: dict[str, Any] | None = None,
        heard: float | None = None,
        status: int = 0,
        scope: str = "",
        **attributes: Any,
    ) -> None:
        """Minutes on the engine's clock; attributes as `n8n__workflow__name`, or a mapping under `more`."""
        self.batch += 1
        more = attributes.pop("more", {})
        events = [{"name": "exception", "attributes": {"exception.message": error, "exception.type": "NodeApiError"}}]
        self._insert(
            "lake.main.spans",
            {
                "batch_id": self.batch,
                "n": 0,
                "trace_id": trace,
                "span_id": span_id,
                "parent_span_id": parent,
                "name": name,
                "service_name": service,
                "start_time": at(begin),
                "end_time": at(end),
                "duration_us": round((end - begin) * 60_000_000),
                "status_code": 2 if error else status,
                "status_message": "",
                "attributes": json.dumps({**{key.replace("__", "."): one for key, one in attributes.items()}, **more}),
                "resource": json.dumps(resource or {}),
                "scope_name": scope,
                "events": json.dumps(events if error else []),
                "recorded_at": at(end if heard is None else heard),
            },
        )

    def log(self, body: str, minute: float = 0, trace: str = "", service: str = "script", **columns: Any) -> None:
        self.batch += 1
        attributes = columns.pop("attributes", {})
        row = {"batch_id": self.batch, "n": 0, "time": at(minute), "body": body, "trace_id": trace, "span_id": ""}
        more = {"service_name": service, "attributes": json.dumps(attributes), "recorded_at": at(minute)}
        self._insert("lake.main.logs", {**row, **more, "resource": "{}", **columns})

    def derived(self) -> ForeignLake:
        refresh(self.connection, "EUR", Stopped(), elsewhere=self.elsewhere)
        return self

    def runs(self, *columns: str) -> list[tuple[Any, ...]]:
        """These columns of the runs that the rules make of all that came, by when they began."""
        return self._made("mart_foreign_run", "started_at", columns)

    def failures(self, *columns: str) -> list[tuple[Any, ...]]:
        """The same of what is not mended, by when it failed."""
        return self._made("mart_foreign_failure", "failed_at", columns)

    def _made(self, name: str, first: str, columns: tuple[str, ...]) -> list[tuple[Any, ...]]:
        made = tried(self.elsewhere, self.rows("SELECT * FROM spans"), self.rows("SELECT * FROM logs"))[name]
        return [
            tuple(row[one] for one in columns) for row in sorted(made, key=lambda row: (row[first], row["run_key"]))
        ]


class Stopped:
    def now(self) -> datetime:
        return NOW
