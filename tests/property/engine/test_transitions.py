"""The transition table and random scripts of trouble: each effect once, every run at rest, no move that is not allowed
(E1, E3).
"""

from __future__ import annotations

import tempfile
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from integrations.contracts.connector import Change, Policy
from integrations.engine import Engine
from integrations.engine.retry import decide
from models.domain.errors import (
    Misconfigured,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    Retriable,
    TieoutError,
    Unmappable,
)
from models.domain.record import RecordKind
from models.domain.states import OPEN, TRANSITIONS, RunState, allowed
from models.journal import open_journal
from tests.unit.engine.hostile import START, HandClock, Hostile, event, posting_flow

ERRORS = st.sampled_from(
    [
        Retriable("busy"),
        RateLimited("slow", START + timedelta(minutes=5)),
        Rejected("no", code="closed-period"),
        Unmappable("no", "a.b"),
        OutcomeUnknown("lost", "key"),
        Misconfigured("token"),
        TieoutError("other"),
        KeyError("fault"),
        TimeoutError("late"),
    ]
)
TROUBLE = st.sampled_from(["fine", "busy", "lost", "limited", "refused", "crash_before_commit"])


@pytest.mark.req("E3")
@given(error=ERRORS, attempt=st.integers(1, 30), chance=st.floats(0, 1, exclude_max=True))
def test_every_error_has_one_allowed_next_state(error: Exception, attempt: int, chance: float) -> None:
    """E3: from running, by the table; only passing faults are tried again, in growing steps within the limit."""
    policy = Policy()
    decision = decide(error, attempt, START, policy, chance)
    assert allowed(RunState.RUNNING, decision.state)
    if decision.state is RunState.DEAD:
        assert decision.due_at is None and (not isinstance(error, RateLimited | Misconfigured))
        assert attempt >= policy.attempts or not isinstance(error, Retriable | OutcomeUnknown)
    else:
        assert decision.due_at is not None and decision.due_at >= START
        if isinstance(error, Retriable):
            assert decision.due_at - START <= timedelta(seconds=1.5 * policy.backoff_limit)
    assert decision.counted == (not isinstance(error, RateLimited | Misconfigured))


def test_the_table_leads_out_of_every_open_state() -> None:
    """Every open state reaches an end, no ended state is ever left."""
    for state in RunState:
        reached, frontier = {state}, [state]
        while frontier:
            for following in TRANSITIONS[frontier.pop()] - reached:
                reached.add(following)
                frontier.append(following)
        assert (RunState.SETTLED in reached) == (state in OPEN - {RunState.DEAD} or state is RunState.SETTLED)
        if state not in OPEN:
            assert not TRANSITIONS[state]


@pytest.mark.req("E1")
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    scripts=st.lists(st.lists(TROUBLE, max_size=4), min_size=1, max_size=8),
    bulk=st.sampled_from([1, 3]),
    repeats=st.lists(st.integers(0, 7), max_size=6),
    versions=st.integers(1, 2),
)
def test_each_effect_once_whatever_goes_wrong(
    scripts: list[list[str]], bulk: int, repeats: list[int], versions: int
) -> None:
    """E1: duplicates, lost answers, rate limits, refusals and workers lost between write and commit: one effect per
    fact and version.
    """
    clock = HandClock()
    fates = {f"k{n}": list(script) for n, script in enumerate(scripts)}
    dying = {"now": False}

    def misbehaves(change: Change, tries: int) -> Exception | str | None:
        script = fates[change.external_id.split("-")[0]]
        fate = script.pop(0) if script else "fine"
        if fate == "crash_before_commit":
            dying["now"] = True
            return None
        return {
            "fine": None,
            "busy": Retriable("busy"),
            "lost": "lost",
            "limited": RateLimited("slow", clock.now() + timedelta(seconds=30)),
            "refused": Rejected("no", code="closed-period"),
        }[fate]

    with tempfile.TemporaryDirectory() as folder:
        journal = open_journal(f"sqlite:///{Path(folder) / 'j.sqlite'}", clock)
        target = Hostile(misbehaves=misbehaves, bulk=bulk)
        events = [event(name, version) for version in range(1, versions + 1) for name in fates]
        engine = _mortal(Engine(journal, [posting_flow(bulk=bulk)], [target], clock, chance=lambda: 0.5), dying)
        engine.admit([*events, *(events[n % len(events)] for n in repeats)])
        for _ in range(60):
            try:
                engine.drain()
            except _Killed:
                with journal.engine.begin() as connection:
                    connection.execute(sa.text("update run set lease_until_wall = 1 where state = 'running'"))
                engine = _mortal(Engine(journal, [posting_flow(bulk=bulk)], [target], clock, chance=lambda: 0.5), dying)
            clock.forward(120)
        counts = {state for _, state in journal.runs.states()}
        assert counts <= {"settled", "dead", "superseded"}
        assert all(count == 1 for count in target.effects.values()), target.effects
        for run in journal.runs.by_keys([f"time_entry:{name}" for name in fates]):
            done = target.effects[f"{run.business_key.removeprefix('time_entry:')}-v{run.source_version}"]
            if run.state is RunState.SETTLED:
                assert done == 1
            elif run.error_code == "closed-period":
                assert done == 0
        ends = [
            r.run_id
            for page in journal.feed.read(0, 10_000)
            for r in page.records
            if r.kind is RecordKind.SETTLEMENT and r.status == "settled"
        ]
        assert len(ends) == len(set(ends)), "a run settles once on record"
        journal.close()


class _Killed(BaseException):
    """The worker is gone, between a write and its commit."""


def _mortal(engine: Engine, dying: dict[str, bool]) -> Engine:
    """An engine whose process dies at its next commit once `dying` is set."""
    commit = engine.journal.runs.commit

    def last(*arguments: object, **named: object) -> set[str]:
        if dying["now"]:
            dying["now"] = False
            raise _Killed
        return type(engine.journal.runs).commit(engine.journal.runs, *arguments, **named)  # type: ignore[arg-type]

    del commit
    object.__setattr__(engine.journal.runs, "commit", last)
    return engine
