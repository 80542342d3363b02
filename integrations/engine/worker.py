"""The worker: claims a page of runs, walks their steps in lockstep, commits outcomes as groups."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from integrations.contracts.connector import Policy
from integrations.engine.context import RunContext
from integrations.engine.delivering import Deliveries, Delivery
from integrations.engine.flow_book import FlowBook
from integrations.engine.gate import Closed, Gate
from integrations.engine.gates import Gates
from integrations.engine.landscape import Landscape
from integrations.engine.lookups import Lookups
from integrations.engine.routing import Routing
from integrations.engine.tracing import Tracing
from integrations.engine.walk import Planned, Walk
from models.domain.clock import Clock
from models.domain.errors import Rejected
from models.domain.outcomes import Acknowledgement
from models.domain.states import RunState
from models.journal.ports.engine import EnginePort
from models.journal.runs.claiming import CRASHES, Claim
from models.journal.runs.run import Move, Run

_UNKNOWN_VERSION = timedelta(minutes=1)


class Worker:
    """Works off due runs under leases. `page` runs are claimed at once; `lease_seconds` is what a lost worker costs."""

    def __init__(
        self,
        owner: str,
        journal: EnginePort,
        flows: FlowBook,
        landscape: Landscape,
        clock: Clock,
        chance: Callable[[], float],
        tracing: Tracing,
        page: int = 500,
        lease_seconds: float = 15.0,
    ) -> None:
        self.owner, self._journal, self._flows, self._landscape, self._clock = owner, journal, flows, landscape, clock
        self._chance, self._tracing, self._page, self.lease_seconds = chance, tracing, page, lease_seconds
        self.stopping = threading.Event()
        self._routing = Routing(flows)
        self.gates = Gates(journal, clock, self.stopping.wait)
        self._pools: dict[str, ThreadPoolExecutor] = {}
        self._leasing = threading.Lock()
        self._leased: set[str] = set()
        self._held_until = 0.0
        self._pages = 0

    def work(self) -> int:
        """Claim and finish one page; how many runs it had."""
        claim = self._claimed()
        if not claim.runs:
            return 0
        lookups = Lookups(self._journal, self._landscape)
        walks, unknown = self._walks(claim.runs, lookups)
        if unknown:
            self._stored(unknown, claim.wall)
        planned = self._walked([walk for walk in walks if walk.move.run.state is RunState.RUNNING], lookups)
        planned = self._kept(planned, self._commit(walks, claim.wall))
        while planned:
            planned = self._delivered(planned, lookups, claim.wall)
        for walk in walks:
            walk.close()
        return len(claim.runs)

    @property
    def holder(self) -> str:
        """Who holds the present page's leases. Each page has a holder of its own, so that the heartbeat of the next
        page never keeps alive what a fault left behind in an earlier one.
        """
        return f"{self.owner}/{self._pages}"

    def heartbeat(self) -> None:
        """Prolong the leases; called by the engine's clockwork while a page is under way. When one of them was lost
        meanwhile (the process was suspended), nothing more of the page is written: its runs are another's or in doubt.
        """
        with self._leasing:
            asked = time.monotonic()
            renewed = self._journal.runs.heartbeat(self.holder, self.lease_seconds)
            self._held_until = asked + self.lease_seconds * 0.8 if renewed >= len(self._leased) else 0.0

    def held(self) -> bool:
        """Whether the leases surely stand, by this process's monotonic clock and with a margin for the write back."""
        return time.monotonic() < self._held_until

    def _claimed(self) -> Claim:
        with self._leasing:
            asked = time.monotonic()
            self._pages += 1
            claim = self._journal.runs.claim(self.holder, self._page, self.lease_seconds)
            self._leased = {run.run_id for run in claim.runs}
            self._held_until = asked + self.lease_seconds * 0.8
        return claim

    def _stored(self, moves: Sequence[Move], looked_wall: int) -> set[str]:
        """Commit moves; what came to rest or was lost is no longer under this worker's lease."""
        with self._leasing:
            lost = self._journal.runs.commit(self.holder, moves, looked_wall, self.lease_seconds)
            self._leased -= lost | {move.run.run_id for move in moves if move.run.state is not RunState.RUNNING}
        return lost

    def gate(self, system: str) -> Gate:
        """The gate before a system, one for all threads of this process."""
        return self.gates.of(self._landscape.connectors[system])

    def deliveries(self) -> Deliveries:
        """Calls in this worker's name, with what other workers found out about the systems."""
        circuits = self._journal.throttle.circuits()
        for name in self._landscape.connectors:
            self.gate(name).refresh(circuits)
        return Deliveries(self._landscape, self.gate, self._pool, self.held, self._tracing)

    def give_back(self) -> None:
        """Return the present page's runs that were not finished."""
        self._journal.runs.give_back(self.holder)

    def close(self) -> None:
        """Give back what is held and end the call threads."""
        for pool in self._pools.values():
            pool.shutdown(wait=True, cancel_futures=True)
        self.give_back()

    def _walks(self, runs: Sequence[Run], lookups: Lookups) -> tuple[list[Walk], list[Move]]:
        """Walks of the runs whose flow version is known here; the others go back for a worker that knows it."""
        walks: list[Walk] = []
        unknown: list[Move] = []
        for run in runs:
            move, flow = Move(run), self._flows.version(run.flow, run.flow_version)
            if flow is None:
                run.state, run.due_at = (
                    RunState.IN_DOUBT if run.intent else RunState.READY,
                    self._clock.now() + _UNKNOWN_VERSION,
                )
                run.error_code, run.error_message = (
                    "flow-version-unknown",
                    f"no worker here knows {run.flow} version {run.flow_version}: deploy it",
                )
                unknown.append(move)
                continue
            walk = Walk(move, flow, RunContext(run, lookups, self._clock), self._tracing, self._chance())
            if run.claims > CRASHES:
                crash = Rejected(
                    f"its worker died {CRASHES} times while it held this run: look at its payload, then replay",
                    code="worker-crash",
                )
                walk.fail(crash, Policy(), time.time_ns())
            walks.append(walk)
        return walks, unknown

    def _walked(self, walks: Sequence[Walk], lookups: Lookups) -> list[Planned]:
        """Walk pure steps in lockstep until each run rests or plans a write."""
        planned: list[Planned] = []
        active = list(walks)
        while active:
            lookups.fetch(need for walk in active for need in walk.needs())
            going: list[Walk] = []
            for walk in active:
                write = walk.step()
                if write is not None:
                    planned.append(write)
                elif walk.move.run.state is RunState.RUNNING:
                    going.append(walk)
            active = going
        return planned

    def _delivered(self, planned: list[Planned], lookups: Lookups, looked_wall: int) -> list[Planned]:
        """Make the planned writes; each group's outcomes, and the pure steps behind them, are one commit. The next
        writes.
        """
        following: list[Planned] = []
        for group in self.deliveries().deliver(planned):
            for delivery in group:
                self._absorb(delivery)
            walks = [delivery.planned.walk for delivery in group if delivery.answer is not None]
            fresh = self._walked([walk for walk in walks if walk.move.run.state is RunState.RUNNING], lookups)
            following += self._kept(fresh, self._commit(walks, looked_wall))
        return following

    def _absorb(self, delivery: Delivery) -> None:
        planned, answer = delivery.planned, delivery.answer
        if isinstance(answer, Acknowledgement):
            try:
                planned.walk.absorb(planned, answer, delivery.started, delivery.ended, delivery.span_id)
            except Exception as error:  # noqa: BLE001  `learn` is a flow's code: the fault is this run's alone
                planned.walk.fail(error, Policy(), delivery.started, planned, delivery.span_id)
        elif isinstance(answer, Closed):
            planned.walk.postpone(answer.until, answer.because, planned.doubtful)
        elif isinstance(answer, Exception):
            policy = self._landscape.connectors[planned.system].config.policy
            planned.walk.fail(answer, policy, delivery.started, planned, delivery.span_id)

    def _commit(self, walks: Sequence[Walk], looked_wall: int) -> set[str]:
        """One commit of what these walks did; ids of the runs whose lease was lost."""
        if not walks:
            return set()
        for walk in walks:
            walk.move.arrivals = [self._routing.arrival(event) for event in walk.raised]
        lost = self._stored([walk.move for walk in walks], looked_wall)
        for walk in walks:
            walk.raised = []
            walk.move.records, walk.move.facts, walk.move.links, walk.move.arrivals = [], [], [], []
        return lost

    def _kept(self, planned: Sequence[Planned], lost: set[str]) -> list[Planned]:
        return [one for one in planned if one.walk.move.run.run_id not in lost]

    def _pool(self, system: str) -> ThreadPoolExecutor:
        if system not in self._pools:
            limit = self._landscape.connectors[system].config.policy.concurrency
            self._pools[system] = ThreadPoolExecutor(max_workers=limit, thread_name_prefix=f"call-{system}")
        return self._pools[system]
