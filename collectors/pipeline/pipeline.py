"""The pipeline put together: an intake, a spool and a lane for each kind of telemetry, and one way into the lake."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace

from collectors.pipeline.answer import Answer
from collectors.pipeline.commits import Commits
from collectors.pipeline.group import Answered
from collectors.pipeline.identity import writer_name
from collectors.pipeline.intake import WAIT, Intake
from collectors.pipeline.lane import Lane
from collectors.pipeline.request import Request
from collectors.pipeline.spool.frame import Kind
from collectors.pipeline.spool.spool import Spool
from collectors.pipeline.tally import Tally
from models.settings import Settings

_LANE = {Kind.TRACES: "otlp", Kind.LOGS: "otlp", Kind.OBSERVATIONS: "snapshots"}


class Pipeline:
    """Takes telemetry and answers once it is durable. To be made and asked on the event loop `loop`."""

    def __init__(self, settings: Settings, commits: Commits, loop: asyncio.AbstractEventLoop) -> None:
        self._lanes = {name: _lane(settings, name, commits) for name in dict.fromkeys(_LANE.values())}
        limit = settings.max_body_mib << 20
        self.tally, self.spool_limit = Tally(), settings.spool_limit_mib << 20
        self._intakes = {name: Intake(lane, limit, _deliverer(loop), self.tally) for name, lane in self._lanes.items()}

    async def take(self, request: Request) -> Answer:
        """What became of the request, once it is durable or refused."""
        answered: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        intake = self._intakes[_LANE[request.kind]]
        return await answered if intake.submit(replace(request, answer=_once(answered))) else WAIT

    @property
    def ready(self) -> bool:
        """Whether telemetry is taken: the lake has been opened once."""
        return all(lane.ready for lane in self._lanes.values())

    @property
    def faults(self) -> list[str]:
        """What keeps requests from being answered at the moment."""
        return [fault for intake in self._intakes.values() if (fault := intake.fault)]

    @property
    def waiting_bytes(self) -> dict[str, int]:
        """What is acknowledged and not yet in the lake, by lane."""
        return {name: lane.waiting_bytes for name, lane in self._lanes.items()}

    @property
    def lag_seconds(self) -> dict[str, float]:
        """For how long the oldest of that has waited, by lane."""
        return {name: lane.lag_seconds for name, lane in self._lanes.items()}

    @property
    def intake_bytes(self) -> dict[str, int]:
        """Bodies that are not answered yet, by lane."""
        return {name: intake.waiting_bytes for name, intake in self._intakes.items()}

    def start(self) -> None:
        for lane in self._lanes.values():
            lane.start()
        for intake in self._intakes.values():
            intake.start()

    def close_intakes(self, left: Callable[[], float]) -> None:
        """Answer what waits and take nothing more; `left` gives the seconds that remain."""
        for intake in self._intakes.values():
            intake.stop(left())

    def close_lanes(self, left: Callable[[], float]) -> None:
        """Commit what is in hand; what does not land in time stays in the spool."""
        for lane in self._lanes.values():
            lane.stop(left())


def _lane(settings: Settings, name: str, commits: Commits) -> Lane:
    spool = Spool(settings.home / "spool" / name, settings.spool_limit_mib << 20)
    return Lane(writer_name(settings, name), spool, commits, settings.commit_seconds)


def _deliverer(loop: asyncio.AbstractEventLoop) -> Callable[[Sequence[Answered]], None]:
    """Hands answers from an intake's thread to the event loop, a group at a time."""

    def deliver(answers: Sequence[Answered]) -> None:
        loop.call_soon_threadsafe(_settle, answers)

    return deliver


def _settle(answers: Sequence[Answered]) -> None:
    for request, answer in answers:
        request.answer(answer)


def _once(answered: asyncio.Future[Answer]) -> Callable[[Answer], None]:
    """Settles the future unless the wait for it was given up."""

    def answer(given: Answer) -> None:
        if not answered.done():
            answered.set_result(given)

    return answer
