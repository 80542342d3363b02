"""Writes that the operating system refuses, half done: nothing acknowledged is lost, and it mends itself (C6, N4).

The refusals are the kernel's own: a file size limit set on the running process and lifted again, which any user may do.
"""

from __future__ import annotations

import resource
import threading
from contextlib import contextmanager

import pytest

from tests.acceptance.collect.process import PROTOBUF
from tests.unit.collect.requests import traces

pytestmark = [pytest.mark.req("C6", "N4"), pytest.mark.processes]


@contextmanager
def writes_stop_at(collector, size):
    pid = collector.process.pid
    soft, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        if collector.process.pid == pid and collector.process.poll() is None:
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (soft, hard))


def sent(collector, spans):
    return collector.post("/v1/traces", traces(spans).SerializeToString(), PROTOBUF)


def test_a_spool_that_cannot_be_written_is_503_and_recovers(collector):
    assert sent(collector, 2)[0] == 200
    collector.until_stored()
    with writes_stop_at(collector, 1000):
        answers = [sent(collector, 100) for _ in range(3)]
        assert [answer[0] for answer in answers] == [503] * 3
        assert all(answer[2]["retry-after"] for answer in answers)
        assert collector.health()["ready"]
    assert sent(collector, 3)[0] == 200
    collector.until_stored()
    assert collector.rows("select count(*) as n from spans") == [{"n": 5}]


def test_a_lake_that_cannot_be_written_keeps_what_was_acknowledged(collector):
    assert sent(collector, 2)[0] == 200
    collector.until_stored()
    with writes_stop_at(collector, 16 * 1024):
        assert [sent(collector, 4)[0] for _ in range(5)] == [200] * 5
        pause = threading.Event()
        for _ in range(200):
            if collector.health()["faults"]:
                break
            pause.wait(0.05)
        assert "batch" in collector.health()["faults"][0]
        assert sent(collector, 4)[0] == 200, "the spool goes on taking requests"
    collector.until_stored()
    assert collector.rows("select count(*) as n, count(distinct span_id) as d from spans") == [{"n": 26, "d": 26}]
    assert collector.health()["faults"] == []


def test_a_kill_while_the_lake_cannot_be_written_loses_nothing(collector):
    assert sent(collector, 1)[0] == 200
    collector.until_stored()
    with writes_stop_at(collector, 16 * 1024):
        assert [sent(collector, 4)[0] for _ in range(3)] == [200] * 3
        collector.kill()
    collector.start()
    collector.until_stored()
    assert collector.rows("select count(*) as n, count(distinct span_id) as d from spans") == [{"n": 13, "d": 13}]
