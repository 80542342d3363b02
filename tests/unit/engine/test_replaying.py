"""Replays and previews: in waves, what is missing first, from the failed step or the start (E4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from integrations.contracts.flow import Flow, Transform
from integrations.engine import Engine
from models.canonical import registry
from models.canonical.schemas import SCHEMAS, Canonical
from models.domain.errors import Rejected, Retriable, Unmappable
from models.domain.outcomes import Done
from models.domain.plan import plan_of
from models.domain.states import RunState
from models.journal import Journal
from models.journal.runs.run import Run
from tests.two_people import asked_and_approved, replayed_by_two
from tests.unit.engine.hostile import HandClock, Hostile, event, posting_flow


def refusing(codes: set[str]) -> Any:
    return lambda change, tries: (
        Rejected("not there", code="project-not-found") if change.external_id.split("-")[0] in codes else None
    )


def state_of(journal: Journal, key: str) -> list[str]:
    return [run.state.value for run in journal.runs.by_keys([f"time_entry:{key}"])]


def only(journal: Journal, key: str) -> Run:
    (run,) = journal.runs.by_keys([f"time_entry:{key}"])
    return run


@pytest.mark.req("E4")
def test_a_replay_goes_in_waves_and_stops_when_failures_return(any_journal: Journal, clock: HandClock) -> None:
    """E4: 1, then 10; the second wave fails, so the other hundred are left alone."""
    refused = {f"n{n}" for n in range(30)}
    target = Hostile(misbehaves=refusing(refused))
    engine = Engine(any_journal, [posting_flow()], [target], clock)
    engine.admit([event(f"n{n}") for n in range(30)])
    engine.drain()
    dead = [any_journal.runs.by_keys([f"time_entry:n{n}"])[0].run_id for n in range(30)]
    refused.discard("n0")
    request = any_journal.requests.append(
        "replay", {"run_ids": dead, "from": "failed_step", "correction": None}, "ops", "try"
    )
    engine.drain()
    answer = any_journal.requests.get(request)
    assert answer is not None and answer.state == "failed"
    assert [wave["size"] for wave in answer.result["waves"]] == [1, 10] and answer.result["stopped"]
    assert (answer.result["replayed"], answer.result["settled"], answer.result["failed"]) == (11, 1, 10)
    refused.clear()
    again = any_journal.requests.append(
        "replay",
        {"run_ids": [*dead[11:], *list(answer.result["run_ids"].values())[1:]], "from": "failed_step"},
        "ops",
        "again",
    )
    engine.drain()
    done = any_journal.requests.get(again)
    assert done is not None and (done.state, done.result["settled"]) == ("done", 29)
    assert set(target.effects.values()) == {1}
    assert {state for (_, state) in any_journal.runs.states()} == {"settled", "superseded"}


@pytest.mark.req("E4", "E1")
def test_a_correction_is_another_write_and_a_plain_replay_the_same(journal: Journal, clock: HandClock) -> None:
    """E4: the idempotency key changes with a corrected payload only, and lineage and trace stay."""
    target = Hostile(misbehaves=refusing({"a", "b"}))
    engine = Engine(journal, [posting_flow()], [target], clock)
    engine.admit([event("a"), event("b")])
    engine.drain()
    (a,), (b,) = journal.runs.by_keys(["time_entry:a"]), journal.runs.by_keys(["time_entry:b"])
    plain = journal.runs.replay([a.run_id], "failed_step", None, "ops", {}).runs[a.run_id]
    replayed_by_two(journal, [b.run_id], {"hours": "4", "ref.id": "b2"})
    engine.drain()
    assert len(target.tried) == 3, "a plain, a again with the same key, b, b corrected with another"
    replayed = journal.runs.get(plain)
    assert replayed is not None
    assert (replayed.lineage_id, replayed.trace_id, replayed.replay_of) == (a.lineage_id, a.trace_id, a.run_id)
    assert target.objects["b2-v1"]["price"] == "40.0"


@pytest.mark.req("E4")
def test_a_preview_shows_the_difference_and_writes_nothing(journal: Journal, clock: HandClock) -> None:
    """E4: pure steps really run, the target is asked, nothing changes on either side."""
    target = Hostile(misbehaves=refusing({"a"}))
    engine = Engine(journal, [posting_flow()], [target], clock)
    engine.admit([event("a")])
    engine.drain()
    (run,) = journal.runs.by_keys(["time_entry:a"])
    calls, before = target.calls, journal.runs.states()
    request = journal.requests.append(
        "preview", {"run_ids": [run.run_id], "from": "start", "correction": {"hours": "4"}}, "ops"
    )
    engine.drain()
    answer = journal.requests.get(request)
    assert answer is not None and answer.state == "done"
    (shown,) = answer.result["runs"]
    post = next(step for step in shown["steps"] if step["step"] == "post")
    assert (post["system"], post["action"], post["external_id"], post["outcome"]) == ("erp", "post", "a-v1", "creates")
    assert {"field": "price", "current": None, "wanted": "40.0", "changed": True} in post["fields"]
    assert answer.result["totals"] == {"EUR": "80.0"} and len(answer.result["plan_hash"]) == 64
    assert (target.calls, journal.runs.states()) == (calls, before)


@pytest.mark.req("E4", "E1")
@pytest.mark.parametrize(
    ("correction", "kind", "said"),
    [
        (
            {"hours": "4"},
            "overwrite",
            "already posted as id-a-v1 of erp: the correction would overwrite it; change it in psa instead",
        ),
        ({"ref.id": "b"}, "overwrite", "already posted as id-a-v1 of erp: the correction would put b-v1 in its place"),
        ({"notes": "seen"}, "duplicate", "erp holds a-v1 already: it will be found, not posted twice"),
        (None, "duplicate", "erp holds a-v1 already"),
    ],
)
def test_a_correction_of_what_is_posted_already_is_a_hazard(
    journal: Journal, clock: HandClock, correction: dict[str, Any] | None, kind: str, said: str
) -> None:
    """E4: the preview says what a correction would do to a posting that stands, and what to do instead; a plain replay
    finds it.
    """
    engine = Engine(journal, [posting_flow()], [Hostile()], clock)
    engine.admit([event("a")])
    engine.drain()
    request = journal.requests.append(
        "preview", {"run_ids": [only(journal, "a").run_id], "from": "start", "correction": correction}, "ops"
    )
    engine.drain()
    answer = journal.requests.get(request)
    assert answer is not None
    [hazard] = answer.result["hazards"]
    assert (hazard["kind"], hazard["run_id"]) == (kind, only(journal, "a").run_id) and said in hazard["message"]


@pytest.mark.req("E4", "E1")
def test_a_correction_of_a_settled_run_needs_the_plan_that_was_previewed(
    any_journal: Journal, clock: HandClock
) -> None:
    """E4: without the preview's plan hash nothing that is posted is overwritten; what had failed is corrected and
    replayed all the same.
    """
    refused = {"dead"}
    target = Hostile(misbehaves=refusing(refused))
    engine = Engine(any_journal, [posting_flow()], [target], clock)
    engine.admit([event("dead"), event("settled")])
    engine.drain()
    refused.clear()
    dead, settled = only(any_journal, "dead").run_id, only(any_journal, "settled").run_id
    body = {"run_ids": [settled, dead], "from": "start", "correction": {"hours": "4"}}
    request = asked_and_approved(any_journal, body)
    engine.drain()
    answer = any_journal.requests.get(request)
    assert answer is not None and (answer.state, list(answer.result["run_ids"]), list(answer.result["refused"])) == (
        "done",
        [dead],
        [settled],
    )
    assert "plan_hash" in answer.result["refused"][settled] and target.effects == {"dead-v1": 1, "settled-v1": 1}
    assert target.objects["settled-v1"]["price"] == "80.0"
    body["run_ids"] = [settled]
    seen = any_journal.requests.append("preview", body, "ops")
    engine.drain()
    preview = any_journal.requests.get(seen)
    assert preview is not None
    asked_and_approved(any_journal, {**body, "plan_hash": preview.result["plan_hash"]})
    engine.drain()
    assert target.objects["settled-v1"]["price"] == "40.0"


def acknowledging(broken: set[str]) -> Flow:
    """The posting flow with a step behind the posting that fails for these entries, as where the PSA is not told."""

    def tell(payload: Mapping[str, Any], context: Any) -> Done:
        if payload["ref"]["id"] in broken:
            raise Unmappable("the source cannot be told", "ref", code="untold")
        return Done(payload)

    flow = posting_flow()
    return replace(flow, steps=[*flow.steps, Transform("tell", tell)])


@pytest.mark.req("E4", "E1")
@pytest.mark.parametrize("ended", ["dead", "cancelled", "replayed and dead before it posted"])
def test_a_correction_of_a_run_that_posted_before_it_ended_needs_the_plan(
    any_journal: Journal, clock: HandClock, ended: str
) -> None:
    """E4: a posting stands however its run ended; without the preview's plan hash no correction is put over it."""
    broken, target = {"a"}, Hostile()
    engine = Engine(any_journal, [acknowledging(broken)], [target], clock)
    engine.admit([event("a")])
    engine.drain()
    run = only(any_journal, "a")
    assert run.state is RunState.DEAD and target.effects == {"a-v1": 1}
    if ended == "cancelled":
        any_journal.runs.cancel([run.run_id], "ops", None)
    elif ended != "dead":
        again = replayed_by_two(any_journal, [run.run_id], {"hours": "none"}).runs[run.run_id]
        engine.drain()
        run = any_journal.runs.by_ids([again])[0]
        assert run.state is RunState.DEAD and not run.acks
    broken.clear()
    for start in ("start", "failed_step") if ended.startswith("replayed") else ("start",):
        body = {"run_ids": [run.run_id], "from": start, "correction": {"hours": "4"}}
        request = asked_and_approved(any_journal, body)
        engine.drain()
        answer = any_journal.requests.get(request)
        assert (
            answer is not None
            and answer.result["run_ids"] == {}
            and "plan_hash" in answer.result["refused"][run.run_id]
        )
    assert target.effects == {"a-v1": 1} and target.objects["a-v1"]["price"] == "80.0"
    asked_and_approved(any_journal, {**body, "plan_hash": plan_of(body).hash})
    engine.drain()
    assert target.objects["a-v1"]["price"] == "40.0"


