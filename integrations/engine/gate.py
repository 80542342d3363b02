"""The gate before each call to a system: rate, requested pauses, circuit, shared with every other worker (S7, E3)."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count

from integrations.contracts.connector import Policy
from integrations.contracts.metering import metered
from models.domain.clock import Clock
from models.domain.errors import Misconfigured, OutcomeUnknown, RateLimited, Retriable, TieoutError
from models.domain.record import Record, RecordKind
from models.journal.circuits import Circuit
from models.journal.ports.engine import EnginePort

_SLAB = 50
"""Tokens taken from the shared bucket at once: one journal commit for many calls."""
_FRESH_SECONDS = 1.0
"""How long a token that was taken may wait for its call: no longer than the bucket takes to fill with as many again,
else each engine that rested would have a second's calls more than all of them may make.
"""


@dataclass(frozen=True, slots=True)
class Closed:
    """No call now: why, and when to ask again (world time)."""

    until: datetime
    because: str


class HeldBack(RateLimited):
    """No call was made: the system's gate is closed until a moment. It says nothing about the system that is new."""

    def __init__(self, closed: Closed) -> None:
        super().__init__(closed.because, closed.until)


class Gate:
    """One system's gate in this process. Thread-safe."""

    def __init__(
        self, system: str, policy: Policy, journal: EnginePort, clock: Clock, pause: Callable[[float], bool]
    ) -> None:
        self._system, self._policy, self._journal, self._clock, self._pause = system, policy, journal, clock, pause
        self._lock = threading.Lock()
        self._tokens, self._fresh_until = 0, 0.0
        self._circuit = Circuit(system)
        self._probing = False

    def refresh(self, circuits: dict[str, Circuit]) -> None:
        """Take note of what other workers found out."""
        with self._lock:
            self._circuit = circuits.get(self._system, self._circuit)
            self._probing = False

    def enter(self) -> Closed | None:
        """Pass, waiting for a token if need be, or the reason why not."""
        now = self._clock.now()
        with self._lock:
            closed = self._closed(now)
            if closed is not None:
                return closed
        return None if self._token() else Closed(now, "the worker is stopping")

    @contextmanager
    def reading(self) -> Iterator[None]:
        """A block of calls that only read: it passes the gate, each further call takes a token, and how it ends counts.

        Raises HeldBack where the gate is closed, before the first call or on the way.
        """
        if (closed := self.enter()) is not None:
            raise HeldBack(closed)
        try:
            with metered(_after_first(self._again)):
                yield
        except HeldBack:
            raise
        except Exception as error:
            self.failed(error if isinstance(error, TieoutError) else Retriable(f"{type(error).__name__}: {error}"))
            raise
        self.succeeded()

    def _again(self) -> None:
        if (closed := self.enter()) is not None:
            raise HeldBack(closed)

    def succeeded(self) -> None:
        """A call was answered."""
        with self._lock:
            if self._circuit.failures == 0 and self._circuit.state == "closed":
                return
            self._circuit, self._probing = Circuit(self._system), False
        if self._journal.throttle.succeed(self._system):
            self._note("circuit_closed", "the system answers again")

    def failed(self, error: Exception) -> None:
        """Count what says that the system is not well; a refusal is an answer and counts as none."""
        if isinstance(error, RateLimited):
            self._hold(error)
        elif isinstance(error, Misconfigured | Retriable | OutcomeUnknown):
            limit = 1 if isinstance(error, Misconfigured) else self._policy.breaker_failures
            opened = self._journal.throttle.fail(self._system, str(error), limit, self._policy.breaker_seconds)
            if opened:
                self._note("circuit_open", str(error))
            with self._lock:
                self._circuit = self._journal.throttle.circuits().get(self._system, self._circuit)
                self._probing = False
        else:
            self.succeeded()

    def _hold(self, error: RateLimited) -> None:
        with self._lock:
            held = Circuit(
                self._system,
                self._circuit.state,
                self._circuit.failures,
                error.until,
                self._circuit.probe_at,
                self._circuit.reason,
            )
            self._circuit = held
        self._journal.throttle.hold(self._system, error.until)

    def _closed(self, now: datetime) -> Closed | None:
        circuit = self._circuit
        if circuit.held_until is not None and circuit.held_until > now:
            return Closed(circuit.held_until, f"{self._system} asked to wait")
        if circuit.state == "closed":
            return None
        if circuit.probe_at is not None and circuit.probe_at > now:
            return Closed(circuit.probe_at, f"the circuit of {self._system} is open: {circuit.reason}")
        if not self._probing and self._journal.throttle.probe(self._system, self._policy.breaker_seconds):
            self._probing = True
            return None
        return Closed(now + timedelta(seconds=1), f"the circuit of {self._system} is being tried")

    def _token(self) -> bool:
        if self._policy.rate <= 0:
            return True
        while True:
            with self._lock:
                if self._tokens == 0 or time.monotonic() > self._fresh_until:
                    self._fresh_until = time.monotonic() + _FRESH_SECONDS
                    wanted = max(1, min(_SLAB, self._policy.burst, int(self._policy.rate)))
                    self._tokens, wait = self._journal.throttle.take(
                        self._system, wanted, self._policy.rate, self._policy.burst
                    )
                if self._tokens > 0:
                    self._tokens -= 1
                    return True
            if self._pause(wait):
                return False

    def _note(self, status: str, because: str) -> None:
        kind, now = RecordKind.FAILURE if status == "circuit_open" else RecordKind.TRANSFORMATION, self._clock.now()
        self._journal.runs.note(
            [Record(kind=kind, occurred_at=now, system=self._system, status=status, body={"because": because})]
        )


def _after_first(work: Callable[[], None]) -> Callable[[], None]:
    """Does nothing the first time it is called: that call passed already."""
    calls = count()
    return lambda: work() if next(calls) else None
