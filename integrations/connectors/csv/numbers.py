"""Numbers as people and their programs write them into tables: with a decimal comma, and hours by the clock.

Nothing is guessed: what could be read in two ways is refused with what the mapping has to say about it.
"""

from __future__ import annotations

import re
from decimal import Decimal

from models.domain.duration import hours_of_minutes
from models.domain.errors import Unmappable

LONGEST = 40
_PLAIN = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)", re.ASCII)
_EITHER = re.compile(r"[+-]?[1-9]\d{0,2}[.,]\d{3}", re.ASCII)
_CLOCK = re.compile(r"(?P<sign>-?)(?P<hours>\d{1,4}):(?P<minutes>[0-5]\d)(:(?P<seconds>[0-5]\d))?", re.ASCII)
_SPOKEN = re.compile(r"((?P<minutes>\d{1,4}):)?(?P<seconds>[0-5]?\d) (min|sec)", re.ASCII)


def number(text: str, column: str, sign: str | None) -> Decimal:
    """A number with the decimal `sign` that the mapping names; with None a point or a comma, where it is clear.

    Raises Unmappable for what is none (`1_5`, `1e1`, `1,234.5`), and for what may be two: 1.234 could be a thousand.
    """
    plain = text.replace("\u2212", "-")
    if sign is None and _EITHER.fullmatch(plain):
        why = f'column {column} may be thousands or a fraction: say `decimal = ","` or `decimal = "."` for its file'
        raise Unmappable(why, column, code="retyped-field")
    if sign == "," and "." in plain:
        plain = ""
    if sign != ".":
        plain = plain.replace(",", ".")
    if len(plain) > LONGEST or not _PLAIN.fullmatch(plain):
        raise Unmappable(f"column {column} is no number", column, code="retyped-field")
    return Decimal(plain)


def hours(text: str, column: str, sign: str | None) -> Decimal:
    """Hours as a number, as h:mm or h:mm:ss, or as time trackers shorten them: `18:25 min`, `45 sec`."""
    found = _CLOCK.fullmatch(text) or _SPOKEN.fullmatch(text)
    if found is None:
        return number(text, column, sign)
    said = {name: Decimal(value or 0) for name, value in found.groupdict().items() if name != "sign"}
    minutes = said.get("hours", Decimal(0)) * 60 + said["minutes"] + said["seconds"] / 60
    return hours_of_minutes(-minutes if text.startswith("-") else minutes)
