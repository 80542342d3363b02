"""kill -9 at any moment: everything acknowledged is in the lake exactly once (C6, E1)."""

from __future__ import annotations

import os
import random
import threading

import pytest

from models.domain.clock import SystemClock
from models.domain.record import Record, RecordKind
from models.journal import open_journal
from tests.acceptance.collect.process import PROTOBUF, CollectorProcess
from tests.unit.collect.requests import traces

pytestmark = [pytest.mark.req("C6", "E1"), pytest.mark.processes]


def _sender(collector: CollectorProcess, acknowledged: list[str], ended: threading.Event) -> None:
    while not ended.is_set():
        identity = os.urandom(16)
        if collector.post("/v1/traces", traces(8, trace_id=identity).SerializeToString(), PROTOBUF)[0] == 200:
            acknowledged.append(identity.hex())
        else:
            ended.wait(0.02)


def test_a_collector_killed_again_and_again_under_load_loses_and_doubles_nothing(collector):
    acknowledged: list[str] = []
    ended = threading.Event()
    senders = [threading.Thread(target=_sender, args=(collector, acknowledged, ended), daemon=True) for _ in range(3)]
    for sender in senders:
        sender.start()
    chance = random.Random(7)
    pause = threading.Event()
    for _ in range(4):
        before, moment = len(acknowledged), chance.uniform(0.0, 0.4)
        for _ in range(3000):
            if len(acknowledged) >= before + 25:
                break
            pause.wait(0.02)
        pause.wait(moment)
        collector.kill()
        collector.start()
    ended.set()
    for sender in senders:
        sender.join()
    collector.until_stored()
    found = {
        row["trace_id"]: row["n"]
        for row in collector.rows("select trace_id, count(*) as n from spans group by trace_id")
    }
    assert len(acknowledged) >= 100
    assert [identity for identity in acknowledged if found.get(identity) != 8] == []
    doubled = collector.rows("select writer, number, table_name from seals group by all having count(*) > 1")
    assert doubled == []
    assert collector.terminate() == 0


def test_the_journals_feed_lands_once_across_kills(new_collector):
    collector = new_collector()
    journal = open_journal(collector.settings.journal_address, SystemClock())
    collector.start()
    written = 0
    for turn in range(3):
        for _ in range(25):
            with journal.engine.begin() as connection:
                journal.feed.append(connection, [_record(written + place) for place in range(4)])
            written += 4
        if turn < 2:
            _until_some_records(collector, turn * 100)
            collector.kill()
            collector.start()
    _until_some_records(collector, written - 1)
    counts = collector.rows("select count(*) as n, count(distinct record_id) as d from records")[0]
    assert (counts["n"], counts["d"]) == (written, written)
    assert collector.rows("select distinct flow, kind, amount from records")[0]["flow"] == "time-to-bill"


def test_observations_survive_a_kill_right_after_the_acknowledgement(collector):
    line = (
        b'{"observed_at":"2026-01-31T08:00:00Z","snapshot_id":"%d",'
        b'"system":"a","entity":"project","key":"P","present":true,"fields":{}}'
    )
    for number in range(5):
        assert collector.observe(line % number)[0] == 200
    collector.kill()
    collector.start()
    collector.until_stored()
    assert collector.rows("select count(*) as n, count(distinct snapshot_id) as d from observations") == [
        {"n": 5, "d": 5}
    ]


def _record(number: int) -> Record:
    return Record(
        RecordKind.ACKNOWLEDGEMENT, SystemClock().now(), record_id=f"r{number}", flow="time-to-bill", body={"n": number}
    )


def _until_some_records(collector: CollectorProcess, more_than: int) -> None:
    pause = threading.Event()
    for _ in range(400):
        if collector.rows("select count(*) as n from records")[0]["n"] > more_than:
            return
        pause.wait(0.05)
    raise AssertionError(f"no more than {more_than} records: {collector.log()}")
