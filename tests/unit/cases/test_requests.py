"""A request is asked once, taken by one, and ended once; the set that runs is the set that was seen (E4)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from models.domain.plan import Plan, Wave, plan_of
from models.domain.record import RecordKind
from tests.unit.cases.test_cases import CASE, RATES, entry

BODY = {"run_ids": ["b", "a"], "from": "failed_step", "correction": {"charge_code": "PRJ-1001.010"}}


@pytest.mark.req("E4", "X9")
def test_a_replay_from_a_case_is_kept_with_its_plan_hash_its_audit_record_and_an_entry_in_the_case(
    cases, requests, feed
):
    cases.report("orphaned_project", [entry(1)], RATES)
    asked = requests.append(
        "replay", {**BODY, "case_id": CASE, "plan_hash": plan_of(BODY).hash}, "ada", "code corrected"
    )
    got = requests.get(asked)
    assert (got.state, got.plan_hash, got.actor, got.reason, got.ended) == (
        "pending",
        plan_of(BODY).hash,
        "ada",
        "code corrected",
        False,
    )
    assert (
        cases.events(CASE)[0]["action"] == "replay_requested" and cases.events(CASE)[0]["body"]["request_id"] == asked
    )
    (record,) = [record for record in feed.records if record.kind is RecordKind.OPERATOR_ACTION]
    assert (record.actor, record.body["action"], record.body["reason"], record.body["run_ids"]) == (
        "ada",
        "replay",
        "code corrected",
        ["b", "a"],
    )
    assert [one.request_id for one in requests.recent(case_id=CASE)] == [asked]


@pytest.mark.req("E4")
@pytest.mark.parametrize(
    "kind, body",
    [
        ("replay", {"run_ids": []}),
        ("preview", {}),
        ("replay", {"run_ids": ["a"], "from": "middle"}),
        ("delete", {"run_ids": ["a"]}),
        ("replay", {**BODY, "plan_hash": "0" * 64}),
        ("cancel", {}),
        ("pause_flow", {}),
        ("replay", {**BODY, "case_id": "nowhere"}),
    ],
)
def test_a_request_that_selects_nothing_or_another_set_than_was_seen_is_refused(requests, kind, body):
    with pytest.raises(ValueError):
        requests.append(kind, body, "ada")
    assert requests.recent() == []


@pytest.mark.req("E4", "X9")
@pytest.mark.parametrize("reason", [None, "", "  "])
def test_nothing_is_held_ended_or_stopped_without_a_reason(requests, reason):
    """X9: the auditor asks why, whatever page or command it came from."""
    for kind, body in (("cancel", {"run_ids": ["a"]}), ("pause_flow", {"flow": "x"}), ("resume_flow", {"flow": "x"})):
        with pytest.raises(ValueError, match="say why"):
            requests.append(kind, body, "ada", reason)
    assert requests.recent() == []
    asked = requests.append("replay", BODY, "ada")
    with pytest.raises(ValueError, match="say why"):
        requests.cancel(asked, "ada", reason or "")
    assert requests.get(asked).state == "pending"


@pytest.mark.req("E4")
def test_the_plan_hash_depends_on_the_selection_and_the_correction_and_not_on_their_order():
    assert plan_of(BODY).hash == plan_of({**BODY, "run_ids": ["a", "b", "a"]}).hash
    assert plan_of(BODY).hash != plan_of({**BODY, "run_ids": ["a"]}).hash
    assert plan_of(BODY).hash != plan_of({**BODY, "correction": None}).hash
    assert plan_of(BODY).hash != plan_of({**BODY, "from": "start"}).hash


@pytest.mark.req("E4")
def test_waves_grow_tenfold_and_hold_each_run_once():
    waves = list(Plan(tuple(map(str, range(250))), "start", {"hours": "8"}).waves())
    assert [len(wave.run_ids) for wave in waves] == [1, 10, 100, 139]
    assert [run for wave in waves for run in wave.run_ids] == list(map(str, range(250)))
    assert {(wave.start, wave.correction["hours"]) for wave in waves} == {("start", "8")}


@pytest.mark.req("E4")
def test_roots_come_first_from_the_start_as_they_were_and_are_part_of_what_was_seen():
    plan = plan_of({**BODY, "roots": ["r2", "r1", "r2", "b"]})
    assert list(plan.waves()) == [Wave(("r2", "r1", "b"), "start"), Wave(("a",), "failed_step", BODY["correction"])]
    assert plan.everything == ("r2", "r1", "b", "a")
    assert plan.hash == plan_of({**BODY, "roots": ["b", "r1", "r2"]}).hash
    assert (
        len(
            {
                plan.hash,
                plan_of(BODY).hash,
                plan_of({**BODY, "roots": ["r1"]}).hash,
                plan_of({**BODY, "run_ids": ["a"], "roots": ["b"]}).hash,
            }
        )
        == 4
    )


@pytest.mark.req("E4")
def test_roots_alone_are_a_plan(requests):
    plan = plan_of({"roots": ["r"]})
    assert list(plan.waves()) == [Wave(("r",), "start")]
    assert (
        requests.get(requests.append("replay", {"roots": ["r"], "plan_hash": plan.hash}, "ada")).plan_hash == plan.hash
    )


@pytest.mark.req("E4")
def test_a_replay_is_asked_for_once_until_an_engine_has_taken_it(requests):
    asked = requests.append("replay", BODY, "ada")
    with pytest.raises(ValueError, match=f"{asked} asks for exactly this already"):
        requests.append("replay", {**BODY, "run_ids": ["a", "b"]}, "bob")
    requests.append("replay", {**BODY, "correction": None}, "bob")
    requests.take("one", ["replay"])
    assert requests.append("replay", BODY, "bob") != asked


@pytest.mark.req("E4", "E8")
def test_a_request_is_leased_to_one_and_taken_over_when_its_taker_has_died(requests, clock):
    first = requests.append("replay", BODY, "ada")
    clock.pass_by(seconds=1)
    requests.append("cancel", {"run_ids": ["a"]}, "ada", "entered twice")
    (taken,) = requests.take("one", ["replay", "preview"], 5)
    assert (taken.request_id, taken.state, taken.takes) == (first, "running", 1)
    assert requests.take("two", ["replay"], 5) == []
    clock.pass_by(seconds=50)
    assert requests.progress(first, {"replayed": 1}, "one")
    clock.pass_by(seconds=50)
    assert requests.take("two", ["replay"], 5) == [], "progress renews the lease"
    clock.pass_by(seconds=61)
    (again,) = requests.take("two", ["replay"], 5)
    assert (again.takes, again.result) == (2, {"replayed": 1})
    assert not requests.progress(first, {"replayed": 9}, "one"), "a late taker is told to stop"
    assert requests.get(first).result == {"replayed": 1}


@pytest.mark.req("E4")
def test_a_request_ends_once_and_a_cancelled_one_tells_its_taker_to_stop(requests, feed):
    asked = requests.append("replay", BODY, "ada")
    requests.take("one", ["replay"])
    assert requests.cancel(asked, "bob", "wrong selection")
    assert not requests.progress(asked, {}, "one") and not requests.settle(asked, "done", {"settled": 2})
    assert requests.get(asked).state == "cancelled"
    assert [(record.actor, record.status) for record in feed.records] == [("ada", "requested"), ("bob", "cancelled")]


def test_a_request_ends_only_in_a_final_state(requests):
    with pytest.raises(ValueError, match="done, failed, cancelled"):
        requests.settle(requests.append("replay", BODY, "ada"), "running")


def test_a_lease_of_no_length_can_be_taken_over_at_once(requests, clock):
    requests.append("replay", BODY, "ada")
    requests.take("one", ["replay"], lease=timedelta(0))
    clock.pass_by(seconds=1)
    assert len(requests.take("two", ["replay"])) == 1
