"""A home is its owner's alone: folders 0700, files 0600, whichever process makes them.

What lies in it tells rates and who did what; a console masks it by role, a file masks nothing.
"""

from __future__ import annotations

import logging
import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryFile

from models.action_log import action
from models.domain.errors import Misconfigured

OTHERS = 0o077
_log = logging.getLogger(__name__)


def owner_only() -> None:
    """Whatever this process and its children make from now on is their owner's alone."""
    os.umask(OTHERS)


def made_private(home: Path) -> None:
    """From now on this process keeps the home private: made where it is not there, mended where it is loose.

    Raises Misconfigured where it cannot be written.
    """
    owner_only()
    try:
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        TemporaryFile(dir=home).close()
    except OSError as error:
        raise Misconfigured(
            f"the home {home} cannot be written ({error.strerror}): set TIEOUT_HOME to a folder that this account may "
            "write; evidence that lies where nothing is written is read by `tieout verify` and `tieout sql`"
        ) from error
    mended_home(home)


def mended_home(home: Path) -> int:
    """Take every right of others in a home away, and log how many places had one; how many those were.

    What this account may not change stays, for `tieout doctor` to name. A folder that is not ours, or that everybody
    shares, as /tmp, is not a home to lock.
    """
    found = [path for path in loose(home) if _tightened(path)] if _ours(home) else []
    if found:
        action(_log, logging.WARNING, "home.mended", home=home, places=len(found), first=found[0])
    return len(found)


def loose(home: Path) -> Iterator[Path]:
    """Each folder and file of a home that somebody else may read or write."""
    for path in (home, *home.rglob("*")):
        with suppress(OSError):  # gone meanwhile
            mode = path.lstat().st_mode
            if (stat.S_ISDIR(mode) or stat.S_ISREG(mode)) and mode & OTHERS:
                yield path


def _tightened(path: Path) -> bool:
    try:
        path.chmod(stat.S_IMODE(path.lstat().st_mode) & ~OTHERS)
    except OSError:
        return False
    return True


def _ours(home: Path) -> bool:
    if not home.is_dir():
        return False
    held = home.stat()
    return held.st_uid == os.geteuid() and not held.st_mode & stat.S_ISVTX
