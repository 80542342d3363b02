"""The process that runs marts and detectors, as the collector holds it: asked for a turn, ended when it hangs.

A process of its own so that a heavy query never makes ingest wait, and because of SQLite: it counts file locks per
process and per copy of its library, and DuckDB brings its own copy. The child reads the journal through DuckDB alone.
"""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Sequence
from multiprocessing.connection import Connection

from collectors.detectors.turn import Found, Turn

_COMMAND = (sys.executable, "-m", "collectors.detecting")
_END_SECONDS = 5.0


class DetectionFailed(Exception):
    """A turn that gave no findings: its own error, a child that died, or one that took too long."""


class DetectorProcess:
    """One turn at a time in a child that is started when first needed, and again after a fault.

    A turn may last `limit` seconds; the child is ended then, which harms nothing: marts can be made anew.
    """

    def __init__(self, limit: float, command: Sequence[str] = _COMMAND) -> None:
        self._limit, self._command = limit, command
        self._child: subprocess.Popen[bytes] | None = None
        self._pipe: Connection | None = None

    def ask(self, turn: Turn) -> Found:
        """What the turn found. Raises DetectionFailed with the reason; the next turn has a fresh child then."""
        try:
            return self._answer(self._connected(), turn)
        except DetectionFailed:
            self._end()
            raise
        except Exception as error:
            self._end()
            raise DetectionFailed(f"the detectors' process ended ({type(error).__name__}: {error})") from error

    def stop(self) -> None:
        """End the child; a turn under way is given up. The pipe is left to the turn's thread, which may read it."""
        if (child := self._child) is not None:
            _end(child)

    def _answer(self, pipe: Connection, turn: Turn) -> Found:
        pipe.send(turn)
        if not pipe.poll(self._limit):
            raise DetectionFailed(
                f"a turn took longer than {self._limit:g} s and was ended: "
                "raise TIEOUT_DETECT_LIMIT_SECONDS if the installation has grown"
            )
        answer = pipe.recv()
        if not isinstance(answer, Found):
            raise DetectionFailed(str(answer))
        return answer

    def _connected(self) -> Connection:
        if self._pipe is None or self._child is None or self._child.poll() is not None:
            self._end()
            ours, theirs = socket.socketpair()
            with theirs:
                command = [*self._command, str(theirs.fileno())]
                self._child = subprocess.Popen(command, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL)
            self._pipe = Connection(ours.detach())
        return self._pipe

    def _end(self) -> None:
        pipe, child = self._pipe, self._child
        self._pipe = self._child = None
        if pipe is not None:
            pipe.close()
        if child is not None:
            _end(child)


def _end(child: subprocess.Popen[bytes]) -> None:
    child.terminate()
    try:
        child.wait(_END_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