@pytest.mark.req("E4", "E1", "X16")
def test_a_settled_run_is_replayed_from_its_start_stays_settled_and_posts_nothing_twice(
    any_journal: Journal, clock: HandClock
) -> None:
    """E1: the replay asks the target first and finds what is there; what somebody deleted since is made again."""
    target = Hostile()
    engine = Engine(any_journal, [posting_flow()], [target], clock)
    engine.admit([event("kept"), event("lost")])
    engine.drain()
    kept, lost = only(any_journal, "kept"), only(any_journal, "lost")
    del target.objects["lost-v1"]
    again = any_journal.runs.replay([kept.run_id, lost.run_id], "start", None, "ops", {})
    engine.drain()
    assert again.refused == {} and target.effects == {"kept-v1": 1, "lost-v1": 2}
    for old in (kept, lost):
        before, after = any_journal.runs.by_ids([old.run_id]) + any_journal.runs.by_ids([again.runs[old.run_id]])
        assert (before.state, before.settled_at) == (RunState.SETTLED, old.settled_at), "history is not rewritten"
        assert (after.state, after.replay_of, after.lineage_id) == (RunState.SETTLED, old.run_id, old.lineage_id)


@pytest.mark.req("E4", "E8")
@pytest.mark.parametrize("state", ["settled", "cancelled"])
def test_a_request_replays_a_run_once_though_its_progress_was_lost(
    any_journal: Journal, clock: HandClock, state: str
) -> None:
    """E8: an engine that died between a replay and its note leaves no second replay; another request makes one."""
    engine = Engine(any_journal, [posting_flow()], [Hostile()], clock)
    engine.admit([event("a")])
    run = only(any_journal, "a")
    if state == "settled":
        engine.drain()
    else:
        any_journal.runs.cancel([run.run_id], "ops", None)
    body = {"run_ids": [run.run_id], "from": "start"}
    one = any_journal.requests.append("replay", body, "ops")
    any_journal.requests.take("dying", ["replay"])
    two = any_journal.requests.append("replay", body, "ops")
    any_journal.requests.take("dying", ["replay"])
    first = any_journal.runs.replay([run.run_id], "start", None, "ops", {"request_id": one})
    engine.drain()
    again = any_journal.runs.replay([run.run_id], "start", None, "ops", {"request_id": one})
    assert (again.runs, again.refused) == (first.runs, {}) and state_of(any_journal, "a") == [state, "settled"]
    other = any_journal.runs.replay([run.run_id], "start", None, "ops", {"request_id": two})
    assert other.runs != first.runs and state_of(any_journal, "a") == [state, "settled", "ready"]


