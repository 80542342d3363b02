"""The reader's promises: every name answers from the first second, live data shows, the journal's types are SQL's."""

from __future__ import annotations

import os
import signal
import sqlite3
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from multiprocessing import Pipe
from pathlib import Path

import pytest

from models.lake import answering
from models.lake.connection import connect
from models.lake.read_only import NotReadOnly
from models.lake.reader import LakeReader, ReaderStopped, ReadTooLong, _Process, open_reader
from models.lake.schema import TABLES
from models.lake.writer import open_writer
from tests.unit.lake.samples import START, HandClock, records, settings_at, spans

NAMES = (*TABLES, "seals", "runs", "cases", "findings", "requests")


@pytest.fixture
def reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    reader = open_reader(settings_at(tmp_path))
    yield reader
    reader.close()


def test_every_name_answers_before_any_store_exists(reader: LakeReader) -> None:
    for name in NAMES:
        assert reader.rows(f"SELECT count(*) AS rows FROM {name}") == [{"rows": 0}]
    assert "sla_due" in reader.table("SELECT * FROM cases").schema.names


def test_stores_that_appear_later_are_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answering, "LOOK_AGAIN_SECONDS", 0.0)
    settings = settings_at(tmp_path)
    answers = answering.Answers(settings)
    assert answers.table("SELECT * FROM spans").num_rows == 0
    writer = open_writer(settings, HandClock())
    writer.append({"spans": spans(5)}, "otlp", 1)
    assert answers.table("SELECT * FROM spans").num_rows == 5
    marts = connect(settings, marts="write")
    marts.execute("CREATE TABLE marts.mart_kpi (name VARCHAR)")
    assert answers.table("SELECT * FROM mart_kpi").num_rows == 0, "a mart made after the reader opened"
    writer.append({"spans": spans(5)}, "otlp", 2)
    assert answers.table("SELECT * FROM spans").num_rows == 10, "each question sees what was committed before it"
    marts.close()
    answers.close()
    writer.close()


def test_journal_times_and_money_are_sql_types_and_leases_stay_hidden(tmp_path: Path) -> None:
    journal = sqlite3.connect(tmp_path / "journal.sqlite")
    journal.execute(
        "CREATE TABLE run (run_id TEXT, amount TEXT, due_at BIGINT, updated_at BIGINT, "
        "lease_owner TEXT, lease_until_wall BIGINT, claims INT)"
    )
    journal.execute(
        "CREATE TABLE case_ (case_id TEXT, first_seen BIGINT, sla_due BIGINT, "
        "snoozed_until BIGINT, amount_reporting TEXT)"
    )
    journal.execute("INSERT INTO run VALUES ('r1', '12.50', 1788249600000000, NULL, 'w', 1, 1)")
    journal.execute("INSERT INTO run VALUES ('r2', 'enc:v1:rate.ab', 1788249600000000, NULL, 'w', 1, 1)")
    journal.execute("INSERT INTO case_ VALUES ('c1', 1788249600000001, 1788249600000000, NULL, '7')")
    journal.commit()
    journal.close()
    reader = open_reader(settings_at(tmp_path))
    due = datetime(2026, 9, 1, 8, 0, tzinfo=UTC)
    assert reader.rows("SELECT * FROM runs WHERE due_at = $due ORDER BY run_id", {"due": due}) == [
        {"run_id": "r1", "amount": Decimal("12.50"), "due_at": due, "updated_at": None, "sealed_amount": None},
        {"run_id": "r2", "amount": None, "due_at": due, "updated_at": None, "sealed_amount": "enc:v1:rate.ab"},
    ]
    assert reader.rows("SELECT * FROM cases") == [
        {
            "case_id": "c1",
            "first_seen": due + timedelta(microseconds=1),
            "sla_due": due,
            "snoozed_until": None,
            "amount_reporting": Decimal("7.00"),
        }
    ]
    reader.close()


def test_faults_of_a_statement_reach_the_asker_and_writes_are_refused(reader: LakeReader) -> None:
    with pytest.raises(Exception, match="no_such_table"):
        reader.rows("SELECT * FROM no_such_table")
    with pytest.raises(NotReadOnly):
        reader.rows("DELETE FROM spans")
    assert reader.rows("SELECT $a + $b AS sum", {"a": 1, "b": 2}) == [{"sum": 3}]


