"""Keeps the processes of one machine running: starts them, restarts one that dies, ends them together.

`$TIEOUT_HOME/run/<role>.pid` names each living child; its output goes to `$TIEOUT_HOME/log/<role>.log`.
A child is asked to die with the supervisor (Linux), so that even a SIGKILL here leaves no process behind.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

STOP_SECONDS = 10.0
RESTART_FIRST = 0.2
RESTART_LIMIT = 15.0
STEADY_SECONDS = 30.0
"""How long a process must have run for a setting that it names to be no reason to end all."""
WORKED_SECONDS = 8.0
"""How long it must have run for its end to be no crash at the start, which waits longer each time."""
LOG_LIMIT = 20 * 2**20
LAST_WORDS = 2_000
MISCONFIGURED = 2
"""Exit status of a process whose settings need mending."""
PR_SET_PDEATHSIG = 1


@dataclass(slots=True)
class Child:
    role: str
    argv: Sequence[str]
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    restart_at: float = 0.0
    pause: float = RESTART_FIRST
    proven: bool = False
    """Whether it has run steadily before."""


class Supervisor:
    """Runs the given roles until `stop` is called or a signal comes."""

    def __init__(self, home: Path, commands: Mapping[str, Sequence[str]], environment: Mapping[str, str]) -> None:
        self._run, self._log = home / "run", home / "log"
        # All threads of a child share two heaps (glibc): each would otherwise keep freed memory of its own.
        self._environment = {"MALLOC_ARENA_MAX": "2", **environment}
        self._children = [Child(role, argv) for role, argv in commands.items()]
        self._stopping = self._misconfigured = False

    def run(self) -> int:
        """Supervise until asked to stop; the exit status of the whole (0 after a clean end)."""
        self._run.mkdir(parents=True, exist_ok=True)
        self._log.mkdir(parents=True, exist_ok=True)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._told_to_stop)
        try:
            while not self._stopping:
                self._tend()
                time.sleep(0.1)
        finally:
            clean = self._end()
        return MISCONFIGURED if self._misconfigured else 0 if clean else 1

    def _told_to_stop(self, _number: int, _frame: FrameType | None) -> None:
        self._stopping = True

    def _tend(self) -> None:
        now = time.monotonic()
        for child in self._children:
            if child.process is None:
                if now >= child.restart_at and not self._stopping:
                    self._start(child, now)
            elif child.process.poll() is not None:
                self._plan_restart(child, now)

    def _start(self, child: Child, now: float) -> None:
        log = self._log / f"{child.role}.log"
        if log.exists() and log.stat().st_size > LOG_LIMIT:
            os.replace(log, log.with_suffix(".log.1"))
        with open(log, "ab") as output:
            child.process = subprocess.Popen(
                child.argv,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                preexec_fn=_die_with_parent,
            )
        child.started = now
        self._pid_file(child).write_text(f"{child.process.pid}\n")

    def _plan_restart(self, child: Child, now: float) -> None:
        """Start it again soon; or end all where it never ran and says that its settings need mending, for no restart
        mends them. One that did run is waited for: a file broken later takes no receiver down with it.
        """
        assert child.process is not None
        status = child.process.returncode
        child.proven |= now - child.started > STEADY_SECONDS
        if status == MISCONFIGURED and not child.proven:
            child.process, self._stopping, self._misconfigured = None, True, True
            print(f"{child.role} cannot run: {self._last_words(child)}", file=sys.stderr)
            return
        misled = status == MISCONFIGURED
        worked = now - child.started > WORKED_SECONDS and not misled
        child.pause = RESTART_FIRST if worked else min(child.pause * 2, RESTART_LIMIT)
        child.process, child.restart_at = None, now + child.pause
        why = f"cannot run ({self._last_words(child).splitlines()[-1]})" if misled else f"ended with status {status}"
        print(
            f"{child.role} {why}: starting it again in {child.pause:.1f} s (log: {self._log / child.role}.log)",
            file=sys.stderr,
        )

    def _end(self) -> bool:
        alive = [child for child in self._children if child.process is not None]
        for child in reversed(alive):
            _send(child, signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        clean = True
        for child in alive:
            assert child.process is not None
            try:
                child.process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                print(f"{child.role} did not end within {STOP_SECONDS:.0f} s: killed", file=sys.stderr)
                _send(child, signal.SIGKILL)
                child.process.wait()
                clean = False
        for child in self._children:
            self._pid_file(child).unlink(missing_ok=True)
        return clean

    def _last_words(self, child: Child) -> str:
        log = self._log / f"{child.role}.log"
        return log.read_text(errors="replace").strip()[-LAST_WORDS:] or f"see {log}"

    def _pid_file(self, child: Child) -> Path:
        return self._run / f"{child.role}.pid"


def _send(child: Child, number: signal.Signals) -> None:
    assert child.process is not None
    with contextlib.suppress(ProcessLookupError):
        child.process.send_signal(number)


def _die_with_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
