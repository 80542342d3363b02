"""Text of others, so that neither a terminal nor a spreadsheet obeys it."""

from __future__ import annotations

import re

_OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
_FORMULA = re.compile(r"[=+\-@\t\r]")
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")


def shown(text: str) -> str:
    """The text with signs that a terminal would obey written out: escapes, and what turns the direction of writing."""
    return _OBEYED.sub(_written_out, text)


def cell(text: str) -> str:
    """The text as a cell of a spreadsheet: one that begins like a formula begins with an apostrophe; numbers do not."""
    return f"'{text}" if _FORMULA.match(text) and not _NUMBER.fullmatch(text) else text


def _written_out(sign: re.Match[str]) -> str:
    code = ord(sign[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
