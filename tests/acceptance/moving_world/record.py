"""The collector's side of a moving firm: a lake in memory, what it receives, and what it makes of that."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any

import httpx
import pyarrow as pa
from sqlalchemy import text

from collectors.detection import turn_of
from collectors.detectors.run import Detectors
from collectors.pipeline.observations import decode_observations
from collectors.pipeline.records import record_rows
from integrations.engine.snapshotting import Snapshotting
from models.catalogue import Books
from models.derivation.refresh import refresh
from models.domain.periods import FiscalYear
from models.lake import journal_views
from tests.acceptance.flows.house import Hand
from tests.catalogues import demonstration
from tests.unit.cases.lakes import Lake, _micros

JUDGED = ("runs", "extracts", "streams", "cases", "findings", "write_offs")
"""What the marts read of the journal, as the collector's DuckDB shows it to them."""

TURNS = 6


def books() -> Books:
    """The demonstration's, but in London the year has quarters of four, four and five weeks."""
    held = demonstration().books
    london = held.legal_entities["NOV-UK"]
    weeks = replace(london.calendar, year=FiscalYear("4-4-5", 12, 5))
    return replace(held, legal_entities={**held.legal_entities, "NOV-UK": replace(london, calendar=weeks)})


class Record:
    """`snapshots` sends to it; `judge` brings marts, findings and cases up to now."""

    def __init__(self, journal: Any, clock: Hand) -> None:
        self._journal, self._clock, self.lake = journal, clock, Lake()
        self.lake.connection.execute("SET threads = 1")
        self._position = 0
        self._dies: list[int | bool] = []
        transport = httpx.MockTransport(self._collect)
        self.snapshots = Snapshotting(journal, clock, "http://collector", httpx.Client(transport=transport))

    def judge(self) -> None:
        """Turns of marts, detectors and cases until they say the same twice: a case moves what marts say of its work,
        and that what other detectors find.
        """
        detectors, reported = Detectors(self.lake.connection, self._clock, self._clock), dict[str, str]()
        for _ in range(TURNS):
            moved = self._refresh()
            turn = turn_of(self._journal, demonstration().service_levels, reported)
            found = detectors.found(turn, moved)
            assert not found.failed, found.failed
            self._journal.cases.report_all(found.findings, found.rates)
            reported |= found.digests
            self.copy_feed()
            if not found.findings:
                return
        raise AssertionError(f"cases never come to rest: {sorted(found.findings)}")

    def restart(self) -> None:
        """What a collector that is started again has: the lake, and nothing that it made of it."""
        self.lake.connection.execute("DETACH DATABASE IF EXISTS derived")

    def rows(self, sql: str) -> list[dict[str, Any]]:
        return self.lake.rows(sql)

    def copy_feed(self) -> None:
        while pages := self._journal.feed.read(self._position, 500):
            rows = record_rows([record for page in pages for record in page.records], self._clock.at)
            for name, table in rows.batch("feed", pages[-1].position).items():
                self._append(name, table)
            self._position = pages[-1].position

    @contextmanager
    def dying(self, after: int, kept: bool) -> Iterator[None]:
        """Until the block ends, the request after `after` others gets no answer, and neither does any after it."""
        self._dies = [after, kept]
        try:
            yield
        finally:
            self._dies = []

    def _collect(self, request: httpx.Request) -> httpx.Response:
        dies = bool(self._dies) and self._dies[0] <= 0
        if self._dies:
            self._dies[0] -= 1
        if not dies or self._dies[1]:
            self._receive(gzip.decompress(request.content))
        if dies:
            self._dies[1] = False
            raise httpx.ReadError("the collector is gone", request=request)
        return httpx.Response(200)

    def _receive(self, body: bytes) -> None:
        received = int(self._clock.at.timestamp() * 1_000_000)
        decoded = decode_observations([body], [received])
        assert not decoded.refusals, decoded.refusals
        self._append("observations", decoded.table)

    def _refresh(self) -> frozenset[str]:
        self._copy_journal()
        catalogue = demonstration()
        levels = catalogue.service_levels
        return refresh(self.lake.connection, catalogue.reporting_currency, self._clock, levels, books())

    def _copy_journal(self) -> None:
        for table, columns in (journal_views.VIEWS[name] for name in JUDGED):
            with self._journal.engine.connect() as connection:
                found = connection.execute(text(f'SELECT * FROM "{table}"')).mappings().all()
            kept = [{name: _plain(row.get(name), kind) for name, kind in columns.items()} for row in found]
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
