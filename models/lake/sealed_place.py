"""A SQLite file of a home that cannot be written: read-only mounts, copies on a medium of evidence.

SQLite makes a file of its own beside one with a write-ahead log, even to read it. Where the folder takes none, and no
running process has made it, the file is read from a copy that lives as long as this process.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from functools import cache
from pathlib import Path


def openable(file: Path) -> Path:
    """Where this file can be opened to be read: where it lies, or its copy with what its log holds."""
    if not file.exists() or os.access(file.parent, os.W_OK) or _beside(file, "-shm").exists():
        return file
    return _copied(file)


def spill_folder(home: Path) -> Path:
    """Where DuckDB may lay down what its memory does not hold."""
    return home / "tmp" if os.access(home, os.W_OK) or not home.exists() else Path(_scratch().name)


@cache
def _scratch() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="tieout-", ignore_cleanup_errors=True)


@cache
def _copied(file: Path) -> Path:
    copy = Path(tempfile.mkdtemp(dir=_scratch().name)) / file.name
    for original in (_beside(file, "-wal"), file):
        if original.exists():
            shutil.copyfile(original, copy.with_name(original.name))
    return copy


def _beside(file: Path, ending: str) -> Path:
    return file.with_name(file.name + ending)
