"""The keys of values in a folder of their own, to be kept apart from backups of lake and journal, and back from there.

`values.key` is the master key, `subjects.json` what it wraps. Whoever holds the folder and the stores reads every rate.
"""

from __future__ import annotations

import os
from dataclasses import asdict
from pathlib import Path

import orjson

from models.domain.errors import Misconfigured
from models.keys.master import Master
from models.keys.subject_keys import Kept, SubjectKeys

MASTER, SUBJECTS = "values.key", "subjects.json"


def backed_up(master: Master, subjects: SubjectKeys, folder: Path) -> int:
    """Write the keys into a new folder, its owner's alone; how many subjects have one.

    Raises Misconfigured for a folder that is there already, and where the master key does not open what it should.
    """
    if folder.exists():
        raise Misconfigured(f"{folder} is there already: name a new folder, so that no older backup is overwritten")
    rows, lines = subjects.rows(), master.read()
    unwrapped(master, rows)
    folder.mkdir(parents=True, mode=0o700)
    _written(folder / MASTER, "".join(f"{key.hex()}\n" for key in lines).encode())
    _written(folder / SUBJECTS, orjson.dumps([asdict(row) for row in rows], option=orjson.OPT_INDENT_2))
    return sum(row.wrapped is not None for row in rows)


def restored(master: Master, subjects: SubjectKeys, folder: Path) -> int:
    """Put back what is missing here; how many subjects that were. What is here stays as it is, who was erased here
    since stays erased, and keys of a backup from before a rotation are wrapped anew.

    Raises Misconfigured, and changes nothing, for a folder that is no backup of these keys.
    """
    theirs, rows = Master(folder / MASTER, own=False), _read(folder / SUBJECTS)
    keys = unwrapped(theirs, rows)
    if not master.path.exists():
        unwrapped(theirs, subjects.rows())
        master.take(theirs.read())
    again = [
        Kept(row.subject, row.kind, row.name, master.wrap(keys[row.subject], row.subject).hex(), None)
        if row.subject in keys
        else row
        for row in rows
    ]
    return subjects.put(again)


def unwrapped(master: Master, rows: list[Kept]) -> dict[str, bytes]:
    """The subjects' own keys. Raises Misconfigured where the master key opens one of them not."""
    return {row.subject: master.unwrap(bytes.fromhex(row.wrapped), row.subject) for row in rows if row.wrapped}


def _read(file: Path) -> list[Kept]:
    try:
        return [Kept(**row) for row in orjson.loads(file.read_bytes())]
    except (OSError, ValueError, TypeError) as error:
        raise Misconfigured(
            f"{file} is no backup of keys ({error}): name the folder of `tieout keys backup`"
        ) from error


def _written(file: Path, content: bytes) -> None:
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
