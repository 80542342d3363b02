"""Ids of runs, lineages, correlations, traces and cases as people give them: whole, with dashes, or by their first
digits.
"""

from __future__ import annotations

LENGTH, SHORTEST = 32, 8
"""Digits of an id, and the fewest by which one is looked for."""


def compact(q: str) -> str:
    """An id without its dashes, in lower case, as most senders store it."""
    return q.replace("-", "").lower()


def is_id(text: str) -> bool:
    """Whether it is a run, lineage, correlation or trace id: 32 hex digits."""
    return len(text) == LENGTH and _is_hex(text)


def is_prefix(text: str) -> bool:
    """Whether it may begin such an id, as pages and the command line show it, or be a case's: shorter, but long enough
    to tell few apart.
    """
    return SHORTEST <= len(text) < LENGTH and _is_hex(text)


def _is_hex(text: str) -> bool:
    return all(letter in "0123456789abcdef" for letter in text)
