"""Deliveries: planned writes in calls to their systems, at the same time up to each system's limit."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, as_completed, wait
from dataclasses import dataclass, replace

from integrations.contracts.connector import Answer, Change, Connector
from integrations.engine.gate import Closed, Gate
from integrations.engine.landscape import Landscape
from integrations.engine.tracing import SpanPlace, Tracing, new_span_id, new_trace_id
from integrations.engine.walk import Planned
from models.domain.errors import OutcomeUnknown, Rejected, TieoutError, Unmappable
from models.domain.secrets import purged, suspicious
from models.domain.storable import json_text

GROUP = 10
"""Calls whose outcomes share one commit at most: what a kill can leave in doubt, against what a commit costs."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of one planned write. `answer` is None when nothing was sent because the lease may be another's."""

    planned: Planned
    answer: Answer | Closed | None
    started: int
    ended: int
    span_id: str


class Deliveries:
    """Calls of one worker. `pool` gives the executor of a system, `held` says whether the leases still stand."""

    def __init__(
        self,
        landscape: Landscape,
        gates: Callable[[str], Gate],
        pool: Callable[[str], ThreadPoolExecutor],
        held: Callable[[], bool],
        tracing: Tracing,
    ) -> None:
        self._landscape, self._gates, self._pool, self._held, self._tracing = landscape, gates, pool, held, tracing

    def deliver(self, planned: Sequence[Planned]) -> Iterator[list[Delivery]]:
        """Make every write, in groups of finished calls to be committed together; one bad change fails alone."""
        calls = list(self._calls(planned))
        if len(calls) == 1:
            yield self._call(calls[0])
            return
        group: list[Delivery] = []
        for n, finished in enumerate(self._finished(calls), start=1):
            group += finished
            if n % GROUP == 0:
                yield group
                group = []
        if group:
            yield group

    def _finished(self, calls: Sequence[list[Planned]]) -> Iterator[list[Delivery]]:
        """Every call's deliveries as they come; few are submitted ahead, so that a lost lease stops the rest."""
        ahead = 2 * max(self._landscape.connectors[call[0].system].config.policy.concurrency for call in calls)
        pending: set[Future[list[Delivery]]] = set()
        for call in calls:
            pending.add(self._pool(call[0].system).submit(self._call, call))
            if len(pending) >= ahead:
                done, pending = wait(pending, return_when=FIRST_COMPLETED)
                yield from (future.result() for future in done)
        for future in as_completed(pending):
            yield future.result()

    def _calls(self, planned: Sequence[Planned]) -> Iterator[list[Planned]]:
        """Writes that may share a call: one system, step, action and entity; a doubtful one is asked for first."""
        groups: dict[tuple[object, ...], list[Planned]] = {}
        for one in planned:
            groups.setdefault(
                (one.system, one.step.name, one.change.action, one.change.entity, one.doubtful, one.corrected), []
            ).append(one)
        for group in groups.values():
            limit = self._landscape.connectors[group[0].system].bulk_limit.get(group[0].change.entity, 1)
            size = max(1, min(group[0].step.bulk, limit))
            for at in range(0, len(group), size):
                yield group[at : at + size]

    def _call(self, call: list[Planned]) -> list[Delivery]:
        started = time.time_ns()
        gate = self._gates(call[0].system)
        closed = gate.enter() if self._held() else None
        if closed is not None or not self._held():
            return [Delivery(one, closed, started, started, "") for one in call]
        place = self._place(call)
        with self._tracing.active(place):
            answers = self._answers(call, self._landscape.connectors[call[0].system])
        self._tell(gate, answers)
        return self._delivered(call, answers, started, place)

    def _place(self, call: list[Planned]) -> SpanPlace:
        return SpanPlace(call[0].walk.move.run.trace_id if len(call) == 1 else new_trace_id(), new_span_id())

    def _answers(self, call: list[Planned], connector: Connector) -> Sequence[Answer]:
        try:
            if call[0].doubtful:
                return answered_safely([one.change for one in call], connector, self._held, call[0].corrected)
            return answered([one.change for one in call], connector)
        except Exception as error:  # noqa: BLE001  every error of a connector is an answer for each change of the call
            return [error] * len(call)

    def _tell(self, gate: Gate, answers: Sequence[Answer]) -> None:
        errors = [answer for answer in answers if isinstance(answer, Exception)]
        if len(errors) < len(answers):
            gate.succeeded()
        if errors:
            gate.failed(max(errors, key=lambda error: not _refused(error)))

    def _delivered(
        self, call: list[Planned], answers: Sequence[Answer], started: int, place: SpanPlace
    ) -> list[Delivery]:
        ended = time.time_ns()
        if len(call) == 1:
            return [Delivery(call[0], answers[0], started, ended, place.span_id)]
        deliveries = [
            Delivery(one, answer, started, ended, new_span_id()) for one, answer in zip(call, answers, strict=True)
        ]
        first = call[0]
        self._tracing.span(
            f"deliver {first.change.entity}",
            place,
            None,
            started,
            ended,
            {
                "tieout.system": first.system,
                "tieout.step": first.step.name,
                "tieout.flow": first.walk.flow.name,
                "tieout.changes": len(call),
            },
            links=[SpanPlace(delivery.planned.walk.move.run.trace_id, delivery.span_id) for delivery in deliveries],
            client=True,
        )
        return deliveries


def _without_secrets(answer: Answer) -> Answer:
    """The answer as it may be stored; an error is made so where its words are taken."""
    if isinstance(answer, Exception) or not suspicious(json_text(answer.answer)):
        return answer
    return replace(answer, answer=purged(answer.answer))


def answered(changes: Sequence[Change], connector: Connector) -> Sequence[Answer]:
    """The target's answers. An error that is none of ours may have come after the write: its outcome is unknown."""
    try:
        answers = [_without_secrets(answer) for answer in connector.deliver(changes)]
    except TieoutError:
        raise
    except Exception as error:
        raise OutcomeUnknown(f"the connector failed with {type(error).__name__}: {error}", changes[0].key) from error
    if len(answers) != len(changes):
        raise OutcomeUnknown(f"the connector gave {len(answers)} answers for {len(changes)} changes", changes[0].key)
    return answers


def answered_safely(
    changes: Sequence[Change], connector: Connector, held: Callable[[], bool], corrected: bool
) -> Sequence[Answer]:
    """Answers to writes that may have been made before: what is found counts, the rest is written.

    An upsert that is found still goes out unless the target already shows what it wants: what was found may be an
    older version of the object. So does a posting with a correction, for the same reason. Repeating an upsert or an
    annotation has no second effect, and a posting keeps its external id.
    """
    asked = [n for n, change in enumerate(changes) if change.action != "annotate"]
    found = connector.find([changes[n] for n in asked]) if asked else []
    answers: dict[int, Answer] = {
        n: ack
        for n, ack in zip(asked, found, strict=True)
        if ack is not None and _same(changes[n], connector, corrected)
    }
    missing = [n for n in range(len(changes)) if n not in answers]
    if missing and not held():
        raise OutcomeUnknown("the lease ended while the target was asked", changes[missing[0]].key)
    if missing:
        answers.update(zip(missing, answered([changes[n] for n in missing], connector), strict=True))
    return [answers[n] for n in range(len(changes))]


def _same(change: Change, connector: Connector, corrected: bool) -> bool:
    if change.action in ("post", "reverse") and not corrected:
        return True
    state = connector.state(change)
    return state.current is not None and all(state.current.get(name) == value for name, value in state.wanted.items())


def _refused(error: Exception) -> bool:
    return isinstance(error, Rejected | Unmappable)
