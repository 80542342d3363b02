"""The states of a run and the one table of allowed transitions."""

from __future__ import annotations

from enum import StrEnum


class RunState(StrEnum):
    READY = "ready"  # due now or later (retry, back-off)
    RUNNING = "running"  # leased by a worker
    WAITING = "waiting"  # paused for master data or an approval; wakes by itself
    IN_DOUBT = "in_doubt"  # a write's answer never came; the target is asked first
    DEAD = "dead"  # in the dead-letter queue, owned, replayable
    SETTLED = "settled"  # every step finished
    SUPERSEDED = "superseded"  # a later attempt of the same business fact settled, or a replay took over
    CANCELLED = "cancelled"  # a person ended it, with a reason


S = RunState
TRANSITIONS: dict[RunState, frozenset[RunState]] = {
    S.READY: frozenset({S.RUNNING, S.CANCELLED, S.SUPERSEDED}),
    S.RUNNING: frozenset({S.READY, S.WAITING, S.IN_DOUBT, S.DEAD, S.SETTLED}),
    S.WAITING: frozenset({S.READY, S.CANCELLED, S.SUPERSEDED, S.DEAD}),
    S.IN_DOUBT: frozenset({S.RUNNING, S.READY, S.DEAD}),
    S.DEAD: frozenset({S.SUPERSEDED, S.CANCELLED}),
    S.SETTLED: frozenset(),
    S.SUPERSEDED: frozenset(),
    S.CANCELLED: frozenset(),
}
OPEN = frozenset({S.READY, S.RUNNING, S.WAITING, S.IN_DOUBT, S.DEAD})


def allowed(before: RunState, after: RunState) -> bool:
    """Whether a run may move from `before` to `after`."""
    return after in TRANSITIONS[before]
