"""Text of others in an alert, so that no chat, mail program or terminal obeys it."""

from __future__ import annotations

import re
import unicodedata

from models.domain.secrets import without_secrets

LONGEST = 200
"""As many characters of a text of others as an alert repeats."""
_ACTIVE = re.compile(r"[*`~\[\]<>&@|\\#]|(?<![0-9A-Za-z])_|_(?![0-9A-Za-z])|:(?=//)|(?<=www)\.", re.IGNORECASE)
_FULL_WIDTH = 0xFEE0
_UNSEEN = {"Cc", "Cf", "Co", "Cn", "Cs", "Zl", "Zp"}


def plain(text: object) -> str:
    """The text on one line, without signs that are obeyed and not seen: controls, and what turns the direction of
    writing; without credentials, and no longer than an alert repeats.
    """
    seen = "".join(" " if unicodedata.category(sign) in _UNSEEN else sign for sign in str(text)[: 4 * LONGEST])
    short = " ".join(without_secrets(seen).split())
    return short if len(short) <= LONGEST else f"{short[: LONGEST - 1]}…"


def inert(text: object) -> str:
    """The same without marks that Markdown, HTML or a chat would obey, and without links: each such sign becomes its
    full-width twin.
    """
    return _ACTIVE.sub(lambda sign: chr(ord(sign[0]) + _FULL_WIDTH), plain(text))