def test_the_stores_themselves_refuse_writes(tmp_path: Path) -> None:
    settings = settings_at(tmp_path)
    open_writer(settings, HandClock()).close()
    connection = connect(settings)
    with pytest.raises(Exception, match=r"read-only"):
        connection.execute("INSERT INTO lake.main.quarantine (quarantine_id) VALUES ('x')")
    connection.close()


def test_many_threads_ask_at_once(reader: LakeReader) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda number: reader.rows("SELECT $n AS n", {"n": number}), range(40)))
    assert answers == [[{"n": number}] for number in range(40)]


def test_a_killed_answering_process_is_started_again(reader: LakeReader) -> None:
    assert reader.rows("SELECT 1 AS one") == [{"one": 1}]
    process = reader._process
    assert process is not None
    os.kill(process._child.pid, signal.SIGKILL)
    process._child.wait()
    assert reader.rows("SELECT 2 AS two") == [{"two": 2}]


def test_an_ended_process_is_not_asked_twice(reader: LakeReader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        _Process, "_receive", lambda process: None
    )  # the thread that would notice the end has no turn yet
    process = reader._running()
    os.kill(process._child.pid, signal.SIGKILL)
    process._child.wait()
    monkeypatch.undo()
    assert reader.rows("SELECT 2 AS two") == [{"two": 2}]


ENDLESS = "SELECT count(*) AS n FROM range(100000000) a, range(100000000) b WHERE a.range + b.range = -1"


@pytest.mark.finding("C10f")
@pytest.mark.req("N4")
@pytest.mark.parametrize("hung", ["a long statement", "a stopped process"])
def test_a_statement_that_outlasts_the_limit_is_ended_and_named(reader: LakeReader, hung: str) -> None:
    """N4: its process is gone, a fresh one answers the next question, and the fault ends with that answer."""
    assert reader.rows("SELECT 1 AS one") == [{"one": 1}]
    process = reader._running()
    process._limit = 1.0
    if hung == "a stopped process":
        os.kill(process._child.pid, signal.SIGSTOP)
    with pytest.raises(ReadTooLong, match=r"longer than 1 s.*TIEOUT_READ_LIMIT_SECONDS"):
        reader.rows(ENDLESS)
    assert process._child.poll() is not None and "longer than 1 s" in str(reader.fault)
    assert reader.rows("SELECT 2 AS two") == [{"two": 2}] and reader.fault is None


def test_the_limit_is_the_installation_s(tmp_path: Path) -> None:
    reader = open_reader(settings_at(tmp_path).model_copy(update={"read_limit_seconds": 6.5}))
    assert reader._running()._limit == 6.5
    reader.close()


def test_an_error_that_cannot_be_unpickled_ends_nothing_but_its_process(tmp_path: Path) -> None:
    """Nobody waits for ever for an answer that cannot be read here."""
    process = open_reader(settings_at(tmp_path))._running()
    ours, theirs = Pipe()
    process._pipe, real = ours, process._pipe
    real.close()
    waiting: Future[bytes] = Future()
    process._waiting[7] = waiting
    theirs.send_bytes(b"cno_such_module\nNoSuchError\n.")
    process._receive()
    with pytest.raises(ReaderStopped):
        waiting.result(20)
    assert process.ended


@pytest.mark.req("C5")
def test_as_of_shows_what_was_sealed_by_then(tmp_path: Path) -> None:
    """C5 time travel: exact back to the first batch, and through a merge that keeps no snapshot."""
    settings, clock = settings_at(tmp_path), HandClock()
    writer = open_writer(settings, clock)
    for day in range(4):
        clock.moment = START + timedelta(days=day)
        writer.append({"records": records(10, day * 10)}, "feed", day + 1)
    for number in range(5, 20):
        writer.append({"records": records(1, 40)}, "feed", number)
    writer.maintain(timedelta(0), timedelta(0))
    for day, seen in ((-1, 0), (0, 10), (2, 30)):
        reader = open_reader(settings, as_of=START + timedelta(days=day, hours=1))
        assert reader.rows("SELECT count(*) AS n FROM records") == [{"n": seen}]
        assert reader.rows("SELECT count(*) AS n FROM seals") == [{"n": seen // 10}]
        reader.close()
    writer.close()
