"""A counter of the intake: one thread that reads, stores and answers the requests queued at it, in groups."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Sequence

from collectors.memory import give_back
from collectors.pipeline.allowance import Allowance
from collectors.pipeline.answer import Answer
from collectors.pipeline.group import Answered, Group
from collectors.pipeline.lane import Lane, NotReady
from collectors.pipeline.request import Request
from collectors.pipeline.spool.spool import SpoolFull
from collectors.pipeline.tally import Tally
from models.action_log import action

_log = logging.getLogger(__name__)
_GROUP_BYTES = 4 << 20
_LARGE_BYTES = _GROUP_BYTES + (1 << 20)  # more only with large bodies: these are decoded while nothing is committed
_SETTLE_SECONDS, _PAUSE_SECONDS = 5.0, 0.5
Sorting = Callable[[Request], Request | None]


class Counter:
    """One decode and one fsync acknowledge every request that waited meanwhile.

    `room` is how many bytes of bodies may wait here, `spare` how much of the spool is left to other counters. `sort`
    may change a request or take it away. `deliver` gets the answers of a whole group at once, so that the loop is woken
    once a group.
    """

    def __init__(
        self,
        lane: Lane,
        limit: int,
        deliver: Callable[[Sequence[Answered]], None],
        name: str,
        room: int,
        spare: float = 0.0,
        sort: Sorting = lambda request: request,
        tally: Tally | None = None,
    ) -> None:
        self._lane, self._limit, self._deliver = lane, limit, deliver
        self._room, self._spare, self._sort = room, spare, sort
        self._tally = tally or Tally()
        self._queue: queue.SimpleQueue[Request | None] = queue.SimpleQueue()
        self._allowance = Allowance()
        self._waiting = 0
        self._counting = threading.Lock()
        self._since: float | None = None
        self._thread = threading.Thread(target=self._run, name=f"intake-{lane.writer}-{name}", daemon=True)

    @property
    def busy_seconds(self) -> float:
        """For how long the group in hand has been worked on."""
        since = self._since
        return 0.0 if since is None else time.monotonic() - since

    @property
    def waiting_bytes(self) -> int:
        """Bodies that wait here or are in hand."""
        return self._waiting

    def start(self) -> None:
        self._thread.start()

    def stop(self, seconds: float) -> None:
        """Answer what waits, then end."""
        self._queue.put(None)
        self._thread.join(seconds)

    def submit(self, request: Request) -> bool:
        """Queue a request; False when too much waits already."""
        with self._counting:
            if self._waiting and self._waiting + len(request.body) > self._room:
                return False
            self._waiting += len(request.body)
        self._queue.put(request)
        return True

    def _run(self) -> None:
        last = False
        while not last:
            requests, last = self._next()
            self._since = time.monotonic()
            self._serve(requests)
            self._since = None
        if self._allowance.unrecorded:
            why = "the collector ends before they could be counted in the quarantine"
            action(_log, logging.WARNING, "bodies.not_kept", count=self._allowance.unrecorded, why=why)

    def _serve(self, requests: Sequence[Request]) -> None:
        large = sum(len(request.body) for request in requests) > _LARGE_BYTES
        if large:
            self._lane.settle(_SETTLE_SECONDS)
        else:
            self._lane.keep_up(_PAUSE_SECONDS)
        ours = [request for given in requests if (request := self._sort(given)) is not None]
        answers = self._certain_answers(ours) if ours else []
        with self._counting:
            self._waiting -= sum(len(request.body) for request in requests)
        if answers:
            self._tally.answered(answers)
            self._deliver(answers)
        if large:
            del ours, answers
            give_back()

    def _next(self) -> tuple[list[Request], bool]:
        """What waits now, up to 4 MiB; blocks for the first. True when they are the last."""
        requests: list[Request] = []
        size = 0
        while size < _GROUP_BYTES:
            try:
                request = self._queue.get(block=not requests)
            except queue.Empty:
                break
            if request is None:
                return requests, True
            requests.append(request)
            size += len(request.body)
        return requests, False

    def _certain_answers(self, requests: Sequence[Request]) -> list[Answered]:
        """An answer for every request, whatever happens: a thread that dies would leave later senders without one."""
        try:
            group = Group(requests, self._limit, self._allowance)
            return group.answers(self._stored(group))
        except Exception as error:  # noqa: BLE001 - see above
            _log.exception("a group of %d requests could not be taken", len(requests))
            sentence = f"the request could not be taken ({type(error).__name__}): send again"
            return [(request, Answer(503, sentence, retry_after=5)) for request in requests]

    def _stored(self, group: Group) -> Answer | None:
        """None once everything is durable, else what every sender whose input was to be kept hears: to come back."""
        if not group.frames:
            return None
        try:
            self._lane.store(group.frames, group.rows, self._spare)
            self._tally.stored(group.rows)
            return None
        except SpoolFull as error:
            return Answer(429, f"{error}: wait until the audit lake has caught up", retry_after=2)
        except NotReady as error:
            return Answer(503, f"{error}: send again", retry_after=1)
        except OSError as error:
            action(_log, logging.ERROR, "spool.not_written", writer=self._lane.writer, why=error)
            return Answer(503, f"the spool cannot be written ({error.strerror}): send again", retry_after=5)
