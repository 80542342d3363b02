"""What a receiver refuses becomes a case by itself, by the child process that runs the detectors (E9, N4, X8)."""

from __future__ import annotations

import os
import signal
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from tests.acceptance.collect.process import JSON, PROTOBUF
from tests.unit.collect.requests import traces

pytestmark = [pytest.mark.req("E9", "N4", "X8"), pytest.mark.processes]
_PAUSE = threading.Event()


def children(pid: int) -> list[int]:
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        with suppress(FileNotFoundError):  # a thread that has just ended
            found += map(int, (task / "children").read_text().split())
    return found


def until(question, what):
    for _ in range(1200):
        answer = question()
        if answer:
            return answer
        _PAUSE.wait(0.05)
    raise AssertionError(f"{what} did not come to be within 30 s")


def test_a_refused_body_becomes_a_case_and_a_killed_detector_process_is_replaced(new_collector):
    collector = new_collector(TIEOUT_DETECT_SECONDS="0.3")
    collector.start()
    assert collector.post("/v1/traces", b"{not json", JSON)[0] == 400
    (case,) = until(lambda: collector.rows("select * from cases where detector = 'quarantine'"), "a case")
    assert case["status"] == "open"
    (child,) = until(lambda: children(collector.process.pid), "the detector process")
    for pid in (collector.process.pid, child):
        assert "pandas" not in Path(f"/proc/{pid}/maps").read_text(), "neither process needs it"
    os.kill(child, signal.SIGKILL)
    (fresh,) = until(
        lambda: [pid for pid in children(collector.process.pid) if pid != child], "another detector process"
    )
    assert collector.post("/v1/traces", traces().SerializeToString(), PROTOBUF)[0] == 200
    collector.kill()
    until(
        lambda: not Path(f"/proc/{fresh}").exists() or "Z" in Path(f"/proc/{fresh}/stat").read_text().split()[2],
        "the end of the orphan",
    )
