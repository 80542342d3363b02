"""JSON lines whose text goes on in later lines, as Docker splits what is longer than 16 KiB."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from collectors.tailing.piece import Piece


@dataclass(slots=True)
class _Open:
    """A text that has not ended: its place among the records that wait, its first line, and what came of it so far."""

    place: int
    held: dict[str, Any]
    body: str
    parts: list[str]


class Continued:
    """Joins a line whose body has no line's end with the next ones of the same `field` (of the same stream, say).

    What comes between waits for it, so that all that begins before a place in the file is read once it is passed.
    """

    def __init__(self, field: str, bodies: Sequence[str], limit: int) -> None:
        self._field, self._bodies, self._limit = field, bodies, limit

    def grouped(self, block: bytes, lines: list[Piece]) -> tuple[list[Piece], list[Piece]]:
        """The records that are whole, and those of the last lines, which may go on."""
        whole, waiting, opened = list[Piece](), list[Piece](), dict[str, _Open]()
        for line in lines:
            self._enter(line, waiting, opened)
            if opened and line.end - waiting[0].start > self._limit:
                _close(waiting, opened)
            if not opened:
                whole += waiting
                waiting = []
        _close(waiting, opened)
        return whole, waiting

    def _enter(self, line: Piece, waiting: list[Piece], opened: dict[str, _Open]) -> None:
        held, body = self._read(line)
        if body is None:
            waiting.append(line)
            return
        text, of = held[body], str(held.get(self._field))
        if of in opened:
            opened[of].parts.append(text)
        elif not text.endswith("\n"):
            opened[of] = _Open(len(waiting), held, body, [text])
            waiting.append(line)
        else:
            waiting.append(line)
        if of in opened and text.endswith("\n"):
            _close(waiting, {of: opened.pop(of)})

    def _read(self, line: Piece) -> tuple[dict[str, Any], str | None]:
        """The line's object, and which field of it is the body; None where there is no text in it."""
        try:
            held = orjson.loads(line.raw)
        except orjson.JSONDecodeError:
            return {}, None
        if line.size or not isinstance(held, dict):
            return {}, None
        return held, next((name for name in self._bodies if isinstance(held.get(name), str)), None)


def _close(waiting: list[Piece], opened: dict[str, _Open]) -> None:
    """Put each open text in its place, as far as it came."""
    for one in opened.values():
        if len(one.parts) > 1:
            raw = orjson.dumps({**one.held, one.body: "".join(one.parts)})
            waiting[one.place] = Piece(waiting[one.place].start, raw)
    opened.clear()