@pytest.mark.req("E4")
def test_a_settled_run_has_no_failed_step_to_be_replayed_from(journal: Journal, clock: HandClock) -> None:
    """E4: the refusal says what to do instead, and nothing is started."""
    engine = Engine(journal, [posting_flow()], [Hostile()], clock)
    engine.admit([event("a")])
    engine.drain()
    run = only(journal, "a")
    made = journal.runs.replay([run.run_id], "failed_step", None, "ops", {})
    assert made.runs == {} and "replay it from the start" in made.refused[run.run_id]
    assert state_of(journal, "a") == ["settled"]


@pytest.mark.req("E4", "X11")
@pytest.mark.parametrize("alone", [False, True])
def test_roots_are_replayed_before_those_who_miss_what_they_set_up(
    journal: Journal, clock: HandClock, alone: bool
) -> None:
    """E4: the settled root comes first, from its start and as it was; the correction is for the others only."""
    refused = {"n0", "n1", "n2"}
    target = Hostile(misbehaves=refusing(refused))
    engine = Engine(journal, [posting_flow()], [target], clock)
    engine.admit([event("root"), *(event(f"n{n}") for n in range(3))])
    engine.drain()
    root, dead = only(journal, "root").run_id, [only(journal, f"n{n}").run_id for n in range(3)]
    del target.objects["root-v1"]
    refused.clear()
    target.order.clear()
    body = {
        "run_ids": [] if alone else [*dead, root],
        "roots": [root],
        "from": "failed_step",
        "correction": {"price": "4"},
    }
    request = journal.requests.append("replay", {**body, "plan_hash": plan_of(body).hash}, "ops", "set up again")
    engine.drain()
    answer = journal.requests.get(request)
    assert answer is not None and (answer.state, answer.result["failed"], answer.result["refused"]) == ("done", 0, {})
    assert [wave["size"] for wave in answer.result["waves"]] == ([1] if alone else [1, 1, 2])
    assert target.order[0] == "root-v1" and set(target.order[1:]) == (set() if alone else {"n0-v1", "n1-v1", "n2-v1"})
    assert (target.objects["root-v1"]["price"], target.effects["root-v1"]) == ("80.0", 2)
    assert (
        {target.objects[f"n{n}-v1"]["price"] for n in range(3)} == {"4"}
        if not alone
        else dead == [only(journal, f"n{n}").run_id for n in range(3)]
    )


