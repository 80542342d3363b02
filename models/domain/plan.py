"""A replay plan: a frozen selection with its correction, and the hash that people approve (E4)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

STARTS = ("failed_step", "start")


@dataclass(frozen=True, slots=True)
class Plan:
    """Which runs are replayed, from where, with which corrected fields (dotted path -> value)."""

    run_ids: tuple[str, ...]
    start: str = "failed_step"
    correction: Mapping[str, Any] | None = None

    @property
    def hash(self) -> str:
        """SHA-256 of the plan's canonical JSON: keys sorted, run ids sorted, no blanks, UTF-8; 64 hex digits."""
        body = {"correction": self.correction or None, "from": self.start, "run_ids": sorted(self.run_ids)}
        return hashlib.sha256(orjson.dumps(body, option=orjson.OPT_SORT_KEYS, default=str)).hexdigest()

    def waves(self, first: int = 1, growth: int = 10) -> Iterator[tuple[str, ...]]:
        """The runs in growing batches: 1, 10, 100, … so that a correction that fails, fails once."""
        at, size = 0, first
        while at < len(self.run_ids):
            yield self.run_ids[at : at + size]
            at, size = at + size, size * growth


def plan_of(body: Mapping[str, Any]) -> Plan:
    """The plan that a preview or replay request asks for, each run once, in the order given.

    Raises ValueError when nothing is selected or the start is unknown, since an empty filter must never mean everything.
    """
    run_ids: Sequence[str] = tuple(dict.fromkeys(body.get("run_ids") or ()))
    start = body.get("from") or "failed_step"
    if not run_ids:
        raise ValueError("a replay needs run_ids: select at least one run")
    if start not in STARTS:
        raise ValueError(f"a replay starts from {' or '.join(STARTS)}, not from {start!r}")
    return Plan(tuple(run_ids), start, body.get("correction") or None)
