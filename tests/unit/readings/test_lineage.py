"""A journey tells of each attempt who asked for it, what was changed, and which version of its flow ran (X16)."""

from __future__ import annotations

from dataclasses import asdict, replace
from types import SimpleNamespace
from typing import Any

import pytest

from app.console.journey.sentences import sentence
from app.readings.journey import reading
from app.readings.journey.rows import Step
from app.readings.journey.search import Candidate
from app.readings.viewer import Viewer
from integrations.engine import Engine
from models.domain.errors import Rejected
from models.journal import Journal
from tests.journals import clock, journal  # noqa: F401
from tests.two_people import asked_and_approved
from tests.unit.cases.lakes import Lake
from tests.unit.engine.hostile import HandClock, Hostile, event, posting_flow

KEY = "time_entry:a"


def journey(journal: Journal) -> tuple[Step, ...]:  # noqa: F811
    """Everything that the journal's feed tells of the entry, as the audit lake has it."""
    lake = Lake()
    for page in journal.feed.read(0):
        for told in page.records:
            kept = {name: value for name, value in asdict(told).items() if value is not None and name != "record_id"}
            at, body = kept.pop("occurred_at"), kept.pop("body", None)
            lake.record(str(kept.pop("kind")), at, body, **kept)
    rows = lambda sql, asked: lake.connection.execute(sql, asked).to_arrow_table().to_pylist()  # noqa: E731
    stores: Any = SimpleNamespace(lake=SimpleNamespace(rows=rows))
    return reading.steps(stores, Viewer("ada", frozenset({"operations"})), Candidate("object", KEY, "", ""))


@pytest.mark.req("X16")
def test_a_lineage_shows_each_attempt_who_replayed_what_changed_and_which_version_ran(
    journal: Journal,  # noqa: F811
    clock: HandClock,  # noqa: F811
) -> None:
    """Refused, corrected by one, agreed to by another, delivered; what the source said later ran as version 2."""
    refused, first = [True], posting_flow()
    target = Hostile(misbehaves=lambda change, tries: Rejected("too long", code="validation") if refused else None)
    engine = Engine(journal, [first], [target], clock)
    engine.admit([event("a", hours="80")])
    engine.drain()
    refused.clear()
    clock.forward(60)
    (dead,) = journal.runs.by_keys([KEY])
    body = {"run_ids": [dead.run_id], "from": "start", "correction": {"hours": "8"}}
    asked_and_approved(journal, body, "mara", "ben")
    engine.drain()
    clock.forward(60)
    later = Engine(journal, [first, replace(first, version=2)], [target], clock)
    later.admit([event("a", version=2, hours="7")])
    later.drain()
    told = journey(journal)
    ended = [(one.flow_version, one.status) for one in told if one.kind == "settlement"]
    assert ended == [(1, "dead"), (1, "superseded"), (1, "settled"), (2, "settled")], (
        "each attempt, and what became of it"
    )
    (asked,) = [one for one in told if one.kind == "operator_action"]
    (closed,) = [one for one in told if one.status == "superseded"]
    assert sentence(asked) == "mara replay: it was wrong" and asked.run_id == closed.body["superseded_by"]
    assert (asked.body["correction"], asked.body["replay_of"]) == ({"hours": "8"}, dead.run_id)
    priced = [(one.run_id, one.flow_version, one.body["before"]["hours"]) for one in told if one.step == "price"]
    new = told[-1].run_id
    assert priced == [(dead.run_id, 1, "80"), (asked.run_id, 1, "8"), (new, 2, "7")], "what it was, and what it became"
    assert {one.run_id for one in told if one.lineage_id == dead.lineage_id} == {dead.run_id, asked.run_id}