@pytest.mark.req("E4")
def test_a_root_that_fails_stops_the_replay_before_the_others(journal: Journal, clock: HandClock) -> None:
    """E4: without its root nothing else can succeed, so nothing else is tried."""
    refused = {"root", "a"}
    engine = Engine(journal, [posting_flow()], [Hostile(misbehaves=refusing(refused))], clock)
    engine.admit([event("root"), event("a")])
    engine.drain()
    root, dead = only(journal, "root").run_id, only(journal, "a").run_id
    request = journal.requests.append("replay", {"run_ids": [dead], "roots": [root]}, "ops")
    engine.drain()
    answer = journal.requests.get(request)
    assert answer is not None and (answer.state, answer.result["stopped"], list(answer.result["run_ids"])) == (
        "failed",
        True,
        [root],
    )
    assert only(journal, "a").state is RunState.DEAD


@pytest.mark.req("E4")
def test_a_preview_of_roots_shows_them_first_and_counts_their_money_nowhere(journal: Journal, clock: HandClock) -> None:
    """E4: a root that is there already changes nothing; the totals are what the replay is about."""
    target = Hostile(misbehaves=refusing({"a"}))
    engine = Engine(journal, [posting_flow()], [target], clock)
    engine.admit([event("root"), event("a", hours="2")])
    engine.drain()
    root, dead = only(journal, "root").run_id, only(journal, "a").run_id
    body = {"run_ids": [dead], "roots": [root]}
    request = journal.requests.append("preview", body, "ops")
    engine.drain()
    answer = journal.requests.get(request)
    assert answer is not None and (answer.state, answer.result["plan_hash"]) == ("done", plan_of(body).hash)
    assert [run["run_id"] for run in answer.result["runs"]] == [root, dead]
    assert (answer.result["totals"], answer.result["count"]) == ({"EUR": "20.0"}, 2)
    posted = next(step for step in answer.result["runs"][0]["steps"] if step["step"] == "post")
    assert {field["changed"] for field in posted["fields"]} == {False}


