"""Detectors' reports become cases: what is found opens or feeds a case, what is no longer found resolves by itself."""

from __future__ import annotations

import hashlib
import math
import threading
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from typing import Any, Protocol

import sqlalchemy as sa

from models.domain.clock import Clock
from models.domain.finding import Finding
from models.domain.record import Record
from models.journal.cases.difference import Difference, active, contradicted, due
from models.journal.cases.identities import identities_of
from models.journal.cases.marks import RATES, marks_of, set_marks, set_rates
from models.journal.cases.moves import moved
from models.journal.cases.settling import settled
from models.journal.cases.wanted import Wanted
from models.journal.database import reading
from models.journal.writing import writing

_REPORT_LOCK = 0x71E0_0CA5  # advisory lock on PostgreSQL: two collectors never write a part at once
COMPARED_SECONDS = 3600.0
"""After so many wall seconds a detector's findings are compared with the journal's one by one, news or none."""


class FeedWriter(Protocol):
    """What cases and requests need of the journal's feed."""

    def append(self, connection: sa.Connection, records: Sequence[Record]) -> Any: ...


class CaseReport:
    """The writing half that detectors use. It costs what changed: what was found is compared outside any transaction
    that writes, and written in short ones.
    """

    def __init__(self, engine: sa.Engine, clock: Clock, feed: FeedWriter) -> None:
        self._engine, self._clock, self._feed = engine, clock, feed
        self._rates: dict[str, Decimal] = {}
        self._one_report = threading.Lock()
        self._compared: dict[str, float] = {}

    def report(self, detector: str, findings: Sequence[Finding], rates: Mapping[str, Decimal] | None = None) -> None:
        """Make the open findings of one detector exactly `findings`. Safe to repeat."""
        self.report_all({detector: findings}, rates)

    def report_all(self, reports: Mapping[str, Sequence[Finding]], rates: Mapping[str, Decimal] | None = None) -> None:
        """Make the open findings of several detectors exactly what each found.

        Each case all or nothing, so that a subject which moves from one detector to another neither resolves nor
        reopens it; what an end in between leaves, the next report writes. `rates` are units of the reporting currency
        for one unit of each currency; without them the last ones stay in use.
        """
        with self._one_report:
            if rates is not None:
                self._rates = dict(rates)
            while not self._brought(reports, rates is not None):
                pass

    def _brought(self, reports: Mapping[str, Sequence[Finding]], priced: bool) -> bool:
        """Whether the journal says what was found; not where another collector wrote in between."""
        now = self._clock.now()
        with reading(self._engine) as connection:
            identities = identities_of(connection)
        wanted = Wanted(reports, identities, self._rates)
        final = wanted.digests | ({RATES: _digest(self._rates)} if priced else {})
        with reading(self._engine) as connection:
            marks = marks_of(connection, final)
            overdue = self._not_compared_lately(wanted.digests)
            news = [name for name, digest in final.items() if marks.get(name) != digest or name in overdue]
            difference = Difference(connection, wanted, [name for name in news if name != RATES])
            also = due(connection, now) | (active(connection) if RATES in news else set())
            also |= contradicted(connection, thorough=bool(overdue))
        token = f"writing {uuid.uuid4().hex}"
        for part in difference.parts(also):
            with self._writing(news, marks, token) as writes:
                if writes is None:
                    return False
                moved(writes, part, difference, wanted, now)
                if records := settled(writes, part, difference.fed, self._rates, now):
                    self._feed.append(writes, records)
            marks = dict.fromkeys(news, token)
        if news:
            with self._writing(news, marks, token) as writes:
                if writes is None:
                    return False
                set_marks(writes, {name: final[name] for name in news})
                if RATES in news:
                    set_rates(writes, self._rates)
        self._compared |= dict.fromkeys(overdue, time.monotonic())
        return True

    def _not_compared_lately(self, detectors: Iterable[str]) -> set[str]:
        """Detectors whose findings are held against the journal's, whatever its mark says: a hand that closed findings
        by SQL left the mark as it was.
        """
        late = time.monotonic() - COMPARED_SECONDS
        return {name for name in detectors if self._compared.get(name, -math.inf) <= late}

    @contextmanager
    def _writing(self, news: Sequence[str], marks: Mapping[str, str], token: str) -> Iterator[sa.Connection | None]:
        """A transaction for one part; None where somebody else has reported since `marks` were read."""
        with writing(self._engine) as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_REPORT_LOCK)))
            standing = marks_of(connection, news)
            if standing != {name: marks[name] for name in news if name in marks}:
                yield None
                return
            if standing != dict.fromkeys(news, token):
                set_marks(connection, dict.fromkeys(news, token))
            yield connection


def _digest(rates: Mapping[str, Decimal]) -> str:
    return hashlib.sha256(repr(sorted(rates.items())).encode()).hexdigest()[:16]
