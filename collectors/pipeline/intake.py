"""The intake of one lane: small bodies have a counter of their own, so that large ones never hold them up."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from collectors.pipeline.answer import Answer
from collectors.pipeline.body import plain_body
from collectors.pipeline.counter import Counter
from collectors.pipeline.group import Answered
from collectors.pipeline.lane import Lane
from collectors.pipeline.refusal import Malformed, TooLarge, UnknownEncoding
from collectors.pipeline.request import Request
from collectors.pipeline.tally import Tally

SMALL_BYTES = 1 << 20  # inflated: more than an SDK's batch of 512 spans
_SMALL_ROOM, _LARGE_ROOM = 32 << 20, 64 << 20
_SPARE = 1 / 8  # of the spool: what large bodies leave to small ones
STUCK_SECONDS = 10.0
WAIT = Answer(429, "too many requests wait to be stored: wait", retry_after=1)


class Intake:
    """Takes the requests of one lane, off the event loop; `deliver` gets the answers of a whole group at once."""

    def __init__(
        self, lane: Lane, limit: int, deliver: Callable[[Sequence[Answered]], None], tally: Tally | None = None
    ) -> None:
        self._writer = lane.writer
        self._large = Counter(lane, limit, deliver, "large", max(limit, _LARGE_ROOM), _SPARE, tally=tally)
        self._small = Counter(lane, limit, deliver, "small", _SMALL_ROOM, sort=self._inflated, tally=tally)
        self._deliver = deliver

    @property
    def fault(self) -> str | None:
        """What hinders it: one group that takes longer than any should."""
        seconds = max(counter.busy_seconds for counter in self._counters)
        return f"the intake of {self._writer} is stuck for {seconds:.0f} s" if seconds > STUCK_SECONDS else None

    @property
    def waiting_bytes(self) -> int:
        """Bodies that are not answered yet."""
        return sum(counter.waiting_bytes for counter in self._counters)

    def start(self) -> None:
        for counter in self._counters:
            counter.start()

    def stop(self, seconds: float) -> None:
        """Answer what waits, then end."""
        for counter in self._counters:
            counter.stop(seconds)

    def submit(self, request: Request) -> bool:
        """Queue a request; False when too much waits already."""
        return (self._small if len(request.body) <= SMALL_BYTES else self._large).submit(request)

    @property
    def _counters(self) -> tuple[Counter, Counter]:
        """In the order in which they end: what the small one hands over must still be taken."""
        return self._small, self._large

    def _inflated(self, request: Request) -> Request | None:
        """The request with its body inflated, where that is small; None where it was handed to the other counter."""
        try:
            return replace(request, body=plain_body(request.body, request.encoding, SMALL_BYTES), encoding="")
        except TooLarge:
            if not self._large.submit(request):
                self._deliver([(request, WAIT)])
            return None
        except (Malformed, UnknownEncoding):
            return request
