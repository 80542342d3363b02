"""Replays in growing waves: 1, 10, 100 …, stopping when a wave brings failures back (E4).

A wave of flows that run elsewhere has come to rest once each of its runs was heard of: an endpoint that accepted says
nothing yet of what will become of it.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from models.domain.flow_names import REPLAY_ELSEWHERE
from models.domain.plan import Plan, Wave
from models.domain.states import RunState
from models.journal.ports.engine import EnginePort
from models.journal.runs.elsewhere import FAILED, OPEN, SUCCEEDED, UNHEARD
from models.journal.runs.rereads import asked
from models.journal.runs.run import Run

_FAILED = (RunState.DEAD,)
_LOOK_SECONDS = 1.0
_UNCONFIRMED = (
    "what the run is about was delivered, and a correction would change what its targets hold: "
    "change it at its source, or preview this plan and replay it with the preview's plan_hash"
)
_ENDED = (RunState.SETTLED, RunState.SUPERSEDED, RunState.CANCELLED)


@dataclass(slots=True)
class Replaying:
    """One replay request under way. Its whole progress is in `result`, so that another engine can take over.
    `confirmed`: the request carries the hash of the plan, which its preview gave. `patience` says within how many
    seconds a success is to be heard of, by flow.
    """

    request_id: str
    plan: Plan
    actor: str
    reason: str | None
    confirmed: bool
    result: dict[str, Any] = field(default_factory=dict)
    patience: Callable[[str], float] = lambda flow: 86_400.0
    _looked: float = float("-inf")

    def __post_init__(self) -> None:
        fresh = {
            "waves": [],
            "replayed": 0,
            "settled": 0,
            "failed": 0,
            "waiting": 0,
            "stopped": False,
            "run_ids": {},
            "refused": {},
        }
        self.result = {**fresh, "plan_hash": self.plan.hash, **self.result}

    def advance(self, journal: EnginePort) -> bool:
        """Look at the wave that is out, or send the next one; False while a wave is not at rest yet."""
        waves = self.result["waves"]
        if waves and not waves[-1]["ended"]:
            return self._ended(journal, waves[-1])
        self._send(journal, list(self.plan.waves())[len(waves)])
        return True

    @property
    def over(self) -> bool:
        """Whether every wave has come to rest, or one brought failures back."""
        waves = self.result["waves"]
        at_rest = bool(waves) and waves[-1]["ended"]
        return at_rest and (self.result["stopped"] or len(waves) == len(list(self.plan.waves())))

    def _send(self, journal: EnginePort, wave: Wave) -> None:
        because = {"request_id": self.request_id, "reason": self.reason, "plan_hash": self.plan.hash}
        unseen = self._unseen(journal, wave)
        made = journal.runs.replay(
            [run_id for run_id in wave.run_ids if run_id not in unseen],
            wave.start,
            wave.correction,
            self.actor,
            because,
        )
        self.result["run_ids"].update(made.runs)
        self.result["refused"].update({**unseen, **made.refused})
        self.result["waves"].append(
            {
                "size": len(wave.run_ids),
                "run_ids": list(made.runs.values()),
                "settled": 0,
                "failed": 0,
                "waiting": 0,
                "ended": False,
            }
        )
        self.result["replayed"] = len(self.result["run_ids"])

    def _unseen(self, journal: EnginePort, wave: Wave) -> dict[str, str]:
        """Runs that a correction would deliver anew though nobody confirmed the plan: run id -> why they are left
        alone.
        """
        if self.confirmed or not wave.correction:
            return {}
        runs = journal.runs.by_ids(wave.run_ids)
        kin: dict[str, list[Run]] = {}
        for other in journal.runs.by_keys([run.business_key for run in runs]):
            kin.setdefault(other.lineage_id, []).append(other)
        return {run.run_id: _UNCONFIRMED for run in runs if _delivers_again(run, wave.start, kin[run.lineage_id])}

    def _ended(self, journal: EnginePort, wave: dict[str, Any]) -> bool:
        """Whether something has changed."""
        runs = journal.runs.by_ids(wave["run_ids"])
        sent = [run for run in runs if run.flow == REPLAY_ELSEWHERE and run.state is RunState.SETTLED]
        if sent and time.monotonic() - self._looked < _LOOK_SECONDS:
            return False
        heard = self._heard(journal, sent)
        told = {
            "settled": sum(run.state in _ENDED for run in runs) - len(sent) + heard[SUCCEEDED],
            "failed": sum(run.state in _FAILED and not asked(run) for run in runs) + heard[FAILED] + heard[UNHEARD],
            "waiting": sum(_waits(run) for run in runs),
        }
        ended = sum(told.values()) == len(runs)
        if not (ended or sent):
            return False
        more, before = {"accepted": heard[OPEN], "unheard": heard[UNHEARD]} if sent else {}, dict(wave)
        wave.update({**told, **more}, ended=ended)
        for name in (*told, *more):
            self.result[name] = sum(each.get(name, 0) for each in self.result["waves"])
        self.result["stopped"] = ended and told["failed"] > 0
        return wave != before

    def _heard(self, journal: EnginePort, sent: Sequence[Run]) -> Counter[str]:
        """What detectors have found since of what endpoints accepted; asked now and then, as they are."""
        if not sent:
            return Counter()
        self._looked = time.monotonic()
        flows = {f"{run.payload['rule']}/{run.payload['flow']}" for run in sent}
        return Counter(journal.runs.heard(sent, {flow: self.patience(flow) for flow in flows}).values())


def _waits(run: Run) -> bool:
    """Whether the run rests until something else happens: master data, or an earlier run of its aggregate."""
    return run.state is RunState.WAITING or (run.state is RunState.READY and bool(run.held))


def _delivers_again(run: Run, start: str, lineage: Sequence[Run]) -> bool:
    """Whether the replay would come once more to what a target holds: anything of a settled run, or a posting of any
    run of its lineage, however that run ended. An acknowledgement that does not say its action is older than that note
    and may be of one.
    """
    if start == "start" and run.state is RunState.SETTLED:
        return True
    passed = () if start == "start" else run.acks
    return any(
        step not in passed and ack.get("action", "post") == "post"
        for each in lineage
        for step, ack in each.acks.items()
    )
