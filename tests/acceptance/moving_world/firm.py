"""A firm whose world moves: connectors over HTTP, an engine, the collector's own decoding, marts, detectors, cases.

All in one process, so that hundreds of changes fit into minutes. What a kill leaves behind is there all the same: the
engine is thrown away between any two calls to a vendor, its leases run out, and another goes on.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pyarrow as pa
from sqlalchemy import text

from collectors.pipeline.observations import decode_observations
from collectors.pipeline.records import record_rows
from integrations.contracts import Connector, Role
from integrations.engine.engine import Engine
from integrations.engine.snapshotting import Snapshotting
from integrations.flows import flows
from models.derivation.refresh import refresh
from models.lake import journal_views
from tests.acceptance.flows.house import House, open_house
from tests.catalogues import demonstration
from tests.detecting import reported
from tests.unit.cases.lakes import Lake, _micros


class Killed(BaseException):
    """The engine's process is gone; nothing of ours may catch it."""


class MovingFirm:
    """`house` are the vendors and the engine; `look` lets the collector see everything and judge it."""

    def __init__(self, house: House) -> None:
        self.house, self.lake = house, Lake()
        self._position = 0
        transport = httpx.MockTransport(self._collect)
        self._snapshots = Snapshotting(
            house.journal, house.clock, "http://collector", httpx.Client(transport=transport)
        )

    def pass_time(self, **span: float) -> None:
        self.house.clock.at += timedelta(**span)

    def settle(self) -> None:
        """The engine works until nothing moves; a second of world time passes between its rounds."""
        self.house.settle(rounds=4)

    def kill(self, after: int) -> None:
        """End the engine in the midst of its work, after so many calls to vendors; another takes over."""
        with _dying(self.house.connectors.values(), after):
            try:
                self.house.settle(rounds=2)
            except Killed:
                self._succeed()

    def _succeed(self) -> None:
        """A new engine on the same journal, once the dead one's leases have run out."""
        self.pass_time(seconds=60)
        dead = self.house.engine
        self.house.engine = Engine(
            self.house.journal,
            flows(),
            self.house.connectors,
            self.house.clock,
            catalogue=demonstration(),
            chance=lambda: 0.0,
        )
        dead.worker.stopping.set()

    def look(self) -> None:
        """A snapshot of every system, the journal's feed, marts, detectors and cases: as of now."""
        for connector in self.house.connectors.values():
            self._snapshots.take(connector)
        self._copy_feed()
        self._copy_journal()
        catalogue = demonstration()
        refresh(self.lake.connection, catalogue.reporting_currency, self.house.clock, catalogue.service_levels)
        found = reported(self.lake.connection, self.house.journal, self.house.clock)
        assert not found.failed, found.failed

    def rows(self, sql: str) -> list[dict[str, Any]]:
        return self.lake.rows(sql)

    def open_findings(self) -> list[dict[str, Any]]:
        """Every finding that stands, with its case's cause."""
        query = text(
            "select f.*, c.cause, c.legal_entity, c.money_kind from finding f join case_ c using (case_id) "
            "where f.resolved_at is null"
        )
        with self.house.journal.engine.connect() as connection:
            return [dict(row) for row in connection.execute(query).mappings()]

    def _collect(self, request: httpx.Request) -> httpx.Response:
        received = int(self.house.clock.at.timestamp() * 1_000_000)
        decoded = decode_observations([gzip.decompress(request.content)], [received])
        assert not decoded.refusals, decoded.refusals
        self._append("observations", decoded.table)
        return httpx.Response(200)

    def _copy_feed(self) -> None:
        while pages := self.house.journal.feed.read(self._position, 500):
            rows = record_rows([record for page in pages for record in page.records], self.house.clock.at)
            for name, table in rows.batch("feed", pages[-1].position).items():
                self._append(name, table)
            self._position = pages[-1].position

    def _copy_journal(self) -> None:
        """What the marts read of the journal, as the collector's DuckDB shows it to them."""
        for table, columns in (journal_views.VIEWS[name] for name in ("runs", "extracts")):
            with self.house.journal.engine.connect() as connection:
                found = connection.execute(text(f'SELECT * FROM "{table}"')).mappings().all()
            kept = [{name: _plain(row[name], kind) for name, kind in columns.items()} for row in found]
            self.lake.connection.execute(f"DELETE FROM journal.main.{table}")
            if kept:
                self.lake.connection.register("kept", pa.Table.from_pylist(kept))
                names = ", ".join(columns)
                self.lake.connection.execute(f"INSERT INTO journal.main.{table} ({names}) SELECT {names} FROM kept")

    def _append(self, name: str, table: pa.Table) -> None:
        self.lake.batch += 1
        self.lake.connection.register("landing", table)
        columns = ", ".join(table.column_names)
        self.lake.connection.execute(
            f"INSERT INTO lake.main.{name} (batch_id, n, {columns}) "
            f"SELECT {self.lake.batch}, row_number() OVER () - 1, {columns} FROM landing"
        )


def _plain(value: Any, kind: str) -> Any:
    return _micros(value) if kind == "TIMESTAMPTZ" and isinstance(value, datetime) else value


@contextmanager
def _dying(connectors: Any, after: int) -> Iterator[None]:
    """Until the block ends, the call to a vendor after `after` others kills whoever made it, when it has been done."""
    left = [after]
    taken: list[tuple[Connector, str, Any]] = []

    def mortal(call: Any) -> Any:
        def counted(*args: Any, **kwargs: Any) -> Any:
            left[0] -= 1
            if left[0] < -1:
                raise Killed
            answer = call(*args, **kwargs)
            if left[0] < 0:
                raise Killed
            return answer

        return counted

    for connector in connectors:
        for name in ("deliver", "find", "poll"):
            if hasattr(connector, name):
                taken.append((connector, name, getattr(connector, name)))
                setattr(connector, name, mortal(getattr(connector, name)))
    try:
        yield
    finally:
        for connector, name, call in taken:
            setattr(connector, name, call)


@contextmanager
def moving_firm(folder: Path, others: Mapping[Role, Any] | None = None) -> Iterator[MovingFirm]:
    """A firm in `folder`, closed at the end of the block."""
    with open_house(folder, others) as house:
        yield MovingFirm(house)
