"""The supervisor: pid files, restarts, a clean end (N1)."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from app.cli.supervisor import WORKED_SECONDS, Child, Supervisor

SCRIPT = """
import sys
from pathlib import Path
from app.cli.supervisor import Supervisor
home = Path(sys.argv[1])
wait = "import signal,sys,time; signal.signal(signal.SIGTERM, lambda *_: sys.exit(0)); time.sleep(600)"
sys.exit(Supervisor(home, {"engine": [sys.executable, "-c", wait], "collect": [sys.executable, "-c", wait]}, {}).run())
"""


def start(home: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", SCRIPT, str(home)])


def until(question: Callable[[], object], seconds: float = 60) -> object:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if answer := question():
            return answer
        time.sleep(0.02)
    raise AssertionError("it did not happen in time")


def pid(home: Path, role: str) -> int:
    file = home / "run" / f"{role}.pid"
    return int(file.read_text() or 0) if file.exists() else 0


def alive(number: int) -> bool:
    try:
        os.kill(number, 0)
        return not Path("/proc/self").exists() or Path(f"/proc/{number}/stat").read_text().split(") ")[1][0] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False


def test_a_killed_child_comes_back_and_the_end_is_clean(tmp_path: Path) -> None:
    supervisor = start(tmp_path)
    try:
        first = until(lambda: pid(tmp_path, "engine"))
        other = until(lambda: pid(tmp_path, "collect"))
        os.kill(first, signal.SIGKILL)
        second = until(lambda: (new := pid(tmp_path, "engine")) != first and new)
        supervisor.send_signal(signal.SIGINT)
        assert supervisor.wait(20) == 0
        assert not any(alive(number) for number in (first, second, other))
        assert not list((tmp_path / "run").glob("*.pid"))
    finally:
        supervisor.kill()


def test_children_die_with_a_killed_supervisor(tmp_path: Path) -> None:
    supervisor = start(tmp_path)
    children = [until(lambda role=role: pid(tmp_path, role)) for role in ("engine", "collect")]
    supervisor.kill()
    supervisor.wait()
    until(lambda: not any(alive(number) for number in children))


def test_a_child_whose_settings_need_mending_ends_all_with_its_own_words(tmp_path: Path) -> None:
    """No restart mends a setting: the sentence reaches the terminal, and nothing goes on without its engine."""
    says = "import sys; sys.exit(print('give the folder in TIEOUT_CATALOGUE', file=sys.stderr) or 2)"
    script = SCRIPT.replace('{"engine": [sys.executable, "-c", wait]', f'{{"engine": [sys.executable, "-c", {says!r}]')
    done = subprocess.run([sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert "engine cannot run: give the folder in TIEOUT_CATALOGUE" in done.stderr
    assert "starting it again" not in done.stderr


def test_a_child_that_ran_before_is_waited_for_whatever_it_says(tmp_path: Path) -> None:
    """A catalogue broken while all runs stops no receiver: the engine is tried again until the file is mended, and each
    time the terminal hears why.
    """
    sometimes = (
        "import pathlib, sys, time; ran = pathlib.Path({mark!r}); first = not ran.exists(); ran.touch(); "
        "time.sleep(0.6 if first else 0); print('mend the file'); sys.exit(1 if first else 2)"
    ).format(mark=str(tmp_path / "ran"))
    script = SCRIPT.replace(
        '{"engine": [sys.executable, "-c", wait]', f'{{"engine": [sys.executable, "-c", {sometimes!r}]'
    )
    script = script.replace("home = Path", "import app.cli.supervisor as it; it.STEADY_SECONDS = 0.3\nhome = Path")
    log = tmp_path / "said"
    with open(log, "wb") as said:
        supervisor = subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], stderr=said)
    try:
        until(lambda: log.read_text().count("engine cannot run (mend the file): starting it again") >= 2)
        assert pid(tmp_path, "collect") and alive(pid(tmp_path, "collect"))
    finally:
        supervisor.send_signal(signal.SIGINT)
        assert supervisor.wait(20) == 0


@pytest.mark.req("N4")
def test_the_pause_grows_for_what_dies_as_it_starts_and_for_nothing_else(tmp_path: Path) -> None:
    supervisor, child = Supervisor(tmp_path, {}, {}), Child("engine", [])
    pauses = []
    for ran in (1.0, 1.0, 1.0, WORKED_SECONDS + 1, WORKED_SECONDS + 1, 1.0):
        child.process, child.started = SimpleNamespace(returncode=-9), 100.0  # type: ignore[assignment]
        supervisor._plan_restart(child, child.started + ran)
        pauses.append(round(child.pause, 1))
    assert pauses == [0.4, 0.8, 1.6, 0.2, 0.2, 0.4]
    (tmp_path / "log").mkdir()
    (tmp_path / "log" / "engine.log").write_text("mend the file\n")
    child.proven, child.process = True, SimpleNamespace(returncode=2)  # type: ignore[assignment]
    supervisor._plan_restart(child, child.started + WORKED_SECONDS + 1)
    assert round(child.pause, 1) == 0.8, "no setting mends itself, however long it took to read it"
