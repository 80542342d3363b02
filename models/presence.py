"""Which processes of an installation run: each holds a lock on a file of its own, which ends however the process does.

A pid tells less: it outlives a kill of the whole group, and belongs to somebody else after a restart.
"""

from __future__ import annotations

import fcntl
import os
import socket
import time
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

ENGINE, COLLECTOR, CONSOLE = "engine", "collect", "console"


def this_process() -> str:
    """A name that no other process has, also on other machines and after a restart; made anew at each call."""
    return f"{socket.gethostname()}:{os.getpid()}:{uuid4().hex[:8]}"


def present(folder: Path, role: str, address: str = "", process: str | None = None) -> int:
    """Say in this run folder that the role runs, until this process ends or closes the handle that is given back;
    `address` is where it answers, `process` its name where it is known by one.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for file in _left(folder, role):
        file.unlink(missing_ok=True)
    name = f"{role}-{process or this_process()}"
    fresh = folder / f".{name}"
    handle = os.open(fresh, os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(handle, fcntl.LOCK_EX)
    os.write(handle, address.encode())
    fresh.rename(folder / f"{name}.lock")  # shown only once it is held, so that nobody clears it away
    return handle


def departed(folder: Path, role: str) -> list[str]:
    """Names of the role's processes that ended since another one said `present` here: what they held is nobody's."""
    return sorted(file.stem.removeprefix(f"{role}-") for file in _left(folder, role))


def runs(folder: Path, role: str) -> bool:
    """Whether a process of the role runs; changes nothing, also where nothing can be written."""
    return runs_for(folder, role) is not None


def runs_for(folder: Path, role: str) -> float | None:
    """For how many wall seconds the first process of the role runs that is there; None where there is none."""
    began = []
    for file in folder.glob(f"{role}-*.lock"):
        with suppress(FileNotFoundError):
            if _held(file):
                began.append(file.stat().st_mtime)
    return max(0.0, time.time() - min(began)) if began else None


def addresses(folder: Path, role: str) -> list[str]:
    """Where the processes of the role that run answer, as they said themselves; one that said nothing is left out."""
    return [address for file in sorted(folder.glob(f"{role}-*.lock")) if (address := _address(file))]


def _left(folder: Path, role: str) -> list[Path]:
    """Files of processes that are no more."""
    return [file for file in folder.glob(f"{role}-*.lock") if not _held(file)]


def _address(file: Path) -> str:
    with suppress(FileNotFoundError):
        return file.read_text() if _held(file) else ""
    return ""


def _held(file: Path) -> bool:
    with suppress(FileNotFoundError), open(file, "rb") as looking:
        try:
            fcntl.flock(looking, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False
