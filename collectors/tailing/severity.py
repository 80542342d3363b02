"""Words of severity as OpenTelemetry numbers them: 1 trace, 5 debug, 9 info, 13 warn, 17 error, 21 fatal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_BY_NUMBER = {
    1: ("trace", "finest", "verbose"),
    5: ("debug", "dbg", "d", "fine", "finer"),
    9: ("info", "information", "informational", "inf", "i", "config"),
    10: ("notice",),
    13: ("warn", "warning", "wrn", "w"),
    17: ("error", "err", "e", "severe"),
    18: ("critical", "crit"),
    19: ("alert",),
    21: ("fatal", "emergency", "emerg", "panic", "f"),
}
_WORDS = {word: number for number, words in _BY_NUMBER.items() for word in words}


class Severities:
    """Severity numbers of words; those of `levels`, which a format gives, come first."""

    def __init__(self, levels: Mapping[str, int]) -> None:
        self._known = {**_WORDS, **{word.lower(): number for word, number in levels.items()}}

    def number(self, value: Any) -> int:
        """The severity number; 0, unknown, for a word that nobody gave one: the text is stored beside it."""
        return self._known.get(str(value).strip().lower(), 0)
