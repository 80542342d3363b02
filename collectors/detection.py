"""Runs the marts and the detectors in a process of their own, so that a heavy query never makes ingest wait.

A second reason is SQLite: it counts file locks per process and per copy of its library, and DuckDB brings its own copy.
The child reads the journal through DuckDB and never opens it otherwise; what detectors write to the journal comes
back over a pipe and is done here, where Python's SQLite alone has it open.
"""

from __future__ import annotations

import logging
import socket
import subprocess
import sys
from multiprocessing.connection import Connection
from typing import Any

_log = logging.getLogger(__name__)


class Detection:
    """One turn of marts and detectors at a time, in a child process that is started when first needed."""

    def __init__(self, journal: Any) -> None:
        self._journal = journal
        self._child: subprocess.Popen[bytes] | None = None
        self._pipe: Connection | None = None
        self._stopping = False
        self.fault: str | None = None

    def run(self) -> None:
        """Refresh the marts and report every finding; a fault is logged, the next turn tries again."""
        try:
            self._turn(self._connected())
            self.fault = None
        except (EOFError, OSError, RuntimeError) as error:
            if self._stopping:
                return
            self.fault = f"detectors: {error or type(error).__name__}"
            _log.warning(
                "marts and detectors could not run, they will be tried again: %s", error or type(error).__name__
            )
            self._end()

    def stop(self) -> None:
        """End the child; a turn that is under way is given up. The pipe is left to the turn's own thread, which may be
        reading it.
        """
        self._stopping = True
        if (child := self._child) is not None:
            child.terminate()
            child.wait(5)

    def _turn(self, pipe: Connection) -> None:
        pipe.send("run")
        while True:
            word, content = pipe.recv()
            if word == "done":
                return
            if word == "failed":
                raise RuntimeError(content)
            pipe.send(self._called(*content))

    def _called(self, path: tuple[str, ...], arguments: tuple[Any, ...], named: dict[str, Any]) -> tuple[bool, Any]:
        target: Any = self._journal
        for name in path:
            target = getattr(target, name)
        try:
            return True, target(*arguments, **named)
        except Exception as error:  # noqa: BLE001 - raised again in the child, where the call was made
            return False, f"{type(error).__name__}: {error}"

    def _connected(self) -> Connection:
        if self._pipe is None or self._child is None or self._child.poll() is not None:
            self._end()
            ours, theirs = socket.socketpair()
            with theirs:
                command = [sys.executable, "-m", "collectors.detecting", str(theirs.fileno())]
                self._child = subprocess.Popen(command, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL)
            self._pipe = Connection(ours.detach())
        return self._pipe

    def _end(self) -> None:
        pipe, child = self._pipe, self._child
        self._pipe = self._child = None
        if pipe is not None:
            pipe.close()
        if child is not None:
            child.terminate()
            child.wait(5)
