"""What came decides what is derived: nothing where nothing came, never less than from nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest

from models.derivation import deriving
from models.derivation import refresh as refreshing
from models.derivation.refresh import refresh
from models.journal import open_journal
from models.lake.connection import connect
from models.lake.writer import open_writer
from tests.unit.cases.lakes import NOW, Lake, hours_ago, money
from tests.unit.lake.samples import HandClock, records, settings_at


class Hand:
    def __init__(self) -> None:
        self.moment = NOW

    def now(self) -> datetime:
        return self.moment


@pytest.fixture
def clock() -> Hand:
    return Hand()


@pytest.fixture
def derived(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the marts in the order in which they are derived."""
    told: list[str] = []
    derive = deriving._Derivation._derive

    def derived_one(self: Any, mart: Any, due: Any) -> None:
        told.append(mart.name)
        derive(self, mart, due)

    monkeypatch.setattr(deriving._Derivation, "_derive", derived_one)
    return told


@contextmanager
def idle(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as patch:
        patch.setattr(refreshing, "IDLE_SECONDS", 0)
        yield


def entry(lake: Lake, number: int, **changed: Any) -> None:
    fields = {"time_entry_id": f"TE-{number}", "project_code": "PRJ-1", "hours": "8.00", "work_date": "2026-09-20"}
    lake.observe(
        "kantata",
        "time_entry",
        f"TE-{number}",
        **{**fields, "bill_rate": money("100.00"), "approval": "approved", **changed},
    )


@pytest.mark.finding("C10c")
@pytest.mark.req("C8")
def test_where_nothing_came_nothing_is_derived(derived: list[str], clock: Hand) -> None:
    lake = Lake()
    entry(lake, 1)
    assert "mart_work" in refresh(lake.connection, "EUR", clock)
    derived.clear()
    assert refresh(lake.connection, "EUR", clock) == frozenset() and derived == []
    assert refresh(lake.connection, "USD", clock) and "mart_work" in derived, "another currency is another figure"


@pytest.mark.req("C8")
def test_what_came_derives_what_reads_it_and_nothing_else(derived: list[str], clock: Hand) -> None:
    lake = Lake()
    entry(lake, 1)
    refresh(lake.connection, "EUR", clock)
    derived.clear()
    lake.record("source_event", flow="time-to-bill", run_id="r", lineage_id="r", system="kantata")
    moved = refresh(lake.connection, "EUR", clock)
    assert "mart_flow_hour" in derived and not {"mart_work", "mart_margin", "mart_billing"} & set(derived)
    assert {"records", "mart_flow_hour"} <= moved and not {"mart_work", "runs"} & moved
    derived.clear()
    lake.run("r", "time_entry:TE-1", "dead", error_code="closed-period")
    moved = refresh(lake.connection, "EUR", clock)
    assert {"mart_work", "mart_billing"} <= set(derived) and "mart_flow_hour" not in derived
    assert {"runs", "mart_work"} <= moved
    derived.clear()
    lake.quarantine(receiver="otlp", error_code="unreadable")
    assert refresh(lake.connection, "EUR", clock) == {"quarantine"} and derived == []


def test_a_table_that_comes_out_as_before_moves_nothing_that_reads_it(derived: list[str], clock: Hand) -> None:
    lake = Lake()
    entry(lake, 1)
    lake.observe("netsuite", "exchange_rate", "GBP", currency="GBP", rate="1.20", as_of="2026-09-01")
    refresh(lake.connection, "EUR", clock)
    derived.clear()
    lake.observe("planview", "budget", "B-1", hours_ago(-1), project_code="PRJ-9")
    moved = refresh(lake.connection, "EUR", clock)
    assert "mart_margin" not in derived and "mart_work" not in moved


@pytest.mark.req("C8")
def test_with_the_clock_alone_ages_grow_and_the_rest_stays(
    derived: list[str], clock: Hand, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake = Lake()
    entry(lake, 1)
    lake.run("r", "time_entry:TE-9", "dead", hours_ago(0.5))
    refresh(lake.connection, "EUR", clock)
    derived.clear()
    clock.moment += timedelta(hours=2)
    with idle(monkeypatch):
        assert "mart_failure_age" in refresh(lake.connection, "EUR", clock)
    assert not {"mart_billing", "mart_margin", "mart_project"} & set(derived), "the age of work is in days"
    assert lake.rows("SELECT bucket FROM mart_failure_age") == [{"bucket": "1–4 h"}]
    clock.moment += timedelta(days=1)
    with idle(monkeypatch):
        assert "mart_work" in refresh(lake.connection, "EUR", clock)
    assert lake.rows("SELECT age_days FROM mart_work") == [{"age_days": 11}]


def test_ages_grow_under_steady_news_too(clock: Hand) -> None:
    lake = Lake()
    lake.run("r", "time_entry:TE-9", "dead", hours_ago(0.99))
    refresh(lake.connection, "EUR", clock)
    for number in range(2):
        clock.moment += timedelta(seconds=20)
        lake.observe("planview", "budget", f"B-{number}", hours_ago(0), project_code="PRJ-9")
        refresh(lake.connection, "EUR", clock)
    assert lake.rows("SELECT bucket FROM mart_failure_age") == [{"bucket": "1–4 h"}]


@pytest.mark.req("X18")
def test_a_jump_of_the_worlds_clock_tells_ages_and_what_was_read_again(clock: Hand) -> None:
    lake = Lake()
    entry(lake, 1)
    lake.run("r", "time_entry:TE-9", "dead", hours_ago(0.5))
    refresh(lake.connection, "EUR", clock)
    clock.moment += timedelta(hours=2)
    assert {"mart_failure_age", "extracts", "streams"} <= refresh(lake.connection, "EUR", clock)


@pytest.mark.finding("C10c")
def test_a_home_without_news_is_seen_without_a_scan(tmp_path: Any, derived: list[str]) -> None:
    """The counts that stores keep themselves say whether something came, also of a real lake and journal."""
    settings, clock = settings_at(tmp_path), HandClock()
    journal = open_journal(settings.journal_address, clock)
    writer = open_writer(settings, clock)
    writer.append({"records": records(3)}, "test", 1)
    connection = connect(settings, marts="write")
    assert "records" in refresh(connection, "EUR", clock)
    derived.clear()
    asked = Asked(connection)
    assert refresh(asked, "EUR", clock) == frozenset() and derived == []  # type: ignore[arg-type]
    assert not any(" records" in sql or " observations" in sql or " runs" in sql for sql in asked.told)
    writer.append({"records": records(3, 3)}, "test", 2)
    assert refresh(connection, "EUR", clock) >= {"records"}
    connection.close()
    writer.close()
    journal.close()


class Asked:
    """A connection that keeps what it is told."""

    def __init__(self, connection: Any) -> None:
        self._connection, self.told = connection, list[str]()

    def execute(self, sql: str, *values: Any) -> Any:
        self.told.append(sql)
        return self._connection.execute(sql, *values)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)
