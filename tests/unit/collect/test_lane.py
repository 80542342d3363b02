"""From acknowledged requests to batches: exactly once, whatever happens between (C6, E1)."""

from __future__ import annotations

import errno
import gzip
import os
import threading

import orjson
import pytest

from collectors.pipeline import counter
from collectors.pipeline import lane as lanes
from collectors.pipeline.allowance import KEPT_A_MINUTE
from collectors.pipeline.spool.frame import Kind
from tests.unit.collect.memory_lake import Desk, MemoryLake
from tests.unit.collect.requests import logs, traces

pytestmark = pytest.mark.req("C6")
PROTOBUF, JSON, NDJSON = "application/x-protobuf", "application/json", "application/x-ndjson"


@pytest.fixture
def lake():
    return MemoryLake()


def names(lake):
    return sorted(row["name"] for row in lake.rows("spans"))


def test_what_was_acknowledged_is_in_the_lake_after_a_clean_end(tmp_path, lake):
    desk = Desk(tmp_path, lake)
    desk.until_ready()
    assert desk.ask(Kind.TRACES, PROTOBUF, traces(3).SerializeToString()).status == 200
    assert desk.ask(Kind.LOGS, PROTOBUF, logs(2).SerializeToString()).status == 200
    desk.stop()
    assert len(lake.rows("spans")) == 3 and len(lake.rows("logs")) == 2
    assert not list(tmp_path.glob("*.segment"))


def test_before_the_lake_was_ever_opened_senders_are_told_to_come_back(tmp_path, lake):
    lake.locked = True
    desk = Desk(tmp_path, lake)
    answer = desk.ask(Kind.TRACES, PROTOBUF, traces().SerializeToString())
    assert (answer.status, answer.retry_after) == (503, 1)
    desk.stop()


def test_while_the_catalogue_is_locked_requests_are_kept_and_land_afterwards(tmp_path, lake):
    desk = Desk(tmp_path, lake)
    desk.until_ready()
    lake.locked = True
    for _ in range(5):
        assert desk.ask(Kind.TRACES, PROTOBUF, traces(2).SerializeToString()).status == 200
    lake.tried.clear()
    assert lake.tried.wait(10)
    assert not lake.batches
    lake.locked = False
    desk.stop()
    assert len(lake.rows("spans")) == 10


def test_a_batch_that_landed_without_our_learning_of_it_is_not_stored_twice(tmp_path, lake):
    class Forgetful(MemoryLake):
        def append(self, tables, writer, number):
            super().append(tables, writer, number)
            if not self.rows("spans")[1:]:
                raise OSError("the answer was lost")
            return object()

    forgetful = Forgetful()
    desk = Desk(tmp_path, forgetful)
    desk.until_ready()
    desk.ask(Kind.TRACES, PROTOBUF, traces(1).SerializeToString())
    forgetful.tried.clear()
    assert forgetful.tried.wait(10)
    desk.ask(Kind.TRACES, PROTOBUF, traces(1).SerializeToString())
    desk.stop()
    assert sorted(number for _, number in forgetful.batches) == list(range(1, len(forgetful.batches) + 1))
    assert len({row["span_id"] for row in forgetful.rows("spans")}) == len(forgetful.rows("spans"))


def test_a_successor_takes_up_the_spool_under_the_same_numbers(tmp_path, lake):
    first = Desk(tmp_path, lake)
    first.until_ready()
    lake.locked = True
    bad = traces(2)
    bad.resource_spans[0].scope_spans[0].spans[0].trace_id = b"short"
    assert first.ask(Kind.TRACES, PROTOBUF, bad.SerializeToString()).rejected == 1
    assert first.ask(Kind.TRACES, JSON, b"{broken").status == 400
    first.stop()
    assert not lake.batches and list(tmp_path.glob("*.segment"))
    lake.locked = False
    second = Desk(tmp_path, lake)
    second.until_ready()
    second.ask(Kind.TRACES, PROTOBUF, traces(1).SerializeToString())
    second.stop()
    assert len(lake.rows("spans")) == 2
    assert sorted(row["error_code"] for row in lake.rows("quarantine")) == ["malformed", "trace-id"]
    assert not list(tmp_path.glob("*.segment"))


@pytest.mark.req("N4")
def test_a_full_spool_tells_senders_to_wait_and_recovers(tmp_path, lake):
    desk = Desk(tmp_path, lake, spool_limit=2000)
    desk.until_ready()
    lake.locked = True
    body = traces(10).SerializeToString()
    answers = [desk.ask(Kind.TRACES, PROTOBUF, body) for _ in range(6)]
    full = [answer for answer in answers if answer.status == 429]
    assert full and full[0].retry_after and "spool holds" in full[0].sentence
    lake.locked = False
    stored = sum(answer.status == 200 for answer in answers)
    desk.stop()
    assert len(lake.rows("spans")) == 10 * stored


@pytest.mark.req("N4")
def test_a_full_disk_is_503_and_nothing_of_the_request_is_kept(tmp_path, lake, monkeypatch):
    desk = Desk(tmp_path, lake)
    desk.until_ready()
    assert desk.ask(Kind.TRACES, PROTOBUF, traces(1).SerializeToString()).status == 200

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as disk:
        disk.setattr(os, "writev", full)
        answer = desk.ask(Kind.TRACES, PROTOBUF, traces(1).SerializeToString())
        assert answer.status == 503 and answer.retry_after and "No space left" in answer.sentence
    assert desk.ask(Kind.TRACES, PROTOBUF, traces(1).SerializeToString()).status == 200
    desk.stop()
    assert len(lake.rows("spans")) == 2