def next_version(monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on a time entry is of version 2, whose `hours` were called `duration` before."""
    entry: type[Canonical] = SCHEMAS["time_entry"]
    monkeypatch.setitem(SCHEMAS, "time_entry", type("TimeEntry2", (entry,), {"version": entry.version + 1}))

    def renamed(data: dict[str, Any]) -> dict[str, Any]:
        return {("hours" if name == "duration" else name): value for name, value in data.items()}

    monkeypatch.setitem(registry.UPCASTS, ("time_entry", entry.version), renamed)


def older(key: str) -> Any:
    data = event(key).data
    return event(key).model_copy(
        update={"data": {"duration": data["hours"], **{name: value for name, value in data.items() if name != "hours"}}}
    )


@pytest.mark.req("M3")
def test_an_older_event_is_brought_up_on_admission_and_kept_as_it_came(
    journal: Journal, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """M3: the flow sees the present version; the stored event is the sender's."""
    next_version(monkeypatch)
    target = Hostile()
    engine = Engine(journal, [posting_flow()], [target], clock)
    engine.admit([older("a")])
    engine.drain()
    run = only(journal, "a")
    assert (run.state, run.payload["hours"], target.objects["a-v1"]["price"]) == (RunState.SETTLED, "8", "80.0")
    origin = journal.runs.origins([run])[run.run_id]
    assert (origin["dataschema"], origin["data"]["duration"], "hours" in origin["data"]) == (
        "tieout:time_entry:1",
        "8",
        False,
    )


@pytest.mark.req("M3", "E4")
def test_an_older_event_is_brought_up_when_it_is_replayed_from_the_start(
    journal: Journal, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """M3: what was admitted and refused before the schema moved on is replayed in the present version."""
    target = Hostile()
    engine = Engine(journal, [posting_flow()], [target], clock)
    engine.admit([older("a")])
    engine.drain()
    dead = only(journal, "a")
    assert (dead.state, dead.error_code) == (RunState.DEAD, "schema-violation")
    next_version(monkeypatch)
    made = journal.runs.replay([dead.run_id], "start", None, "ops", {})
    engine.drain()
    replayed = journal.runs.get(made.runs[dead.run_id])
    assert replayed is not None and (replayed.state, replayed.payload["hours"]) == (RunState.SETTLED, "8")
    assert target.effects == {"a-v1": 1}


@pytest.mark.req("E1", "E4")
def test_a_corrected_replay_that_settled_is_replayed_without_a_second_posting(
    any_journal: Journal, clock: HandClock
) -> None:
    """E1: what the target holds as it was corrected is found; another correction is another write."""
    refused = {"a"}
    target = Hostile(misbehaves=refusing(refused))
    engine = Engine(any_journal, [posting_flow()], [target], clock)
    engine.admit([event("a")])
    engine.drain()
    dead = only(any_journal, "a")
    refused.clear()
    corrected = replayed_by_two(any_journal, [dead.run_id], {"hours": "4"}).runs[dead.run_id]
    engine.drain()
    again = any_journal.runs.replay([corrected], "start", None, "ops", {}).runs[corrected]
    engine.drain()
    assert (target.effects, target.objects["a-v1"]["price"]) == ({"a-v1": 1}, "40.0")
    replayed_by_two(any_journal, [again], {"hours": "5"})
    engine.drain()
    assert (target.effects, target.objects["a-v1"]["price"]) == ({"a-v1": 2}, "50.0")


@pytest.mark.req("E1", "E4")
def test_a_correction_is_not_lost_to_the_older_posting_when_the_target_is_busy(
    journal: Journal, clock: HandClock
) -> None:
    """E1: found counts for a corrected write only where it is what the correction wants, also after a failed try."""
    target = Hostile()
    engine = Engine(journal, [posting_flow()], [target], clock)
    engine.admit([event("a")])
    engine.drain()
    find, busy = target.find, [True]

    def sometimes(changes: Any) -> Any:
        if busy.pop() if busy else False:
            raise Retriable("busy")
        return find(changes)

    target.find = sometimes  # type: ignore[method-assign]
    replayed_by_two(journal, [only(journal, "a").run_id], {"hours": "4"})
    engine.drain()
    clock.forward(10)
    engine.drain()
    assert state_of(journal, "a") == ["settled", "settled"] and busy == []
    assert target.objects["a-v1"]["price"] == "40.0"
