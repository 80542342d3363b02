"""Last messages of dead runs, and what a death teaches (F5, E1, E3, E8)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from integrations.contracts import Deliver, Role
from integrations.contracts.connector import Change
from integrations.contracts.flow import Transform
from integrations.engine import Engine
from models.domain.errors import RateLimited, Rejected, Retriable
from models.domain.outcomes import Fact, NothingToDo, WaitFor
from models.journal import Journal
from tests.unit.engine.hostile import FAST, HandClock, Hostile, event, posting_flow
from tests.unit.engine.test_delivery import engine_on, states


def notice(learns: bool = False, change: Any = None) -> Deliver:
    told = change or (
        lambda payload, context: Change(
            "annotate", "time_entry", payload["ref"]["id"], "k", {"code": payload["_error"]["code"]}
        )
    )

    def learnt(payload: Mapping[str, Any], ack: Mapping[str, Any]) -> list[Fact]:
        return [
            Fact(
                "posting",
                payload["ref"]["id"],
                {"refused": payload["_error"]["code"], "step": payload["_error"]["step"]},
            )
        ]

    return Deliver("tell", Role.PSA, "time_entry", told, learn=learnt if learns else None)


@pytest.mark.req("E4")
def test_the_last_message_of_a_dead_run_is_sent_once_and_changes_nothing(journal: Journal, clock: HandClock) -> None:
    """F5: a rejected entry goes back to where it came from, with the reason."""

    def refused(payload: dict[str, object], context: object) -> Change:
        error = payload["_error"]
        return Change("annotate", "time_entry", "a", "k", {"message": error["message"], "code": error["code"]})

    erp = Hostile(misbehaves=lambda change, tries: Rejected("closed", code="closed-period"))
    psa = Hostile("psa", Role.PSA)
    engine = engine_on(journal, clock, erp, psa, on_dead=Deliver("tell", Role.PSA, "time_entry", refused))
    engine.admit([event("a")])
    engine.drain()
    engine.drain()
    assert psa.objects["a"] == {"message": "closed", "code": "closed-period"} and psa.effects["a"] == 1
    assert states(journal) == {"dead": 1}


@pytest.mark.req("E3")
@pytest.mark.parametrize("trouble", ["busy", "limited", "lost"])
def test_a_last_message_that_fails_in_passing_goes_out_later(
    any_journal: Journal, clock: HandClock, trouble: str
) -> None:
    """E3: it stays due with back-off, costs no look in between and is sent; no kill or pause of the PSA loses it."""
    troubles = {
        "busy": Retriable("busy"),
        "limited": RateLimited("slow", clock.now() + timedelta(seconds=1)),
        "lost": "lost",
    }
    erp = Hostile(misbehaves=lambda change, tries: Rejected("closed", code="closed-period"))
    psa = Hostile("psa", Role.PSA, misbehaves=lambda change, tries: troubles[trouble] if tries == 1 else None)
    engine = engine_on(any_journal, clock, erp, psa, on_dead=notice())
    engine.admit([event("a")])
    engine.drain()
    engine.drain()
    assert psa.calls == 1 and any_journal.runs.idle() and any_journal.runs.pulse().due == 0
    assert any_journal.runs.next_due() == clock.now() + timedelta(seconds=1)
    clock.forward(1)
    engine.drain()
    engine.drain()
    assert psa.calls == 2 and psa.objects["a"] == {"code": "closed-period"} and any_journal.runs.next_due() is None


@pytest.mark.req("E3")
def test_a_last_message_is_given_up_after_the_attempts_of_its_system(journal: Journal, clock: HandClock) -> None:
    """E3: bounded: a PSA that never answers is not asked for ever."""
    erp = Hostile(misbehaves=lambda change, tries: Rejected("closed", code="closed-period"))
    psa = Hostile("psa", Role.PSA, misbehaves=lambda change, tries: Retriable("busy"))
    engine = engine_on(journal, clock, erp, psa, on_dead=notice())
    engine.admit([event("a")])
    for _ in range(2 * FAST.attempts):
        engine.drain()
        clock.forward(3600)
    assert psa.calls == FAST.attempts and journal.runs.idle()


@pytest.mark.req("E8")
def test_a_last_message_survives_the_end_of_its_engine(any_journal: Journal, clock: HandClock) -> None:
    """E8: nothing counts as sent before it was answered: what a lost engine had in hand is due again."""
    erp, psa = (
        Hostile(misbehaves=lambda change, tries: Rejected("closed", code="closed-period")),
        Hostile("psa", Role.PSA),
    )
    engine = engine_on(any_journal, clock, erp, psa, on_dead=notice())
    engine.admit([event("a")])
    engine.worker.work()
    assert [run.business_key for run in any_journal.runs.notices(10)] == ["time_entry:a"], (
        "and then the engine was killed"
    )
    assert any_journal.runs.notices(10) == [] and any_journal.runs.pulse().due == 1
    clock.forward(600)
    engine.drain()
    assert psa.effects == {"a": 1}


@pytest.mark.req("E1")
@pytest.mark.parametrize("psa", ["none", "silent", "nothing to say"])
def test_what_a_refusal_teaches_is_kept_with_the_death(journal: Journal, clock: HandClock, psa: str) -> None:
    """E1: whether or not anybody can be told, the next version of the entry knows that nothing is in doubt."""
    erp = Hostile(misbehaves=lambda change, tries: Rejected("closed", code="closed-period"))
    others = (
        [] if psa == "none" else [Hostile("psa", Role.PSA, misbehaves=lambda change, tries: Rejected("no", code="x"))]
    )
    nothing = (lambda payload, context: NothingToDo("not its PSA")) if psa == "nothing to say" else None
    engine = engine_on(journal, clock, erp, *others, on_dead=notice(True, nothing))
    engine.admit([event("a")])
    engine.worker.work()
    assert journal.registry.known([("posting", "a")]) == {
        ("posting", "a"): {"refused": "closed-period", "step": "post"}
    }
    engine.drain()
    assert journal.runs.idle()


@pytest.mark.req("E1")
def test_a_death_in_doubt_teaches_nothing(journal: Journal, clock: HandClock) -> None:
    """E1: a run buried with a write that nobody answered for must not be taken for a refusal."""
    engine = engine_on(journal, clock, Hostile(misbehaves=lambda change, tries: "lost"), on_dead=notice(True))
    engine.admit([event("a")])
    engine.drain()
    with journal.engine.begin() as connection:
        connection.execute(sa.text("update run set claims = 3"))
    clock.forward(60)
    engine.drain()
    (run,) = journal.runs.by_keys(["time_entry:a"])
    assert (run.state.value, run.error_code) == ("dead", "worker-crash")
    assert journal.registry.known([("posting", "a")]) == {}


@pytest.mark.req("E1", "E5")
def test_a_newer_version_learns_of_its_own_refusal(any_journal: Journal, clock: HandClock) -> None:
    """E1: the version that waited was posted; that the newer one, which woke the run, is refused is not kept silent for
    it.
    """
    flow = posting_flow(on_dead=notice(True))
    wait = Transform("wait", lambda payload, context: WaitFor("period/2026-09", "the period is not open yet"))
    erp = Hostile(
        misbehaves=lambda change, tries: (
            Rejected("closed", code="closed-period") if change.external_id == "a-v2" else None
        )
    )
    engine = Engine(any_journal, [replace(flow, steps=(*flow.steps[:3], wait))], [erp], clock)
    engine.admit([event("a", 1)])
    engine.drain()
    assert erp.effects == {"a-v1": 1} and len(engine.admit([event("a", 2)]).woken) == 1
    engine.drain()
    assert states(any_journal) == {"dead": 1}
    assert any_journal.registry.known([("posting", "a")]) == {
        ("posting", "a"): {"refused": "closed-period", "step": "post"}
    }
