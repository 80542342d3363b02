"""A whole demonstration in real processes on free ports, as the tests of the system use it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from models.lake.reader import open_reader
from models.settings import Settings
from tests.commands import called

T = TypeVar("T")
TIEOUT = Path(sys.executable).parent / "tieout"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Demonstration:
    """`tieout demo`, or another of its commands, in a home of its own. Ends with every process it started."""

    def __init__(self, home: Path, command: str = "demo", **environment: str) -> None:
        self.home, self._command = home, command
        self.otlp, self.grpc, self.console, self.sandbox = (free_port() for _ in range(4))
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("TIEOUT_")},
            "TIEOUT_HOME": str(home),
            "TIEOUT_OTLP_PORT": str(self.otlp),
            "TIEOUT_GRPC_PORT": str(self.grpc),
            "TIEOUT_CONSOLE_PORT": str(self.console),
            "TIEOUT_SANDBOX_PORT": str(self.sandbox),
            **environment,
        }
        self.process = self._started()
        self._reader = open_reader(Settings(home=home))

    def _started(self) -> subprocess.Popen[bytes]:
        with open(self.home.with_suffix(".log"), "ab") as output:
            return subprocess.Popen(
                [str(TIEOUT), self._command], env=self.environment, stdout=output, stderr=subprocess.STDOUT
            )

    def go_on(self) -> None:
        """Start it again where it ended."""
        self.process = self._started()

    def stop(self) -> int:
        """End it as Ctrl-C does; its exit status."""
        self.process.send_signal(signal.SIGINT)
        try:
            return self.process.wait(40)
        finally:
            self.process.kill()

    def close(self) -> None:
        """End it and whoever looked at it."""
        self._reader.close()
        self.stop()

    def pid(self, role: str) -> int:
        return int((self.home / "run" / f"{role}.pid").read_text())

    def pids(self) -> dict[str, int]:
        return {file.stem: int(file.read_text()) for file in (self.home / "run").glob("*.pid")}

    def kill(self, role: str) -> None:
        """SIGKILL one role, and wait until the supervisor has started it again."""
        before = self.pid(role)
        os.kill(before, signal.SIGKILL)
        self.until(lambda: self.pid(role) != before, 30, f"{role} to come back")

    def tieout(self, *words: str, timeout: float = 240) -> subprocess.CompletedProcess[str]:
        return called(words, self.environment, timeout)

    def rows(self, query: str) -> list[dict[str, Any]]:
        """What `tieout sql` would say, from one process that stays: the firm needs the cores itself."""
        return self._reader.rows(query) if (self.home / "demo.json").exists() else []

    def one(self, query: str) -> Any:
        return next((value for row in self.rows(query) for value in row.values()), None)

    def cases(self, status: str = "unresolved") -> list[dict[str, Any]]:
        done = self.tieout("cases", "--format", "json", "--status", status, "--limit", "10000")
        assert done.returncode == 0, done.stderr
        found: list[dict[str, Any]] = json.loads(done.stdout)
        return found

    def world(self, path: str, method: str = "GET") -> Any:
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.sandbox}/_world/{path}", method=method, data=b"" if method == "POST" else None
        )
        with urllib.request.urlopen(request, timeout=120) as answer:
            return json.loads(answer.read())

    def until(self, question: Callable[[], T], seconds: float, what: str) -> T:
        """The first true answer; an assertion that names `what` and the last answer when it does not come in time."""
        end, answer = time.monotonic() + seconds, None
        while time.monotonic() < end:
            assert self.process.poll() is None, (
                f"the demonstration ended by itself: {self.home.with_suffix('.log').read_text()[-2000:]}"
            )
            try:
                answer = question()
            except OSError as error:
                answer = f"not yet: {error}"  # type: ignore[assignment]
                time.sleep(0.3)
                continue
            if answer:
                return answer
            time.sleep(0.3)
        raise AssertionError(f"waited {seconds:.0f} s for {what}; last answer: {answer!r}")
