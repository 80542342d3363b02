"""C6, E1: whatever comes in whatever order, a journal that is pruned does what one that is not does."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from integrations.engine import Engine
from models.domain.errors import Rejected
from models.journal import Journal, open_journal
from tests.unit.engine.hostile import HandClock, Hostile, event, posting_flow
from tests.unit.journal.test_retention import DAY, prove

STEPS = st.one_of(
    st.tuples(st.just("event"), st.sampled_from("ab"), st.integers(1, 3), st.sampled_from(["8", "4", "13"])),
    st.tuples(st.just("copy"), st.sampled_from("ab"), st.integers(1, 3), st.sampled_from(["8", "4", "13"])),
    st.tuples(st.just("days"), st.sampled_from([0.5, 2.0, 30.0])),
    st.tuples(st.just("prove")),
)


def refusing(change: Any, tries: int) -> Any:
    """Thirteen hours are refused, so that dead runs lie among the settled."""
    if change.payload["hours"] == "13":
        raise Rejected("too long a day", code="too-long")
    return None


class World:
    """One journal, its engine and the target."""

    def __init__(self, url: str) -> None:
        self.clock, self.target = HandClock(), Hostile(misbehaves=refusing)
        self.journal: Journal = open_journal(url, self.clock)
        self.engine = Engine(self.journal, [posting_flow()], [self.target], self.clock)

    def take(self, step: tuple[Any, ...], prunes: bool) -> None:
        kind, *of = step
        if kind == "days":
            self.clock.forward(of[0] * DAY)
        elif kind == "prove":
            prove(self.journal)
        else:
            key, version, hours = of
            name = f"{key}-{version}-{hours}" + ("" if kind == "event" else "-copy")
            self.engine.admit([event(key, version, hours=hours, event_id=name)])
            self.engine.drain()
        if prunes:
            self.journal.retention.prune(1)

    def told(self) -> tuple[Counter[str], list[tuple[Any, ...]]]:
        runs = self.journal.runs.by_keys(["time_entry:a", "time_entry:b"])
        shown = [(run.business_key, run.source_version, run.state, run.amount) for run in runs]
        return self.target.effects, shown


@pytest.mark.req("C6", "E1")
@given(steps=st.lists(STEPS, max_size=14))
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_pruned_journal_decides_as_a_whole_one(tmp_path_factory: Any, steps: list[tuple[Any, ...]]) -> None:
    folder = tmp_path_factory.mktemp("worlds")
    whole, pruned = (World(f"sqlite:///{folder / name}") for name in ("whole", "pruned"))
    for step in steps:
        whole.take(step, prunes=False)
        pruned.take(step, prunes=True)
        assert pruned.told() == whole.told()
    for run in pruned.journal.runs.by_keys(["time_entry:a", "time_entry:b"]):
        assert run.pruned_at is None or run.state.value in ("settled", "superseded")
    for world in (whole, pruned):
        world.journal.close()
