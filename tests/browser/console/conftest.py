"""A real console process over seeded stores, and a browser that looks at it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from models.domain.clock import set_world_clock
from models.journal import open_journal
from models.presence import COLLECTOR, ENGINE, present
from tests.browser.console.engine import RequestDesk
from tests.browser.console.seed import NOW, Frozen, Seeded, seed

ROOT = Path(__file__).resolve().parents[3]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--no-first-run",
]


@dataclass(frozen=True)
class Running:
    """The console's address, what was seeded, and who answers its requests."""

    address: str
    seeded: Seeded
    desk: RequestDesk


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    home = tmp_path_factory.mktemp("home")
    seeded = seed(home)
    set_world_clock(home / "clock.json", NOW)
    os.utime(home / "clock.json", (0, 0))  # nobody plays this world's history: it has stood here for long
    journal = open_journal(seeded.settings.journal_address, Frozen())
    desk = RequestDesk(journal, seeded.findings)
    desk.start()
    locks = [present(seeded.settings.run_folder, role) for role in (ENGINE, COLLECTOR)]
    process, address = start(home, tmp_path_factory.mktemp("elsewhere"), TIEOUT_DEV_USER="mara.lindt")
    try:
        yield Running(address, seeded, desk)
    finally:
        desk.stop()
        journal.close()
        stop(process)
        for lock in locks:
            os.close(lock)


def start(home: Path, cwd: Path, port: int = 0, **environment: str) -> tuple[subprocess.Popen[bytes], str]:
    """A console on a free port, started from a working directory of its own; answers once it is healthy."""
    port = port or free_port()
    command = [
        sys.executable,
        "-m",
        "streamlit",
        "run",
        str(ROOT / "app" / "console" / "asgi.py"),
        "--server.address",
        "127.0.0.1",
        "--server.port",
        str(port),
        "--server.headless",
        "true",
    ]
    known = {name: value for name, value in os.environ.items() if not name.startswith("TIEOUT_")}
    settings = {
        "TIEOUT_HOME": str(home),
        "TIEOUT_WORLD_CLOCK": str(home / "clock.json"),
        "PYTHONPATH": str(ROOT),
        **environment,
    }
    log = (cwd / "console.log").open("wb")
    process = subprocess.Popen(command, cwd=cwd, env={**known, **settings}, stdout=log, stderr=log)
    address = f"http://127.0.0.1:{port}"
    _await(address, process, cwd / "console.log")
    return process, address


def stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _await(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 40
    while time.monotonic() < deadline:
        assert process.poll() is None, f"the console ended: {log.read_text()}"
        try:
            with urllib.request.urlopen(f"{address}/healthz", timeout=2) as answer:
                assert answer.status == 200
                return
        except OSError:
            time.sleep(0.1)
    raise AssertionError(f"the console never became healthy: {log.read_text()}")


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    playwright = pytest.importorskip(
        "playwright.sync_api", reason="playwright is not installed: pip install -r requirements-test.lock"
    )
    if CHROMIUM is None:
        pytest.skip(
            "no Chromium on this machine: install it with your package manager (python -m tests.prepare does on Debian)"
        )
    with playwright.sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield opened
        opened.close()
