"""A dialogue: calls of a connector, the exchanges each one caused, and what it came to. One JSON file each."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from integrations.contracts.conformance.asking import Call
from integrations.contracts.conformance.exchange import Exchange, dump, load
from integrations.contracts.connector import Role, SystemConfig

ADDRESS, FOLDER = "<address>", "<folder>"
"""Stand in a dialogue for the system's base address, and for a folder of its own, empty at the start."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One call at a moment, the exchanges it caused, in order, and what it gave (as `asking.plain` says it).

    `files` are laid into `<folder>` before it, by name; that moment is when they were last changed.
    """

    at: datetime
    call: Call
    exchanges: Sequence[Exchange]
    gives: Any
    files: Mapping[str, str] = field(default_factory=dict)

    def lay(self, folder: Path) -> None:
        """Write the files as they were before the call."""
        for name, text in self.files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            os.utime(path, (self.at.timestamp(), self.at.timestamp()))


@dataclass(frozen=True, slots=True)
class Dialogue:
    """What one connector did from its start to its end. `credentials` are names: the values are never kept."""

    about: str
    system: str
    role: Role
    credentials: Sequence[str]
    options: Mapping[str, Any]
    turns: Sequence[Turn]
    legal_entities: Sequence[str] = field(default=())

    @classmethod
    def read(cls, path: Path) -> Dialogue:
        """Raises ValueError naming the file when it holds no dialogue."""
        try:
            held = load(path.read_text(encoding="utf-8"))
            turns = [_turn(one) for one in held.pop("turns")]
            return cls(**{**held, "role": Role(held["role"]), "turns": turns})
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"{path} holds no dialogue ({type(error).__name__}: {error})") from error

    def write(self, path: Path) -> None:
        """Keep it; an older file of the same name is replaced."""
        turns = [
            {
                "at": turn.at.isoformat(),
                **({"files": dict(turn.files)} if turn.files else {}),
                "call": turn.call,
                "exchanges": [one.plain() for one in turn.exchanges],
                "gives": turn.gives,
            }
            for turn in self.turns
        ]
        held = {
            "about": self.about,
            "system": self.system,
            "role": str(self.role),
            "legal_entities": list(self.legal_entities),
            "credentials": list(self.credentials),
            "options": dict(self.options),
            "turns": turns,
        }
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dump(held, indent=True) + "\n", encoding="utf-8")

    def config(self, address: str, places: Mapping[str, str]) -> SystemConfig:
        """The system to play it on; credentials stand for themselves (`stand_in`)."""
        return SystemConfig(
            self.system,
            self.system,
            self.role,
            address,
            tuple(self.legal_entities),
            {one: stand_in(one) for one in self.credentials},
            placed(self.options, places),
        )


def stand_in(credential: str) -> str:
    """What is written where a credential stood."""
    return f"recorded-{credential}"


def placed(value: Any, places: Mapping[str, str]) -> Any:
    """A JSON value with each place in its texts replaced, e.g. `<address>` by where the player listens."""
    if isinstance(value, Mapping):
        return {placed(name, places): placed(item, places) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [placed(item, places) for item in value]
    if not isinstance(value, str):
        return value
    for place, text in places.items():
        value = value.replace(place, text)
    return value


def _turn(held: Mapping[str, Any]) -> Turn:
    exchanges = [Exchange.parse(one) for one in held["exchanges"]]
    return Turn(datetime.fromisoformat(held["at"]), held["call"], exchanges, held["gives"], held.get("files", {}))
