"""Any older version of any event is brought up, on reading and on replay, and what is stored stays as it came (M3)."""

from __future__ import annotations

import copy
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.canonical.events import EVENT_TYPES, CloudEvent, data_of, upcast
from models.canonical.registry import UPCASTS, Upcast, incompatibilities
from models.canonical.schemas import SCHEMAS
from models.domain.states import RunState
from models.journal.runs.replays import restarted
from models.journal.runs.rows import new_run
from models.journal.runs.run import Arrival, Start
from tests.unit.flows import examples

NOW = datetime(2026, 11, 30, tzinfo=UTC)
EVENTS = (
    examples.customer(),
    examples.sale(),
    examples.person(),
    examples.charge_code(),
    examples.hours(),
    examples.expense(),
)


@st.composite
def histories(draw: st.DrawFn) -> tuple[CloudEvent, list[str]]:
    """An event, and those of its fields that a release after the other gave another name."""
    event = draw(st.sampled_from(EVENTS))
    renamed = draw(st.lists(st.sampled_from(sorted(event.data)), min_size=1, max_size=4, unique=True))
    return event, renamed


def renaming(old: str, new: str) -> Upcast:
    return lambda data: {new if name == old else name: value for name, value in data.items()}


def before(data: dict[str, Any], renamed: list[str], version: int) -> dict[str, Any]:
    """The data as a release wrote it that was `version` schemas old."""
    later = renamed[version - 1 :]
    return {f"former_{name}" if name in later else name: value for name, value in data.items()}


@pytest.mark.req("M3")
@settings(max_examples=20)
@given(histories())
def test_an_event_of_any_version_is_the_present_one_when_it_is_read_or_replayed(
    history: tuple[CloudEvent, list[str]],
) -> None:
    event, renamed = history
    entity = EVENT_TYPES[event.type]
    present = type("Later", (SCHEMAS[entity],), {"version": len(renamed) + 1, "__module__": __name__})
    steps = {(entity, n): renaming(f"former_{name}", name) for n, name in enumerate(renamed, start=1)}
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(SCHEMAS, entity, present)
        for name, step in steps.items():
            patch.setitem(UPCASTS, name, step)
        assert incompatibilities() == []
        for version in range(1, len(renamed) + 1):
            told = {"data": before(event.data, renamed, version), "dataschema": f"tieout:{entity}:{version}"}
            old = event.model_copy(update=told)
            kept = copy.deepcopy(old.model_dump(mode="json"))
            assert upcast(old).data == event.data
            assert data_of(old).model_dump() == data_of(upcast(old)).model_dump()
            assert replayed(old) == event.data
            assert old.model_dump(mode="json") == kept, "what is stored stays as it came"
        patch.delitem(UPCASTS, (entity, len(renamed)))
        assert incompatibilities() != [], "and a version that nothing leads away from does not pass CI, nor a start"


def replayed(event: CloudEvent) -> dict[str, Any]:
    """What a replay from the start begins with, of an event as the journal keeps it."""
    start = Start("flow", 1, None, event.subject, 1, event.subject, "-", event.type, event.data, "c", "t")
    body = event.model_dump(mode="json")
    run = new_run(Arrival(event.source, event.id, body, [start]), start, RunState.DEAD, NOW)
    return restarted(run, body, "start", None, NOW).payload
