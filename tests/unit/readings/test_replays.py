"""What is chosen to be replayed, what a preview may tell, and how far a replay is."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from app.readings.masking import MASKED
from app.readings.payload import correctable
from app.readings.replays.preview import preview_of
from app.readings.replays.progress import progress_of
from app.readings.replays.selection import Selection, corrected, previewed_runs, roots_of, suggested
from app.readings.replays.stake import Carried, Hanging, hidden, stake_of
from models.canonical.classification import MASK, DataClass
from models.domain.plan import plan_of
from tests.unit.readings.case_rows import case

NOBODY: frozenset[DataClass] = frozenset()
FINANCE = frozenset({DataClass.LABOUR_RATE, DataClass.CONTRACT_VALUE})
OPEN: frozenset[str] = frozenset()


@pytest.mark.req("E4")
def test_a_replay_request_is_what_the_journal_accepts() -> None:
    """E4: the selection, the start and the correction, frozen by their hash."""
    chosen = Selection(("r1", "r2"), "start", {"charge_code": "P.020"}, case_id="case")
    plan = plan_of(chosen.body())
    assert (plan.run_ids, plan.start, plan.correction) == (("r1", "r2"), "start", {"charge_code": "P.020"})
    assert chosen.body()["case_id"] == "case" and "plan_hash" not in chosen.body()
    assert chosen.body(plan.hash)["plan_hash"] == plan.hash == chosen.plan_hash


@pytest.mark.req("E4")
def test_a_preview_is_of_one_selection_alone() -> None:
    """E4: another correction, start or root is another plan, whatever else is the same."""
    chosen = Selection(("r1",), correction={"a": 1}, roots=("p",), case_id="c")
    assert chosen.is_of(chosen.body()) and replace(chosen, case_id=None).is_of(chosen.body())
    others = [{"run_ids": ("r2",)}, {"start": "start"}, {"correction": None}, {"roots": ()}]
    assert not any(replace(chosen, **other).is_of(chosen.body()) for other in others)


@pytest.mark.req("E4")
def test_the_set_that_runs_is_the_set_that_was_seen() -> None:
    """E4: runs that fail after a preview neither join it unseen nor make it vanish; one that has gone ends it."""
    assert previewed_runs({"run_ids": ["a", "b"]}, ["a", "b", "c"]) == ("a", "b")
    assert previewed_runs({"run_ids": ["a", "b"]}, ["b", "c"]) == ("b", "c")
    assert previewed_runs({}, ["a"]) == ("a",)


def test_a_case_suggests_a_correction_and_what_to_set_up_first() -> None:
    first = case(suggestion={"charge_code": "P.020", "roots": ["p", "q"]})
    assert suggested(first) == {"charge_code": "P.020"} and roots_of([first, first, case()]) == ("p", "q")


def test_corrections_take_json_and_leave_codes_alone() -> None:
    typed = [
        (" charge_code ", "PRJ-1"),
        ("bill_rate", '{"amount": "1.00", "currency": "EUR"}'),
        ("billable", "true"),
        ("", "x"),
        ("a", None),
        ("code", "007"),
    ]
    assert corrected(typed) == {
        "charge_code": "PRJ-1",
        "bill_rate": {"amount": "1.00", "currency": "EUR"},
        "billable": True,
        "code": "007",
    }


def test_corrections_name_fields_of_the_payload() -> None:
    assert correctable({"charge_code": "x", "rate": {"amount": 1}, "tasks": [{"a": 1}], "_engine": 1}) == [
        "charge_code",
        "rate.amount",
    ]


def answered(*fields: dict[str, Any], **step: Any) -> dict[str, Any]:
    return {"runs": [{"run_id": "r", "steps": [{"step": "post", "outcome": "creates", "fields": fields, **step}]}]}


@pytest.mark.req("E4", "G2")
def test_a_preview_masks_fields_for_everybody_and_still_says_which_change() -> None:
    """G2: the command line prints these rows, the page draws them."""
    rate = {"field": "rate", "current": {"amount": "90"}, "wanted": {"amount": "95"}, "changed": True}
    hours = {"field": "hours", "current": "8:00", "wanted": "8:00"}
    [run] = preview_of(answered(rate, hours), OPEN).runs
    assert [(one.field, one.current, one.wanted, one.changed) for one in run.steps[0].fields] == [
        ("rate", MASK, MASK, True),
        ("hours", "8:00", "8:00", False),
    ]
    assert "95" not in str(preview_of(answered(rate), OPEN))


@pytest.mark.req("E4", "G2")
def test_a_preview_masks_what_is_nested_in_a_field() -> None:
    """G2: in plans of one run as of several; the shape stays, so that it shows which part changes."""
    plan = {"field": "plan", "current": None, "wanted": {"body": {"bill_rate": {"amount": "95"}, "hours": "8"}}}
    rows = {"field": "lines", "current": [{"cost_rate": "61.5"}], "wanted": []}
    run = answered(plan, rows)["runs"][0]
    preview = preview_of({"runs": [run, {**run, "run_id": "r2"}]}, OPEN)
    assert "95" not in str(preview) and "61.5" not in str(preview)
    assert all('"hours": "8"' in one.steps[0].fields[0].wanted for one in preview.runs)


@pytest.mark.req("E4")
@pytest.mark.parametrize(
    ("code", "outcome"), [("transient", "unasked"), ("rate-limited", "unasked"), ("closed-period", "fails")]
)
def test_a_system_that_could_not_be_asked_is_no_failing_step(code: str, outcome: str) -> None:
    [run] = preview_of(answered(outcome="fails", error="503", error_code=code), OPEN).runs
    assert run.steps[0].outcome == outcome
    assert (run.fault, bool(run.unasked)) == ((None, True) if outcome == "unasked" else ("503", False))


def test_sums_of_a_preview_are_exact_or_masked() -> None:
    preview = preview_of({"totals": {"EUR": "146200.10", "GBP": "9.00"}}, frozenset({"EUR"}))
    assert preview.totals == {"EUR": MASKED, "GBP": Decimal("9.00")}
    assert preview_of(None, OPEN).runs == () and preview_of({"error": "no engine"}, OPEN).error == "no engine"


def test_a_replays_progress_counts_what_ended() -> None:
    far = progress_of(
        {"run_ids": ["a", "b", "c"], "roots": ["p"]},
        {"settled": 1, "failed": 1, "refused": {"b": "settled already"}, "waves": [{"size": 1, "settled": 1}, 3]},
    )
    assert (far.asked, far.share, far.refused, far.left_alone) == (4, 0.75, 1, {"b": "settled already"})
    assert [(wave.size, wave.settled) for wave in far.waves] == [(1, 1), (3, 0)]
    assert progress_of({}, None).share == 0.0


def hanging(
    entity: str, records: int, amount: str, chosen: bool = False, has_run: bool = True, case_id: str = "c"
) -> Hanging:
    first, last = f"{case_id}-1", f"{case_id}-{records}"
    return Hanging(case_id, entity, "EUR", chosen, has_run, records, Decimal(amount), first, last)


def carried(entity: str, *subjects: str) -> list[Carried]:
    return [Carried(entity, one, "EUR", Decimal(9)) for one in subjects]


@pytest.mark.req("G2", "E4")
def test_a_preview_does_not_tell_the_amount_of_one_masked_record() -> None:
    """G2: neither where a sum is over one, nor where it follows from what the case counts."""
    entries, stone = hanging("time_entry", 214, "146200", chosen=True), hanging("milestone", 1, "38000", has_run=False)
    assert hidden([entries, stone], carried("time_entry", "1", "2"), NOBODY) == {"EUR"}
    told = stake_of({"EUR": "146200.00"}, [entries, stone], frozenset({"EUR"}))
    assert (told.worth, told.counted, told.rest) == ({"EUR": MASKED},) * 3 and told.runless == {"milestone": 1}
    assert not hidden([entries, stone], carried("time_entry", "1", "2"), FINANCE)
    assert not hidden([entries, replace(stone, last_subject="c-2")], [], NOBODY), "two milestones are a sum"


@pytest.mark.req("G2", "E4")
def test_sums_that_tell_one_amount_are_known_by_run_by_case_and_by_what_is_clear() -> None:
    """G2: one run, one record in two cases, one record beside clear expenses, one part of one case among several."""
    entry, expense = hanging("time_entry", 1, "700", chosen=True), hanging("expense", 5, "50", chosen=True)
    for lone in (
        hidden([], carried("time_entry", "1"), NOBODY),
        hidden([entry], [], NOBODY),
        hidden([entry, expense], [], NOBODY),
    ):
        assert lone == {"EUR"}
    assert hidden([entry, replace(entry, case_id="d")], [], NOBODY) == {"EUR"}, "the same record counts in both"
    assert not hidden([hanging("expense", 1, "50", chosen=True)], carried("expense", "1"), NOBODY)
    whole = [hanging("time_entry", 1, "700", chosen=True, case_id=one) for one in "cde"]
    assert not hidden(whole, carried("time_entry", "1", "2", "3"), NOBODY)
    of_e = hanging("time_entry", 3, "2100", case_id="e")
    assert hidden([*whole, of_e], [], NOBODY) == {"EUR"}, "of e, one follows from the other three"


def test_a_preview_of_all_the_money_is_the_whole_stake() -> None:
    assert stake_of({"EUR": "10.00"}, [hanging("time_entry", 1, "10", chosen=True)], OPEN).is_whole
    assert not stake_of({}, [hanging("expense", 3, "10", chosen=True)], OPEN).is_whole
    other = stake_of({"EUR": "10"}, [hanging("expense", 1, "10", chosen=True), hanging("expense", 2, "3")], OPEN)
    assert not other.is_whole and other.left_out == {"expense": 2} and not other.revalued
