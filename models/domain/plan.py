"""A replay plan: a frozen selection with its correction, and the hash that people approve (E4)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

STARTS = ("failed_step", "start")
MANY = 10
"""From this many runs on a replay needs a reason in words, on every road."""


@dataclass(frozen=True, slots=True)
class Wave:
    """Runs that are replayed together, and how."""

    run_ids: tuple[str, ...]
    start: str
    correction: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """Which runs are replayed, from where, with which corrected fields (dotted path -> value).

    `roots` are replayed before all others, from their start and as they were: what set up the thing that the others
    miss.
    """

    run_ids: tuple[str, ...]
    start: str = "failed_step"
    correction: Mapping[str, Any] | None = None
    roots: tuple[str, ...] = ()

    @property
    def hash(self) -> str:
        """SHA-256 of the plan's canonical JSON: keys sorted, run ids sorted, no blanks, UTF-8; 64 hex digits."""
        body: dict[str, Any] = {
            "correction": self.correction or None,
            "from": self.start,
            "run_ids": sorted(self.run_ids),
        }
        if self.roots:
            body["roots"] = sorted(self.roots)
        return hashlib.sha256(orjson.dumps(body, option=orjson.OPT_SORT_KEYS, default=str)).hexdigest()

    @property
    def everything(self) -> tuple[str, ...]:
        """Every run of the plan in the order of its replay."""
        return (*self.roots, *self.run_ids)

    def unreasoned(self, reason: str | None) -> str | None:
        """What a replay of many runs without a reason is told; None where it may begin."""
        size = len(self.everything)
        if size < MANY or (reason or "").strip():
            return None
        return f"say why: a replay of {size} runs is kept with its reason"

    def waves(self, first: int = 1, growth: int = 10) -> Iterator[Wave]:
        """The roots, then the others in growing batches: 1, 10, 100, … so that a correction that fails, fails once."""
        if self.roots:
            yield Wave(self.roots, "start")
        at, size = 0, first
        while at < len(self.run_ids):
            yield Wave(self.run_ids[at : at + size], self.start, self.correction)
            at, size = at + size, size * growth


def plan_of(body: Mapping[str, Any]) -> Plan:
    """The plan that a preview or replay request asks for, each run once, in the order given.

    Raises ValueError when nothing is selected or the start is unknown, since an empty filter must never mean
    everything.
    """
    roots: Sequence[str] = tuple(dict.fromkeys(body.get("roots") or ()))
    run_ids: Sequence[str] = tuple(run for run in dict.fromkeys(body.get("run_ids") or ()) if run not in roots)
    start = body.get("from") or "failed_step"
    if not run_ids and not roots:
        raise ValueError("a replay needs run_ids: select at least one run")
    if start not in STARTS:
        raise ValueError(f"a replay starts from {' or '.join(STARTS)}, not from {start!r}")
    return Plan(tuple(run_ids), start, body.get("correction") or None, tuple(roots))
