"""A journal with only the tables of cases and requests, a clock that the test moves, and a feed that keeps what it is
given.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

import models.journal.cases.tables  # noqa: F401
from models.journal.cases.cases import Cases
from models.journal.metadata import metadata
from models.journal.requests.requests import Requests
from tests.derived import only_what_is_asked  # noqa: F401


class HandClock:
    def __init__(self) -> None:
        self.moment = datetime(2026, 9, 1, 8, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.moment

    def pass_by(self, **span: float) -> None:
        self.moment += timedelta(**span)


class KeptFeed:
    def __init__(self) -> None:
        self.records: list = []

    def append(self, connection: sa.Connection, records) -> None:
        assert connection.in_transaction(), "records must join the transaction of the change they tell of"
        self.records.extend(records)


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def feed() -> KeptFeed:
    return KeptFeed()


@pytest.fixture
def engine(tmp_path):
    made = sa.create_engine(f"sqlite:///{tmp_path / 'journal.sqlite'}")
    metadata.create_all(
        made,
        tables=[
            metadata.tables[name]
            for name in (
                "case_",
                "finding",
                "report",
                "case_event",
                "request",
                "run",
                "approval",
                "fx_rate",
                "write_off",
            )
        ],
    )
    yield made
    made.dispose()


@pytest.fixture
def cases(engine, clock, feed) -> Cases:
    return Cases(engine, clock, feed)


@pytest.fixture
def requests(engine, clock, feed) -> Requests:
    numbers = iter(range(1, 1000))
    return Requests(engine, clock, feed, identity=lambda: f"request-{next(numbers)}", wall=clock.now)
