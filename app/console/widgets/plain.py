"""Text of vendors and senders where Streamlit reads Markdown: titles, labels, expanders, toasts."""

from __future__ import annotations

import re

_SIGNS = re.compile(r"([\\`*_{}\[\]()#+\-.!|~<>$:&])")
_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def plain(value: object) -> str:
    """The text so that it reads as it was sent: no link, picture, formula, colour or turned direction of its own."""
    return _SIGNS.sub(r"\\\1", _UNSEEN.sub("\ufffd", str(value or "")))
