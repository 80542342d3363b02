"""What a flow elsewhere failed at is replayed by its endpoint, by the same plans as our own runs (C9, E4)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

import pytest

from integrations.endpoints.endpoint import EndpointConnector
from integrations.engine import Engine
from models.catalogue.endpoint import Endpoint
from models.domain.approval import Thresholds
from models.domain.finding import Finding
from models.domain.record import RecordKind
from models.journal import Journal
from models.journal.requests import Request
from tests.endpoints import RULE, Receiver, endpoint, failure, listening
from tests.unit.engine.hostile import HandClock


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with listening(Receiver()) as found:
        yield found


class Elsewhere:
    """An installation with one endpoint, and what detectors find there."""

    def __init__(self, journal: Journal, clock: HandClock, to: Endpoint) -> None:
        self.journal, self.clock, self.to = journal, clock, to
        self.engine = self.engine_of("first")

    def engine_of(self, owner: str) -> Engine:
        connector = EndpointConnector(self.to, self.clock)
        engine = Engine(self.journal, [], [connector], self.clock, owner=owner, chance=lambda: 0.5)
        engine.desk._patience = lambda flow: self.to.within or 3600.0
        return engine

    def found(self, *findings: Finding) -> None:
        self.journal.cases.report("foreign_run", findings)

    def ask(self, findings: Sequence[Finding], kind: str = "replay", **more: Any) -> str:
        body = {"run_ids": [one.run_id for one in findings], "from": "failed_step", **more}
        return self.journal.requests.append(kind, body, "ada", "mended in the ERP", "ada")

    def go(self, seconds: float = 0.0) -> None:
        self.clock.forward(seconds)
        self.engine.drain()

    def answer(self, request_id: str) -> Request:
        found = self.journal.requests.get(request_id)
        assert found is not None
        return found

    def told(self) -> list[Mapping[str, Any]]:
        return [record for page in self.journal.feed.read(0, 1000) for record in page.records]


@pytest.fixture
def ours(journal: Journal, clock: HandClock, receiver: Receiver) -> Elsewhere:
    return Elsewhere(journal, clock, endpoint(receiver.address))


@pytest.mark.req("C9", "E4", "X16")
def test_a_failure_is_sent_signed_and_waits_for_a_success_there(
    any_journal: Journal, clock: HandClock, receiver: Receiver
) -> None:
    """C9: accepted is not mended: the plan ends once detectors find the failure no more."""
    ours, one = Elsewhere(any_journal, clock, endpoint(receiver.address)), failure("TE-1")
    ours.found(one)
    asked = ours.ask([one])
    ours.go()
    (message,) = receiver.came
    assert message["path"] == "/again?flow=post-time"
    named = {name: message[name] for name in ("rule", "flow", "run", "business_key", "step", "from")}
    assert named == {
        "rule": RULE,
        "flow": "Post time",
        "run": "run-1-TE-1",
        "business_key": "time_entry:TE-1",
        "step": "post",
        "from": "failed_step",
    }
    assert message["correlation"]["request"] == asked
    headers = receiver.headers[0]
    assert headers["idempotency-key"] == headers["webhook-id"] == message["key"]
    assert headers["traceparent"].split("-")[1] == one.trace_id
    waits = ours.answer(asked)
    assert (waits.state, waits.result["accepted"], waits.result["settled"]) == ("running", 1, 0)
    ours.found()
    ours.go()
    done = ours.answer(asked)
    assert (done.state, done.result["settled"], done.result["accepted"]) == ("done", 1, 0)


@pytest.mark.req("C9", "E4")
def test_waves_grow_once_what_was_sent_has_succeeded_and_stop_where_it_fails_again(
    ours: Elsewhere, receiver: Receiver
) -> None:
    """E4: one, then ten; what fails there again leaves the rest alone."""
    ones = [failure(f"TE-{n}") for n in range(30)]
    ours.found(*ones)
    asked = ours.ask(ones)
    ours.go()
    assert len(receiver.came) == 1, "the first has not succeeded yet"
    ours.found(*ones[1:])
    ours.go()
    assert len(receiver.came) == 11
    again = failure("TE-3", run="run-2")
    ours.found(*ones[11:], again)
    ours.go()
    answer = ours.answer(asked)
    assert (answer.state, answer.result["settled"], answer.result["failed"]) == ("failed", 10, 1)
    assert answer.result["stopped"] and len(receiver.came) == 11


@pytest.mark.req("C9")
def test_what_an_endpoint_accepts_and_never_does_is_a_failure_after_its_time(
    ours: Elsewhere, receiver: Receiver
) -> None:
    one = failure("TE-1")
    ours.found(one)
    asked = ours.ask([one])
    ours.go()
    ours.go(3599)
    assert ours.answer(asked).state == "running"
    ours.go(2)
    answer = ours.answer(asked)
    assert (answer.state, answer.result["failed"], answer.result["unheard"]) == ("failed", 1, 1)


@pytest.mark.req("C9", "E1")
def test_what_is_asked_for_anew_has_another_key_and_warns(ours: Elsewhere, receiver: Receiver) -> None:
    """E1: one key a failure and request; who asks again means it."""
    one = failure("TE-1")
    ours.found(one)
    ours.ask([one])
    ours.go()
    seen = ours.ask([one], "preview")
    ours.go(3601)
    kinds = {hazard["kind"] for hazard in ours.answer(seen).result["hazards"]}
    assert kinds == {"duplicate"}
    ours.ask([one])
    ours.go()
    assert len(receiver.keys) == 2 and set(receiver.keys.values()) == {1}


@pytest.mark.req("C9", "E4", "X9")
def test_what_is_worth_much_takes_a_second_person_who_approves_exactly_that(
    ours: Elsewhere, receiver: Receiver
) -> None:
    """X9: by money and by age, as for runs of ours; a plan whose failures moved on is another plan."""
    ours.journal.requests._thresholds = ours.journal.runs._thresholds = Thresholds(amount=500)  # type: ignore[misc]
    one, other = failure("TE-1"), failure("TE-2")
    ours.found(one, other)
    asked = ours.ask([one])
    ours.go()
    assert ours.answer(asked).state == "asked" and not receiver.came
    approval = ours.journal.requests.approval(asked)
    assert approval is not None and "worth more than 500.00 EUR" in approval.because[0]
    assert approval.content["flows"] == {"ours/Post time": 1} and approval.content["totals"] == {"EUR": "800.00"}
    ours.journal.requests.approve(asked, approval.hash, "ben", "agreed", "ben")
    ours.go()
    assert len(receiver.came) == 1
    later = ours.ask([other])
    approved = ours.journal.requests.approval(later)
    assert approved is not None
    ours.journal.requests.approve(later, approved.hash, "ben", "agreed", "ben")
    ours.found(one)
    ours.go()
    answer = ours.answer(later)
    assert answer.state == "failed" and "changed since it was approved" in answer.result["error"]
    assert len(receiver.came) == 1


@pytest.mark.req("C9", "E4")
def test_an_old_failure_takes_a_second_person(journal: Journal, clock: HandClock, receiver: Receiver) -> None:
    ours, one = Elsewhere(journal, clock, endpoint(receiver.address)), failure("TE-1")
    ours.found(one)
    clock.forward(timedelta(days=93).total_seconds())
    assert "reaches back to 2026-09-01" in ours.journal.requests.weight({"run_ids": [one.run_id]}).because[0]


@pytest.mark.req("C9", "E4")
def test_a_preview_sends_nothing_and_says_field_by_field_what_would_be_sent(
    ours: Elsewhere, receiver: Receiver
) -> None:
    one = failure("TE-1")
    ours.found(one)
    seen = ours.ask([one], "preview")
    ours.go()
    assert not receiver.came
    (run,) = ours.answer(seen).result["runs"]
    (step,) = run["steps"]
    fields = {field["field"]: field["wanted"] for field in step["fields"]}
    assert (step["outcome"], step["system"], fields["business_key"]) == ("sends", "ours/replay", "time_entry:TE-1")
    assert fields["run"] == "run-1-TE-1" and ours.answer(seen).result["totals"] == {"EUR": "800.00"}


@pytest.mark.req("C9", "E4")
def test_where_an_endpoint_offers_a_preview_it_says_what_would_become_of_it(
    journal: Journal, clock: HandClock, receiver: Receiver
) -> None:
    receiver.answer = lambda message, times: (
        200,
        {},
        {"current": {"posting": None, "hours": 7}, "wanted": {"posting": "new", "hours": 8}},
    )
    ours, one = Elsewhere(journal, clock, endpoint(receiver.address, preview="/preview")), failure("TE-1")
    ours.found(one)
    seen = ours.ask([one], "preview")
    ours.go()
    assert not receiver.came
    (step,) = ours.answer(seen).result["runs"][0]["steps"]
    told = {field["field"]: (field["current"], field["wanted"]) for field in step["fields"]}
    assert step["outcome"] == "updates" and told == {"posting": (None, "new"), "hours": (7, 8)}


@pytest.mark.req("C9")
def test_what_was_mended_since_or_is_being_sent_or_corrected_is_left_alone(ours: Elsewhere, receiver: Receiver) -> None:
    gone, sent = failure("TE-1"), failure("TE-2")
    ours.found(sent)
    first = ours.journal.runs.replay([sent.run_id], "failed_step", None, "ada", {"reason": "a try"})
    assert list(first.runs) == [sent.run_id]
    again = ours.journal.runs.replay([sent.run_id], "failed_step", None, "ada", {"reason": "a try"})
    assert "is sending it" in again.refused[sent.run_id]
    mended = ours.journal.runs.replay([gone.run_id], "failed_step", None, "ada")
    assert "select it again" in mended.refused[gone.run_id]


@pytest.mark.req("C9", "X9", "E2")
def test_who_asked_what_was_sent_and_what_was_answered_are_records(ours: Elsewhere, receiver: Receiver) -> None:
    one = failure("TE-1")
    ours.found(one)
    asked = ours.ask([one])
    ours.go()
    told = ours.told()
    of_run = [record for record in told if record.business_key == "time_entry:TE-1" and record.run_id]
    assert {record.trace_id for record in of_run} == {one.trace_id}
    kinds = [record.kind for record in of_run]
    assert kinds == [RecordKind.OPERATOR_ACTION, RecordKind.ACKNOWLEDGEMENT, RecordKind.SETTLEMENT]
    replayed, acknowledged, _ = of_run
    assert (replayed.actor, replayed.body["reason"], replayed.body["request_id"]) == ("ada", "mended in the ERP", asked)
    assert acknowledged.body["change"]["key"] == receiver.came[0]["key"]
    assert acknowledged.body["system_id"] == "new-run-1-TE-1"
