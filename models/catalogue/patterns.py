"""Regular expressions that an installation gives: read in time that grows with the text, whatever the expression is.

RE2 does so; Python's own engine stands in where there is no wheel of it.
"""

from __future__ import annotations

import re
from typing import Any

try:
    import re2
except ImportError:  # no wheel for this platform
    re2 = None


class Pattern:
    """An expression over bytes of UTF-8; a dot matches a line's end too.

    Raises ValueError with a sentence where it is none.
    """

    def __init__(self, pattern: str) -> None:
        try:
            self._compiled: Any = _compiled(pattern.encode())
        except Exception as error:
            why = error.args[0] if error.args else error
            said = why.decode() if isinstance(why, bytes) else why
            raise ValueError(f"{pattern!r} is no regular expression of RE2 ({said})") from error
        given = self._compiled.groupindex.items()
        self._groups = [(name.decode() if isinstance(name, bytes) else name, place) for name, place in given]
        self.names = frozenset(name for name, _ in self._groups)

    def begins(self, text: bytes) -> bool:
        """Whether the text begins like this."""
        return self._compiled.match(text) is not None

    def fields(self, text: bytes) -> dict[str, bytes] | None:
        """The named groups that took part, where the whole text is like this."""
        if (found := self._compiled.fullmatch(text)) is None:
            return None
        group = found.group
        return {name: value for name, place in self._groups if (value := group(place)) is not None}


def _compiled(pattern: bytes) -> Any:
    if re2 is None:
        return re.compile(pattern, re.DOTALL)
    options = re2.Options()
    options.dot_nl, options.log_errors = True, False
    return re2.compile(pattern, options)
