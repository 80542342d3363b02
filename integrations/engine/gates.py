"""The gates of one engine process: one before each system, for polls, writes, previews and snapshots alike."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock

from integrations.contracts.connector import Connector
from integrations.engine.gate import Gate
from models.domain.clock import Clock
from models.journal.ports.engine import EnginePort


class Gates:
    """`pause` waits so many seconds and says whether to stop. Thread-safe."""

    def __init__(self, journal: EnginePort, clock: Clock, pause: Callable[[float], bool]) -> None:
        self._journal, self._clock, self._pause = journal, clock, pause
        self._made: dict[str, Gate] = {}
        self._lock = Lock()

    def of(self, connector: Connector) -> Gate:
        """The gate before a system, the same one at each call."""
        name = connector.config.name
        with self._lock:
            if name not in self._made:
                self._journal.throttle.register([name])
                self._made[name] = Gate(name, connector.config.policy, self._journal, self._clock, self._pause)
            return self._made[name]

    def asked(self, connector: Connector) -> Gate:
        """The same, having heard first what other processes found out about the system."""
        gate = self.of(connector)
        gate.refresh(self._journal.throttle.circuits())
        return gate
