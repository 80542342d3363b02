"""Readers of a test are forked from one process that has read their code: most of a start is imports, and a test that
asks once waited a second for them.

`python -m tests.warm_readers <descriptor>` forks a process that answers for each descriptor that comes over its socket,
and tells its id; it ends when the socket does. What a process of its own is like, tests of the reader itself say.
"""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import cache

import pytest

OF_THEIR_OWN = ("tests/fault/", "tests/bench/", "tests/unit/lake/test_reader.py")
_MESSAGE = 1 << 20
_ONE_AT_A_TIME = threading.Lock()


class Forked:
    """What a reader asks of a process: to end, and to have ended."""

    def __init__(self, pid: int) -> None:
        self._handle = os.pidfd_open(pid)

    def __del__(self) -> None:
        os.close(self._handle)

    def kill(self) -> None:
        with suppress(ProcessLookupError):  # it has ended by itself
            signal.pidfd_send_signal(self._handle, signal.SIGKILL)

    def wait(self) -> None:
        select.select([self._handle], [], [])


@cache
def _forking() -> socket.socket:
    """The socket of this process's own; both end together."""
    ours, theirs = socket.socketpair()
    with theirs:
        command = [sys.executable, "-m", "tests.warm_readers", str(theirs.fileno())]
        subprocess.Popen(command, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL)
    return ours


def start_forked(pipe: int, environment: Mapping[str, str]) -> Forked:
    with _ONE_AT_A_TIME:
        forking = _forking()
        socket.send_fds(forking, [json.dumps(dict(environment)).encode()], [pipe])
        return Forked(int(forking.recv(_MESSAGE)))


@pytest.fixture(autouse=True, scope="module")
def readers_are_warm(request: pytest.FixtureRequest) -> Iterator[None]:
    """For all but those who look at the process itself, and where the system has what it takes (Linux)."""
    with pytest.MonkeyPatch.context() as patch:
        if hasattr(os, "pidfd_open") and not request.node.nodeid.startswith(OF_THEIR_OWN):
            patch.setattr("models.lake.reader.start_answering", start_forked)
        yield


def _fork_as_asked(asked: socket.socket) -> None:
    from models.lake import answering, connection
    from models.marts.definitions import published
    from models.settings import Settings

    published()
    connection.open_engine(Settings(), memory_mib=64, threads=1).close()  # extensions were held to their signatures
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for what was forked
    while True:
        message, pipes, _, _ = socket.recv_fds(asked, _MESSAGE, 1)
        if not message:
            return
        (pipe,) = pipes
        if pid := os.fork():
            os.close(pipe)
            asked.send(str(pid).encode())
            continue
        asked.close()
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.environ.clear()
        os.environ.update(json.loads(message))
        answering.answer(pipe)
        os._exit(0)


if __name__ == "__main__":
    _fork_as_asked(socket.socket(fileno=int(sys.argv[1])))
