"""The sandbox as a process: it needs its secret, ends cleanly, and keeps the vendors' data over kill -9."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

SECRET = "throw-away-for-this-test"
ENTRY = "from integrations.sandbox.service import main; main()"
ROOT = Path(__file__).parents[3]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment(home: Path, port: int, **more: str) -> dict[str, str]:
    plain = {name: value for name, value in os.environ.items() if not name.startswith("TIEOUT_")}
    return {
        **plain,
        "PYTHONPATH": str(ROOT),
        "TIEOUT_HOME": str(home),
        "TIEOUT_WORLD_CLOCK": str(home / "run" / "clock.json"),
        "TIEOUT_SANDBOX_PORT": str(port),
        "TIEOUT_SANDBOX_SECRET": SECRET,
        **more,
    }


@contextmanager
def process(home: Path, port: int) -> Iterator[tuple[subprocess.Popen[bytes], httpx.Client]]:
    """A sandbox process that answers, and a client that may enter; it is gone when the block ends."""
    running = subprocess.Popen([sys.executable, "-c", ENTRY], env=environment(home, port), cwd=home)
    try:
        with httpx.Client(
            base_url=f"http://127.0.0.1:{port}", headers={"authorization": f"Bearer {SECRET}"}, timeout=5
        ) as client:
            until = time.monotonic() + 20
            while True:
                try:
                    client.get("/_world")
                    break
                except httpx.TransportError:
                    assert running.poll() is None and time.monotonic() < until, "the sandbox does not come up"
                    time.sleep(0.05)
            yield running, client
    finally:
        if running.poll() is None:
            running.kill()
        running.wait()


@pytest.mark.processes
def test_kill_nine_loses_no_write_and_sigterm_ends_cleanly(tmp_path: Path) -> None:
    port, path = free_port(), "/netsuite/services/rest/record/v1/customer/eid:C-1"
    with process(tmp_path, port) as (running, client):
        assert client.put(path, json={"companyName": "Kept"}).status_code == 204
        before = client.get(path).json()
        running.send_signal(signal.SIGKILL)
        running.wait()
    with process(tmp_path, port) as (running, client):
        after = client.get(path).json()
        assert (after["id"], after["companyName"]) == (before["id"], "Kept")
        clock = json.loads((tmp_path / "run" / "clock.json").read_text())
        assert clock["rate"] == 1.0
        running.send_signal(signal.SIGTERM)
        assert running.wait(timeout=30) == 0


@pytest.mark.processes
def test_without_a_secret_it_says_what_to_set(tmp_path: Path) -> None:
    variables = environment(tmp_path, free_port(), TIEOUT_SANDBOX_SECRET="")
    done = subprocess.run(
        [sys.executable, "-c", ENTRY], env=variables, cwd=tmp_path, capture_output=True, timeout=30, check=False
    )
    assert (
        done.returncode == 2 and b"TIEOUT_SANDBOX_SECRET is not set" in done.stderr and b"Traceback" not in done.stderr
    )
