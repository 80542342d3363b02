"""The checkpoint: how far each file is in the lake, decided by the lake itself.

Before a batch is appended, the file of the ledger is replaced by one that holds the places before it, those after it
and its number. Whether the lake has that number then says which of the two hold: there is no moment between, so no kill
can lose or double a record. The lake's own answer is the commit of both.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from collectors.pipeline.spool.spool import sync_folder
from collectors.tailing.place import Place
from models.domain.errors import Misconfigured


class Ledger:
    """The places of all files of all sources, each by a key of its own.

    `landed` is the last batch of log files that the lake has, 0 before the first. Raises Misconfigured where file and
    lake cannot be of one history.
    """

    def __init__(self, file: Path, landed: int) -> None:
        self._file = file
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        held: dict[str, Any] = json.loads(file.read_bytes()) if file.exists() else {"number": -1 if landed else 0}
        if not landed <= held["number"] <= landed + 1:
            raise Misconfigured(
                f"the lake has {landed} batches of log files, and {file} tells of {max(held['number'], 0)}: restore "
                f'both from one backup, or write {{"number": {landed}}} there to read every file from its beginning'
            )
        self.number = landed
        before, after = held.get("before", {}), held.get("after", {})
        self.places = _places({**before, **after} if held["number"] == landed else before)
        self._landed = dict(self.places)
        self._next = max([*self.places, 0]) + 1

    def add(self, place: Place) -> int:
        """Take in a place; its key."""
        self._next += 1
        self.places[self._next - 1] = place
        return self._next - 1

    def intend(self) -> int:
        """Put on disk what will hold once the next batch has landed; the number of that batch."""
        keys = {*self.places, *self._landed}
        after = {key: self.places.get(key) for key in keys if self.places.get(key) != self._landed.get(key)}
        said = {"number": self.number + 1, "before": _written(self._landed), "after": _written(after)}
        _replaced(self._file, json.dumps(said).encode())  # orjson takes no name that is not UTF-8
        return self.number + 1

    def settle(self) -> None:
        """The batch has landed."""
        self.number += 1
        self._landed = dict(self.places)


def _written(places: Mapping[int, Place | None]) -> dict[str, Any]:
    return {str(key): place and place.as_json() for key, place in places.items()}


def _places(held: Mapping[str, Any]) -> dict[int, Place]:
    return {int(key): Place(**place) for key, place in held.items() if place is not None}


def _replaced(file: Path, content: bytes) -> None:
    """The file with this content, or as it was: also when power is lost."""
    fresh = file.with_suffix(".new")
    with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as written:
        written.write(content)
        written.flush()
        os.fsync(written.fileno())
    fresh.replace(file)
    sync_folder(file.parent)
