"""The journal's feed reaches the lake in batches named by position, once (C5, C6, X9)."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from collectors.pipeline.commits import Commits
from collectors.receivers.journal_feed import FeedReceiver
from models.domain.clock import SystemClock
from models.domain.record import Record, RecordKind
from tests.unit.collect.memory_lake import MemoryLake

pytestmark = pytest.mark.req("C5", "C6", "X9")
AT = datetime(2026, 1, 31, 8, tzinfo=UTC)


@dataclass
class Page:
    position: int
    records: list[Record]


@dataclass
class Feed:
    pages: list[Page] = field(default_factory=list)
    confirmed: list[int] = field(default_factory=list)
    trimmed: int = 0

    def read(self, after, limit):
        return [page for page in self.pages if page.position > after][:limit]

    def confirm(self, consumer, position):
        self.confirmed.append(position)

    def prove(self, consumer, position):
        self.proven = position

    def trim(self):
        self.trimmed += 1


@dataclass
class Lease:
    owner: str | None = None

    def hold(self, name, owner, seconds):
        self.owner = self.owner or owner
        return self.owner == owner

    def release(self, name, owner):
        self.owner = None if self.owner == owner else self.owner


def receiver(feed, lake, lease=None, owner="one"):
    return FeedReceiver(feed, lease or Lease(), owner, Commits(lambda: lake), SystemClock(), 0.01)


def until(holds):
    pause = threading.Event()
    for _ in range(500):
        if holds():
            return
        pause.wait(0.01)
    raise AssertionError("it did not come to be within 5 s")


def record(name, **fields):
    return Record(RecordKind.OPERATOR_ACTION, AT, record_id=name, **fields)


def test_a_batch_is_named_by_the_position_it_ends_at_and_confirmed_after_the_commit():
    lake, feed = MemoryLake(), Feed([Page(3, [record("a"), record("b")]), Page(9, [record("c")])])
    assert receiver(feed, lake).copy() is False, "nothing more waits"
    assert list(lake.batches) == [("feed", 9)] and feed.confirmed == [9]
    assert [row["record_id"] for row in lake.rows("records")] == ["a", "b", "c"]


def test_a_page_with_nothing_to_store_is_confirmed_all_the_same():
    lake, feed = MemoryLake(), Feed([Page(1, [])])
    receiver(feed, lake).copy()
    assert not lake.batches and feed.confirmed == [1]


def test_a_successor_goes_on_where_the_lake_says_even_when_the_confirmation_was_lost():
    lake, feed = MemoryLake(), Feed([Page(1, [record("a")])])
    receiver(feed, lake).copy()
    feed.pages.append(Page(2, [record("b")]))
    feed.confirmed.clear()
    successor = receiver(feed, lake)
    successor.start()
    until(lambda: feed.confirmed)
    successor.stop(5)
    assert [row["record_id"] for row in lake.rows("records")] == ["a", "b"]
    assert feed.confirmed == [2]


def test_a_journal_that_cannot_be_read_is_tried_again():
    class Failing(Feed):
        calls = 0

        def read(self, after, limit):
            self.calls += 1
            if self.calls == 1:
                raise OSError("database is locked")
            return super().read(after, limit)

    feed = Failing([Page(1, [record("a")])])
    running = receiver(feed, MemoryLake())
    running.start()
    until(lambda: feed.confirmed and running.fault is None)
    running.stop(5)
    assert feed.confirmed == [1] and feed.calls > 1


@pytest.mark.req("M4", "G3")
def test_records_keep_exact_money_and_hide_credentials():
    lake = MemoryLake()
    body = {"headers": {"Authorization": "Bearer hidden"}, "hours": Decimal("7.50"), "at": AT}
    feed = Feed([Page(1, [record("a", amount=Decimal("1234.5"), currency="EUR", actor="kim", body=body)])])
    receiver(feed, lake).copy()
    (row,) = lake.rows("records")
    assert (row["amount"], row["currency"], row["actor"], row["kind"]) == (
        Decimal("1234.50"),
        "EUR",
        "kim",
        "operator_action",
    )
    assert "hidden" not in row["body"] and '"hours":"7.50"' in row["body"]


@pytest.mark.req("N4")
def test_a_record_that_does_not_fit_goes_to_the_quarantine_and_holds_up_nothing():
    lake = MemoryLake()
    feed = Feed([Page(1, [record("a"), record("huge", amount=Decimal(10) ** 30), record("b")])])
    receiver(feed, lake).copy()
    assert [row["record_id"] for row in lake.rows("records")] == ["a", "b"]
    (refused,) = lake.rows("quarantine")
    assert refused["receiver"] == "feed" and '"huge"' in refused["content"]


@pytest.mark.req("C8", "E9")
def test_one_collector_copies_at_a_time_and_another_takes_over_where_it_ended():
    lake, lease, feed = MemoryLake(), Lease(), Feed([Page(1, [record("a")])])
    first, second = receiver(feed, lake, lease), receiver(feed, lake, lease, "two")
    first.copy()
    feed.pages.append(Page(2, [record("b")]))
    assert second.copy() is False and len(lake.rows("records")) == 1
    lease.release("feed", "one")
    second.copy()
    assert [row["record_id"] for row in lake.rows("records")] == ["a", "b"]


def test_an_append_whose_answer_was_lost_is_looked_up_and_not_repeated():
    class Forgetful(MemoryLake):
        def append(self, tables, writer, number):
            super().append(tables, writer, number)
            raise OSError("the answer was lost")

    lake, feed = Forgetful(), Feed([Page(1, [record("a")])])
    copying = receiver(feed, lake)
    copying.copy()
    feed.pages.append(Page(2, [record("b")]))
    copying.copy()
    assert [row["record_id"] for row in lake.rows("records")] == ["a", "b"]
