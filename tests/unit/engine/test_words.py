"""Value maps at work: a word is told before the first step and before a write; one without a row pauses (M8)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from integrations.engine import Engine
from integrations.engine.preview import Preview
from integrations.flows import time_to_bill
from models.canonical.events import CloudEvent
from models.domain.clock import Clock
from models.domain.errors import Misconfigured
from models.domain.outcomes import Fact
from models.domain.plan import Plan
from models.domain.record import RecordKind
from models.domain.states import RunState
from models.domain.value_map import CANONICAL, WAITED, Entry, ValueMap
from models.journal import Journal
from models.journal.runs.run import Run
from tests.catalogues import packaged
from tests.unit.engine.hostile import HandClock, Hostile
from tests.unit.flows import examples

pytestmark = pytest.mark.req("M8")
ROWS = {"Train": "travel", "Hotel": "lodging"}
ACCOUNTS = {"travel": "6673", "lodging": "6680"}


def inward(version: int = 1, rows: Mapping[str, str] = ROWS, **more: Any) -> ValueMap:
    entries = tuple(Entry(said, means) for said, means in rows.items())
    return ValueMap(
        "psa-expenses", version, "finance", "kantata", CANONICAL, "expense.category", entries, path="/etc/maps", **more
    )


def outward(version: int = 1, rows: Mapping[str, str] = ACCOUNTS) -> ValueMap:
    entries = tuple(Entry(said, means) for said, means in rows.items())
    return ValueMap("erp-accounts", version, "tax team", CANONICAL, "netsuite", "expense.category", entries)


def started(journal: Journal, erp: Hostile, clock: Clock, *maps: ValueMap, **more: Any) -> Engine:
    """An engine of an installation with these maps, as a start of its process makes one."""
    catalogue = replace(packaged(), maps=maps)
    engine = Engine(journal, [time_to_bill.FLOW], [erp], clock, catalogue=catalogue, **more)
    journal.runs.wake(f"{WAITED}/")
    return engine


def firm(journal: Journal, erp: str = "netsuite") -> None:
    """What an expense needs to be posted."""
    project = {"code": "PRJ-1001", "project_id": "PRJ-1001"}
    code = {"code": "PRJ-1001.010", "project_id": "PRJ-1001", "in_erp": True, "legal_entity_id": "NOV-DE"}
    journal.registry.learn([Fact("project", "PRJ-1001", project), Fact("charge_code", "PRJ-1001.010", code)])
    journal.crosswalk.link(
        [
            ("kantata", "project", "kantata-1", "PRJ-1001"),
            ("kantata", "resource", "kantata-u1", "E-1007"),
            (erp, "project", "n-1", "PRJ-1001"),
            (erp, "resource", "n-2", "E-1007"),
        ]
    )


def spent(identity: str = "9", version: int = 1, **changes: Any) -> CloudEvent:
    said = examples.expense(identity, version, **{"category": "Train", **changes})
    return said.model_copy(update={"source": "kantata/time"})


def run_of(journal: Journal, identity: str = "9") -> Run:
    return journal.runs.by_keys([f"expense:EX-kantata-{identity}"])[-1]


def told(journal: Journal, kind: RecordKind) -> list[Any]:
    """The words that records of a kind keep, in their order."""
    records = [record for page in journal.feed.read(0, 10_000) for record in page.records]
    return [record.body["words"] for record in records if record.kind is kind and "words" in record.body]


@pytest.fixture
def erp() -> Hostile:
    return Hostile("netsuite")


def test_a_word_is_told_in_canonical_words_and_then_in_the_target_s(
    journal: Journal, clock: HandClock, erp: Hostile
) -> None:
    """Both versions are on record with the run, so that an auditor knows which word was used when."""
    firm(journal)
    engine = started(journal, erp, clock, inward(version=4), outward(version=7))
    engine.admit([spent()])
    engine.drain()
    assert run_of(journal).state is RunState.SETTLED
    assert erp.objects["EX-kantata-9-v1"]["category"] == "6673"
    assert journal.registry.known({("posting", "EX-kantata-9")})["posting", "EX-kantata-9"]["standing"]["words"] == {
        "expense.category": "6673"
    }
    field = "expense.category"
    assert told(journal, RecordKind.TRANSFORMATION)[0] == [
        {"map": "psa-expenses", "version": 4, "field": field, "said": "Train", "means": "travel"}
    ]
    assert told(journal, RecordKind.ACKNOWLEDGEMENT) == [
        [{"map": "erp-accounts", "version": 7, "field": field, "said": "travel", "means": "6673"}]
    ]


def test_without_maps_words_go_as_they_come(journal: Journal, clock: HandClock, erp: Hostile) -> None:
    firm(journal)
    engine = started(journal, erp, clock)
    engine.admit([spent()])
    engine.drain()
    assert erp.objects["EX-kantata-9-v1"]["category"] == "Train"
    assert told(journal, RecordKind.TRANSFORMATION) == []


@pytest.mark.req("E5")
def test_a_word_without_a_row_pauses_its_run_and_a_longer_map_lets_it_go_on(
    any_journal: Journal, clock: HandClock, erp: Hostile
) -> None:
    """Nothing is written meanwhile, neighbours go on, and what waits says the word, the map, the file and the row."""
    firm(any_journal)
    engine = started(any_journal, erp, clock, inward())
    engine.admit([spent("9", category="train"), spent("10")])
    engine.drain()
    run = run_of(any_journal)
    assert (run.state, run.waiting_for, run.waiting_owner, run.waiting_missing, run.system) == (
        RunState.WAITING,
        "value_map/psa-expenses/train",
        "finance",
        ["expense.category"],
        "kantata",
    )
    assert run.waiting_because == (
        "'train' in expense.category has no row in version 1 of the value map psa-expenses (kantata to canonical): "
        'add { said = "train", means = "…" } to words in /etc/maps, make it version 2, and start the engine again; '
        "'Train' is there: a word counts as it is written"
    )
    assert (run.amount, run.currency) == ("89.90", "EUR"), "the money that it holds up"
    assert set(erp.effects) == {"EX-kantata-10-v1"}
    for _ in range(2):
        started(any_journal, erp, clock, inward(2, {**ROWS, "tram": "travel"})).drain()
    assert run_of(any_journal).state is RunState.WAITING, "another word is of no use to it"
    started(any_journal, erp, clock, inward(3, {**ROWS, "train": "travel"})).drain()
    assert run_of(any_journal).state is RunState.SETTLED
    assert erp.objects["EX-kantata-9-v1"]["category"] == "travel"
    assert erp.effects == {"EX-kantata-10-v1": 1, "EX-kantata-9-v1": 1}
    pauses = [one for page in any_journal.feed.read(0, 10_000) for one in page.records if one.kind is RecordKind.PAUSE]
    assert ["version 1" in one.body["because"] for one in pauses] == [True, False], "the same want is no news"


def test_a_word_that_the_target_has_none_for_pauses_before_anything_is_written(
    journal: Journal, clock: HandClock, erp: Hostile
) -> None:
    firm(journal)
    engine = started(journal, erp, clock, inward(), outward(rows={"lodging": "6680"}))
    engine.admit([spent()])
    engine.drain()
    run = run_of(journal)
    assert (run.state, run.waiting_for, run.step_name) == (
        RunState.WAITING,
        "value_map/erp-accounts/travel",
        "erp-post",
    )
    assert (run.waiting_owner, run.system, erp.calls) == ("tax team", "netsuite", 0)
    started(journal, erp, clock, inward(), outward(2)).drain()
    assert erp.objects["EX-kantata-9-v1"]["category"] == "6673"


def test_a_default_counts_where_it_is_stated(journal: Journal, clock: HandClock, erp: Hostile) -> None:
    firm(journal)
    engine = started(journal, erp, clock, inward(default="other"))
    engine.admit([spent(category="Balloon")])
    engine.drain()
    assert erp.objects["EX-kantata-9-v1"]["category"] == "other"


def test_the_day_of_the_expense_decides_not_the_day_of_the_change(
    journal: Journal, clock: HandClock, erp: Hostile
) -> None:
    firm(journal)
    one = replace(inward(), entries=(Entry("Train", "travel"), Entry("Train", "rail", date(2026, 12, 1))))
    engine = started(journal, erp, clock, one)
    engine.admit([spent("9", spent_on="2026-11-30"), spent("10", spent_on="2026-12-01")])
    engine.drain()
    assert {name: held["category"] for name, held in erp.objects.items()} == {
        "EX-kantata-9-v1": "travel",
        "EX-kantata-10-v1": "rail",
    }


def test_a_changed_map_posts_nothing_anew_and_undoes_in_the_words_of_the_posting(
    journal: Journal, clock: HandClock, erp: Hostile
) -> None:
    """What is posted stays; a replay finds it there; a later change of the expense is undone where it was booked."""
    firm(journal)
    engine = started(journal, erp, clock, inward(), outward())
    engine.admit([spent()])
    engine.drain()
    moved = outward(2, {**ACCOUNTS, "travel": "6699"})
    engine = started(journal, erp, clock, inward(), moved)
    engine.drain()
    replayed = journal.runs.replay([run_of(journal).run_id], "start", None, "ada", {"reason": "look"}).runs
    engine.drain()
    assert journal.runs.by_ids(list(replayed.values()))[0].state is RunState.SETTLED
    assert erp.effects == {"EX-kantata-9-v1": 1}, "neither the map nor a replay posts again"
    engine.admit([spent(version=2, amount={"amount": "99.90", "currency": "EUR"})])
    engine.drain()
    assert [(name, erp.objects[name]["category"]) for name in erp.order] == [
        ("EX-kantata-9-v1", "6673"),
        ("EX-kantata-9-v1-R", "6673"),
        ("EX-kantata-9-v2", "6699"),
    ]


def test_a_newer_version_of_what_waits_is_told_anew(journal: Journal, clock: HandClock, erp: Hostile) -> None:
    firm(journal)
    engine = started(journal, erp, clock, inward())
    engine.admit([spent(category="Trian")])
    engine.drain()
    engine.admit([spent(version=2)])
    engine.drain()
    assert (run_of(journal).state, erp.objects["EX-kantata-9-v1"]["category"]) == (RunState.SETTLED, "travel")


@pytest.mark.req("E4")
def test_a_preview_shows_the_target_s_word_or_what_is_wanted(journal: Journal, clock: HandClock, erp: Hostile) -> None:
    firm(journal)
    engine = started(journal, erp, clock, inward(), outward())
    engine.admit([spent(), spent("10", category="Mule")])
    engine.drain()
    preview = Preview(journal, engine.flows, engine.landscape, clock, engine.worker.gates)

    def steps(identity: str) -> Sequence[Mapping[str, Any]]:
        found: Sequence[Mapping[str, Any]] = preview.of(Plan((run_of(journal, identity).run_id,), "start"))["runs"][0][
            "steps"
        ]
        return found

    assert steps("9")[0]["step"] == "translate"
    assert (steps("10")[0]["outcome"], "psa-expenses" in steps("10")[0]["error"]) == ("waits", True)


def test_one_version_of_a_map_says_one_thing_for_ever(journal: Journal) -> None:
    """An engine with another text under the same version does not start: no record could tell which was used."""
    before = replace(packaged(), digest="a", entries={"maps.toml x version 1": "1"})
    journal.catalogues.record(before)
    journal.catalogues.record(replace(before, digest="b", entries={"maps.toml x version 2": "2"}))
    with pytest.raises(Misconfigured, match="map x: its version 1 said something else before: raise its version"):
        journal.catalogues.record(replace(before, digest="c", entries={"maps.toml x version 1": "3"}))
    journal.catalogues.record(replace(before, digest="d", entries={"maps.toml x version 1": "1"}))
    assert journal.catalogues.digest() == "d", "going back to what it said is no other thing"


@pytest.mark.req("M3")
def test_an_older_release_does_not_work_on_a_later_one_s_journal(journal: Journal) -> None:
    later = {**packaged().entries, "schema expense": "2", "schema zebra": "1"}
    journal.catalogues.record(replace(packaged(), digest="later", entries=later))
    said = journal.catalogues.newer()
    assert said == [
        "the journal holds events of expense version 2, this release reads 1: start the later release again",
        "the journal holds events of zebra version 1, this release reads none: start the later release again",
    ]
    with pytest.raises(Misconfigured, match="expense version 2"):
        journal.catalogues.record(packaged())
