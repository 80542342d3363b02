"""What a person chose to replay: runs, from where, with which correction, after which roots."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.readings.cases.rows import Case
from models.domain.plan import plan_of


@dataclass(frozen=True, slots=True)
class Selection:
    """Runs to replay from `start` (`failed_step` or `start`) with corrected fields (dotted path -> value).

    `roots` go first, from their start: what set up the thing that the others miss. `case_id` says whose history keeps
    it.
    """

    run_ids: tuple[str, ...]
    start: str = "failed_step"
    correction: Mapping[str, Any] | None = None
    roots: tuple[str, ...] = ()
    case_id: str | None = None

    @property
    def size(self) -> int:
        return len(self.run_ids) + len(self.roots)

    @property
    def plan_hash(self) -> str:
        """The hash of the plan that this selection makes, as a preview of it answers."""
        return plan_of(self.body()).hash

    def body(self, plan_hash: str | None = None) -> dict[str, Any]:
        """The body of a preview's or a replay's request; with `plan_hash`, of the plan that was previewed alone."""
        correction = dict(self.correction) if self.correction else None
        asked = {"run_ids": list(self.run_ids), "from": self.start, "correction": correction}
        more = {"roots": list(self.roots), "case_id": self.case_id, "plan_hash": plan_hash}
        return {**asked, **{name: value for name, value in more.items() if value}}

    def is_of(self, previewed: Mapping[str, Any]) -> bool:
        """Whether the request with this body asked for just this selection."""
        mine = self.body()
        return all(previewed.get(name) == mine.get(name) for name in ("run_ids", "from", "correction", "roots"))


def previewed_runs(previewed: Mapping[str, Any], run_ids: Sequence[str]) -> tuple[str, ...]:
    """The runs a replay takes: those that were previewed while all of them still stand, so that the set that runs is
    the set that was seen.
    """
    before = tuple(previewed.get("run_ids") or ())
    return before if before and set(before) <= set(run_ids) else tuple(run_ids)


def suggested(case: Case) -> dict[str, Any]:
    """The correction that a case suggests: dotted path -> value."""
    return {path: value for path, value in case.suggestion.items() if path != "roots"}


def roots_of(cases: Iterable[Case]) -> tuple[str, ...]:
    """Runs to replay before all others of these cases: what set up the things that the others miss."""
    return tuple(dict.fromkeys(run for case in cases for run in case.suggestion.get("roots") or ()))


def corrected(pairs: Iterable[tuple[Any, Any]]) -> dict[str, Any]:
    """Dotted path -> value as people type them; text that is a JSON object, list, true, false or null is taken as such.

    Digits stay text: `007` is a code more often than a number.
    """
    filled = ((str(path or "").strip(), value) for path, value in pairs)
    return {path: _typed(value) for path, value in filled if path and value not in (None, "")}


def _typed(text: Any) -> Any:
    if not isinstance(text, str):
        return text
    try:
        return json.loads(text) if text[:1] in "{[" or text in ("true", "false", "null") else text
    except ValueError:
        return text