def test_senders_wait_while_a_segment_outruns_the_one_before_until_it_has_landed(tmp_path, lake, monkeypatch):
    monkeypatch.setattr(lanes, "BYTES_MOST", 4_000)
    monkeypatch.setattr(counter, "_PAUSE_SECONDS", 0.01)
    desk = Desk(tmp_path, lake)
    desk.until_ready()
    desk.lane.keep_up(20)  # nothing waits
    lake.locked = True
    while not desk.lane._outrun:
        desk.ask(Kind.TRACES, PROTOBUF, traces(5).SerializeToString())
    desk.lane.keep_up(0.01)  # at most so long
    held = threading.Thread(target=desk.lane.keep_up, args=(20,))
    held.start()
    held.join(0.1)
    assert held.is_alive()
    lake.locked = False
    held.join(10)
    assert not held.is_alive()
    desk.stop()


def test_segments_that_wait_long_are_read_back_from_disk(tmp_path, lake, monkeypatch):
    monkeypatch.setattr(lanes, "ROWS_MOST", 4)
    desk = Desk(tmp_path, lake)
    desk.until_ready()
    lake.locked = True
    for _ in range(8):
        desk.ask(Kind.TRACES, PROTOBUF, traces(5).SerializeToString())
    assert sum(batch.rows is None for batch in desk.lane._closed) >= 4
    lake.locked = False
    desk.stop()
    assert len(lake.rows("spans")) == 40


@pytest.mark.req("C4")
def test_observations_are_stored_and_counted(tmp_path, lake):
    desk = Desk(tmp_path, lake)
    desk.until_ready()
    good = {
        "observed_at": "2026-01-31T08:00:00+01:00",
        "snapshot_id": "s",
        "system": "netsuite",
        "role": "erp",
        "entity": "project",
        "system_id": "7",
        "key": "PRJ-1001",
        "legal_entity": "NOV-DE",
        "present": True,
        "fields": {"code": "PRJ-1001"},
    }
    lines = [
        good,
        {**good, "observed_at": "2026-01-31T08:00:00"},
        {**good, "present": "yes"},
        {**good, "key": 7},
        {**good, "fields": []},
    ]
    answer = desk.ask(Kind.OBSERVATIONS, NDJSON, b"\n".join(map(orjson.dumps, lines)) + b"\n\n")
    desk.stop()
    assert (answer.status, answer.stored, answer.rejected) == (200, 2, 3), "an empty list of fields is no fields"
    assert lake.rows("observations")[0]["observed_at"].hour == 7
    assert len(lake.rows("observations")[0]["digest"]) == 64
    assert len(lake.rows("quarantine")) == 3


@pytest.mark.req("N4")
@pytest.mark.parametrize(
    ("media", "body", "encoding", "status", "code"),
    [
        ("text/plain", b"hello", "", 415, "not-offered"),
        (PROTOBUF, b"hello", "br", 415, "not-offered"),
        (PROTOBUF, gzip.compress(b"\0" * (2 << 20)), "gzip", 413, "too-large"),
        (JSON, gzip.compress(b'{"password": "hidden", "x": "' + b"x" * (2 << 20)), "gzip", 413, "too-large"),
    ],
)
def test_a_body_that_is_not_taken_leaves_its_beginning_and_the_reason(
    tmp_path, lake, media, body, encoding, status, code
):
    desk = Desk(tmp_path, lake)
    desk.until_ready()
    assert desk.ask(Kind.TRACES, media, body, encoding).status == status
    desk.stop()
    [row] = lake.rows("quarantine")
    assert (
        (row["error_code"], row["content_bytes"]) == (code, len(body))
        and row["reason"]
        and row["content"]
        and len(row["content"]) <= 64 << 10
    )
    assert "hidden" not in row["content"]


@pytest.mark.req("N4")
def test_a_flood_of_refused_bodies_is_kept_in_part_and_counted_in_full(tmp_path, lake):
    desk = Desk(tmp_path, lake)
    desk.until_ready()
    assert {desk.ask(Kind.TRACES, "text/plain", b"hello").status for _ in range(KEPT_A_MINUTE + 7)} == {415}
    desk.ask(Kind.TRACES, PROTOBUF, traces(1).SerializeToString(), received_us=1_700_000_090_000_000)
    desk.stop()
    kept = [row for row in lake.rows("quarantine") if row["error_code"] == "not-offered"]
    [counted] = [row for row in lake.rows("quarantine") if row["error_code"] == "more"]
    assert (
        len(kept) == KEPT_A_MINUTE and counted["reason"].startswith("7 more") and counted["sender"] == "several senders"
    )


@pytest.mark.req("N4")
@pytest.mark.parametrize(("media", "body"), [(PROTOBUF, b"\xff" * 64), (JSON, b"{broken"), ("text/plain", b"hello")])
def test_a_body_whose_refusal_could_not_be_kept_is_to_be_sent_again(tmp_path, lake, media, body):
    lake.locked = True
    desk = Desk(tmp_path / "unready", lake)
    answer = desk.ask(Kind.TRACES, media, body)
    assert (answer.status, answer.retry_after) == (503, 1)
    desk.stop()
    lake.locked = False
    full = Desk(tmp_path / "full", lake, spool_limit=1)
    full.until_ready()
    answer = full.ask(Kind.TRACES, media, body)
    assert answer.status == 429 and answer.retry_after
    full.stop()
    assert not lake.rows("quarantine")
