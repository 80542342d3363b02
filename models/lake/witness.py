"""Where signed checkpoints go so that nobody can take back what the lake said once.

The default lies in the home, which only guards against mistakes. Point `TIEOUT_WITNESS` at a place the operators of
this machine cannot write over: a mounted bucket with object lock, a share of the auditors.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from models.settings import Settings


def witness_path(settings: Settings) -> Path:
    return settings.witness or settings.home.absolute() / "witness" / "checkpoints.txt"


def push(path: Path, size: int, note: str) -> None:
    """Keep `note`: a new file when `path` is a folder, else at the end of the file; on the disk before this returns.

    Raises OSError when the witness cannot be reached.
    """
    if path.is_dir():
        file = path / f"checkpoint-{size:012d}.txt"
        if file.exists() and file.read_text() == note:
            return
    else:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path
        note = note + "\n"
    fresh = not file.exists()
    with open(file, "a", encoding="utf-8") as stream:
        stream.write(note)
        stream.flush()
        os.fsync(stream.fileno())
    if fresh:
        _shared_as(file.parent, file)


def _shared_as(folder: Path, file: Path) -> None:
    """Who may read the folder may read the note: auditors are other people, and a home keeps its files to itself.

    A mounted bucket that knows no modes is left as it is.
    """
    with suppress(OSError):
        file.chmod(folder.stat().st_mode & 0o644)


def notes(path: Path) -> list[str]:
    """Every note a witness kept, in order; empty when there is no witness yet."""
    if not path.exists():
        return []
    files = sorted(path.glob("checkpoint-*.txt")) if path.is_dir() else [path]
    return [note for file in files for note in _split(file.read_text(encoding="utf-8"))]


def _split(text: str) -> list[str]:
    # A note is its text, an empty line and its signature line; an append that a crash cut short has no signature line.
    found, lines = [], text.split("\n")
    start = 0
    for at, line in enumerate(lines):
        if line.startswith("— ") and at < len(lines) - 1:
            found.append("\n".join(lines[start : at + 1]).lstrip("\n") + "\n")
            start = at + 1
    return found
