"""What happens after an error: one decision from the error's name, pure (E3)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from integrations.contracts.connector import Policy
from models.domain.errors import (
    Misconfigured,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    Retriable,
    TieoutError,
    Unmappable,
)
from models.domain.secrets import without_secrets
from models.domain.states import RunState
from models.domain.storable import storable


@dataclass(frozen=True, slots=True)
class Decision:
    """The run's next state, when it is due, and whether this was an attempt."""

    state: RunState
    due_at: datetime | None
    counted: bool


def decide(error: Exception, attempt: int, now: datetime, policy: Policy, chance: float) -> Decision:
    """What to do after the failed try number `attempt` (from 1); `chance` in [0, 1) spreads the retries.

    Back-off in seconds: base x 2^(attempt-1), at most the limit, times 0.5 to 1.5. Waiting is not an attempt.
    """
    if isinstance(error, RateLimited):
        return Decision(RunState.READY, max(error.until, now), counted=False)
    if isinstance(error, Misconfigured):
        return Decision(RunState.READY, now + timedelta(seconds=policy.breaker_seconds), counted=False)
    if not isinstance(error, Retriable | OutcomeUnknown) or attempt >= policy.attempts:
        return Decision(RunState.DEAD, None, counted=True)
    delay = min(policy.backoff_base * 2 ** (attempt - 1), policy.backoff_limit) * (0.5 + chance)
    state = RunState.IN_DOUBT if isinstance(error, OutcomeUnknown) else RunState.READY
    return Decision(state, now + timedelta(seconds=delay), counted=True)


def error_of(error: Exception) -> tuple[str, str, str | None]:
    """Code, message and field of an error; an error without a name of ours is a fault in the step or connector.

    A vendor's words are in it, so they are made such that every store keeps them.
    """
    said = without_secrets(storable(str(error)))
    if isinstance(error, Rejected):
        return error.code, said, storable(error.field)
    if isinstance(error, Unmappable):
        return error.code, said, storable(error.path)
    if isinstance(error, TieoutError):
        return error.code, said, None
    return "step-crashed", f"{type(error).__name__}: {said}. This is a fault in the step: mend it, then replay", None
