"""The engine of one process: polls, works, answers requests; `drain` does all that is due, one after the other."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping

from integrations.contracts.connector import Connector
from integrations.contracts.flow import Flow
from integrations.endpoints.sending import SEND
from integrations.engine.flow_book import FlowBook
from integrations.engine.hints import Hints
from integrations.engine.inbox import InboxAdmission
from integrations.engine.landscape import Landscape
from integrations.engine.on_dead_notices import OnDeadNotices
from integrations.engine.polling import Polling
from integrations.engine.request_desk import RequestDesk
from integrations.engine.routing import Routing
from integrations.engine.tracing import Tracing
from integrations.engine.worker import Worker
from models.canonical.events import CloudEvent
from models.catalogue import Catalogue
from models.domain.clock import Clock
from models.domain.ownership import Ownership
from models.journal.ports.engine import EnginePort
from models.journal.runs.admission import Admitted
from models.presence import this_process

_DAY = 86_400.0


class Engine:
    """Everything but the clockwork of one engine process (`integrations.engine.service` adds that).

    Without a `catalogue` nobody owns an attribute, every flow is active, and words are taken as they come.
    """

    def __init__(
        self,
        journal: EnginePort,
        flows: Iterable[Flow],
        connectors: Mapping[str, Connector] | Iterable[Connector],
        clock: Clock,
        *,
        catalogue: Catalogue | None = None,
        tracing: Tracing | None = None,
        owner: str | None = None,
        chance: Callable[[], float] = random.random,
        page: int = 500,
        lease_seconds: float = 15.0,
    ) -> None:
        self.journal, self.clock = journal, clock
        self.flows, self.landscape = (
            FlowBook([*flows, SEND], catalogue.resting if catalogue else ()),
            Landscape(connectors, catalogue.ownership, catalogue.words)
            if catalogue
            else Landscape(connectors, Ownership()),
        )
        self.tracing = tracing or Tracing()
        self.owner = owner or this_process()
        self._routing = Routing(self.flows)
        journal.throttle.register(list(self.landscape.connectors))
        self.worker = Worker(
            self.owner, journal, self.flows, self.landscape, clock, chance, self.tracing, page, lease_seconds
        )
        self.polling = Polling(journal, self.landscape, self._routing, clock, self.worker.gates)
        gates = self.worker.gates
        hints = Hints(journal, self.landscape, self._routing, self.polling, gates, clock)
        self.inbox = InboxAdmission(journal, self._routing, hints)
        self.notices = OnDeadNotices(journal, self.flows, self.landscape, clock, self.worker, self.tracing, chance)
        patience = catalogue.patience if catalogue else lambda flow: _DAY
        self.desk = RequestDesk(self.owner, journal, self.flows, self.landscape, clock, self.worker.gates, patience)

    def admit(self, events: Iterable[CloudEvent]) -> Admitted:
        """Admit events that came neither by a poll nor by the inbox (a test). Safe to repeat."""
        return self.journal.runs.admit([self._routing.arrival(event) for event in events])

    def poll(self) -> int:
        """Read every stream to its end; how many runs were started or woken."""
        return sum(self.polling.poll(system, stream) for system, stream in self.polling.streams())

    def work(self) -> int:
        """Finish one page of due runs and the notices of dead ones; how many there were."""
        if self.journal.runs.idle():
            return 0
        return self.worker.work() + self.notices.send()

    def drain(self, poll: bool = True, limit: int = 10_000) -> int:
        """Poll once, then do everything that is due now, requests too; how many runs were worked on.

        What falls due later (back-off, a circuit, a wait) stays. Raises RuntimeError after `limit` pages, since runs
        that never rest would otherwise keep the caller for ever.
        """
        if poll:
            self.poll()
        done = 0
        for _ in range(limit):
            answered = self.desk.serve()
            self.inbox.admit()
            self.journal.runs.reap()
            worked = self.work()
            done += worked
            if not worked and not answered:
                return done
        raise RuntimeError(f"runs are still due after {limit} pages: one of them never rests")

    def close(self) -> None:
        """Give leases back; the connectors and the journal stay open, they are the caller's."""
        self.worker.stopping.set()
        self.worker.close()
