"""Text and numbers as the world sends them: half characters, marks that turn the reading direction, NUL, huge integers.

`st.text()` alone cannot make a lone surrogate, and bounded integers never leave 64 bits: what none of them can make, no
property test sees.
"""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

ODD = (
    "\ud83d",  # the first half of an emoji, alone
    "\udc4d",  # the second half
    "\u202e",  # right-to-left override
    "\u2066",  # left-to-right isolate
    "\u200b",  # zero-width space
    "\ufeff",  # byte order mark
    "\x00",
    "\x1b[31m",  # a terminal's escape sequence
    "\u2028",  # line separator
    "a\u0301",  # a letter and its accent as two characters
)


def any_text(min_size: int = 0, max_size: int = 12) -> st.SearchStrategy[str]:
    """Any text that a JSON document can carry, odd characters more often than chance would bring them."""
    odd = st.lists(st.sampled_from(ODD) | st.text(max_size=2), min_size=1, max_size=4).map("".join)
    texts = st.text(min_size=min_size, max_size=max_size) | odd
    return texts.filter(lambda text: len(text) >= min_size)


any_integer = st.integers(-(2**63), 2**64 - 1) | st.integers(-(10**30), 10**30)
"""Integers within 64 bits and beyond: JSON sets no limit."""


def json_bytes(value: Any) -> bytes:
    """A JSON document as a tolerant sender writes it: what UTF-8 cannot hold goes out as an escape."""
    return json.dumps(value).encode()
