"""Which collector this is: one at a time in a home, known by one name across restarts."""

from __future__ import annotations

import fcntl
import os
from uuid import uuid4

from collectors.pipeline.spool.spool import sync_folder
from models.domain.errors import Misconfigured
from models.settings import Settings


def collector_identity(settings: Settings) -> str:
    """What tells this installation's collector from others, made once and kept beside the spool.

    Without the process id on purpose: the lock on the spool lets one process have it, and a successor takes up its
    leases at once.
    """
    path = settings.home / "spool" / "identity"
    if not path.exists():
        fresh = path.with_suffix(".new")
        fresh.write_text(uuid4().hex[:12])
        with open(fresh, "rb") as written:
            os.fsync(written.fileno())
        fresh.replace(path)
        sync_folder(path.parent)
    return path.read_text().strip()


def writer_name(settings: Settings, lane: str) -> str:
    """The name under which a lane numbers its batches: its own in a catalogue that several collectors share."""
    shared = settings.lake_catalog_address.startswith("postgres")
    return f"{lane}-{collector_identity(settings)}" if shared else lane


def only_collector(settings: Settings) -> int:
    """A lock on the spool, held until the process ends. Raises Misconfigured when another collector has it."""
    folder = settings.home / "spool"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(handle)
        raise Misconfigured(
            f"another collector works in {folder}: end it, or give this one another TIEOUT_HOME"
        ) from error
    return handle
