"""One transaction at a time, tried again until it lands (C6)."""

from __future__ import annotations

import threading

import pyarrow as pa
import pytest

from collectors.pipeline import commits as commits_module
from collectors.pipeline.commits import Commits
from models.domain.errors import Misconfigured
from tests.unit.collect.memory_lake import MemoryLake

pytestmark = pytest.mark.req("C6")
ROWS = {"spans": pa.table({"name": ["x"]})}


def test_an_append_lands_and_its_number_is_known():
    commits = Commits(MemoryLake)
    assert commits.landed("otlp") == 0
    assert commits.append(ROWS, "otlp", 1) and commits.landed("otlp") == 1
    assert commits.append({}, "otlp", 2), "nothing to store is stored"


def test_a_writer_that_cannot_be_opened_is_opened_again():
    lake, tries = MemoryLake(), []

    def open_writer():
        tries.append(1)
        if len(tries) < 3:
            raise Misconfigured("the catalogue cannot be opened")
        return lake

    commits = Commits(open_writer)
    assert commits.append(ROWS, "otlp", 1)
    assert len(tries) == 3 and commits.fault is None


def test_an_unknown_fault_takes_a_fresh_writer():
    made = []

    class Breaking(MemoryLake):
        def append(self, tables, writer, number):
            if len(made) == 1:
                raise RuntimeError("database has been invalidated")
            return super().append(tables, writer, number)

    def open_writer():
        made.append(Breaking())
        return made[-1]

    assert Commits(open_writer).append(ROWS, "otlp", 1)
    assert len(made) == 2


def test_when_stopping_a_fault_is_final():
    lake = MemoryLake()
    lake.locked = True
    commits = Commits(lambda: lake)
    commits.stop()
    assert commits.append(ROWS, "otlp", 1) is False and "locked" in commits.fault


def test_failed_maintenance_is_logged_and_appends_go_on(caplog):
    commits = Commits(MemoryLake)

    def broken(_):
        raise OSError("disk full")

    commits.once("maintenance", broken)
    assert 'action=maintenance.failed what=maintenance why="disk full"' in caplog.text
    assert commits.append(ROWS, "otlp", 1)


def test_a_batch_that_landed_is_one_line_with_its_number_and_rows(caplog):
    caplog.set_level("INFO")
    lake = MemoryLake()
    assert Commits(lambda: lake).append({"spans": pa.table({"n": [1, 2, 3]})}, "otlp", 7)
    (line,) = [record for record in caplog.records if getattr(record, "action", "") == "batch.landed"]
    assert line.getMessage() == "action=batch.landed writer=otlp number=7 spans=3"


@pytest.mark.req("O12")
def test_a_commit_that_does_not_end_is_told(monkeypatch):
    reached, let_go = threading.Event(), threading.Event()

    class Hanging(MemoryLake):
        def append(self, tables, writer, number):
            reached.set()
            assert let_go.wait(20)
            return super().append(tables, writer, number)

    monkeypatch.setattr(commits_module, "STUCK_SECONDS", 0.0)
    commits = Commits(Hanging)
    thread = threading.Thread(target=commits.append, args=(ROWS, "otlp", 1))
    assert commits.stuck is None
    thread.start()
    assert reached.wait(20) and "under way" in commits.stuck
    let_go.set()
    thread.join(20)
    assert commits.stuck is None
