"""How far a replay is: what arrived, waits, failed again or was refused, and its waves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Wave:
    """Runs that were replayed together, and how they ended."""

    size: int
    settled: int
    waiting: int
    failed: int


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a replay is, in runs. `left_alone` says why runs were refused, by run id. Of flows that run elsewhere
    `accepted` were taken by their endpoint and wait for a success there, of `unheard` none came in time; these are
    among the failed.
    """

    asked: int
    replayed: int
    settled: int
    failed: int
    waiting: int
    refused: int
    stopped: bool
    waves: tuple[Wave, ...] = ()
    left_alone: Mapping[str, str] | None = None
    error: str | None = None
    accepted: int = 0
    unheard: int = 0

    @property
    def share(self) -> float:
        """How much of it has ended, 0 to 1."""
        ended = self.settled + self.failed + self.waiting + self.refused
        return min(ended / self.asked, 1.0) if self.asked else 0.0


def progress_of(asked: Mapping[str, Any], result: Mapping[str, Any] | None) -> Progress:
    """How far the replay of the request body `asked` is, from what the engine has answered so far."""
    answer = result or {}
    refused = answer.get("refused")
    return Progress(
        asked=len(asked.get("run_ids") or ()) + len(asked.get("roots") or ()),
        replayed=_number(answer.get("replayed")),
        settled=_number(answer.get("settled")),
        failed=_number(answer.get("failed")),
        waiting=_number(answer.get("waiting")),
        refused=_number(refused),
        stopped=bool(answer.get("stopped")),
        waves=tuple(_wave(wave) for wave in answer.get("waves") or ()),
        left_alone=dict(refused) if isinstance(refused, Mapping) else None,
        error=answer.get("error"),
        accepted=_number(answer.get("accepted")),
        unheard=_number(answer.get("unheard")),
    )


def _wave(wave: Any) -> Wave:
    answer = wave if isinstance(wave, Mapping) else {"size": wave}
    size = answer.get("size", answer.get("runs"))
    return Wave(_number(size), *(_number(answer.get(name)) for name in ("settled", "waiting", "failed")))


def _number(value: Any) -> int:
    return len(value) if isinstance(value, list | dict) else int(value or 0)
