"""From a new case to its receiver: at least once, by an id that stays, and visibly dead when it cannot be (X10)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from models.journal import Journal
from tests.alerting import OPERATIONS, RATES, Desk, Receiver, Wall, found

pytestmark = pytest.mark.req("X10")


def test_a_case_above_the_threshold_is_told_once(any_journal: Journal, wall: Wall, receiver: Receiver) -> None:
    finance = replace(OPERATIONS, name="finance", at_least=found("project-missing", "P", "5000").amount)
    desk = Desk(any_journal, [finance], receiver.url)
    any_journal.cases.report("d", [found("project-missing", "PRJ-1", "12345.67"), found("over-cap", "PRJ-2")], RATES)
    assert [desk.turn(), desk.turn()] == [1, 0]
    [(alert_id, told)] = receiver.taken
    [case] = told["data"]["cases"]
    assert (told["type"], told["data"]["audience"]) == ("tieout.case", "finance")
    assert (case["subject"], case["amount"], case["currency"]) == (
        {"entity": "project", "key": "PRJ-1"},
        "12345.67",
        "EUR",
    )
    assert case["link"] == f"https://tieout.acme.example/exceptions?case={case['case_id']}"
    [delivery] = any_journal.alerts.recent()
    assert (delivery.alert_id, delivery.state, delivery.attempts) == (alert_id, "delivered", 1)
    assert any_journal.alerts.failing() == {} and any_journal.alerts.count() == 1


def test_what_was_sent_and_not_marked_goes_out_again_by_the_same_id(
    journal: Journal, wall: Wall, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A kill between the answer and the mark: the next process sends the same bytes."""
    journal.cases.report("d", [found("project-missing", "PRJ-1")], RATES)
    with monkeypatch.context() as killed:
        killed.setattr(journal.alerts.__class__, "delivered", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt()))
        with pytest.raises(KeyboardInterrupt):
            Desk(journal, [OPERATIONS], receiver.url).turn()
    heir = Desk(journal, [OPERATIONS], receiver.url, owner="two")
    assert heir.turn() == 0, "the lease of who was killed still stands"
    wall.forward(timedelta(seconds=46))
    assert heir.turn() == 1 and heir.turn() == 0
    first, again = receiver.taken
    assert first == again


def test_a_lost_answer_and_a_refusal_are_tried_again_later_and_later(
    journal: Journal, wall: Wall, receiver: Receiver
) -> None:
    receiver.answers = [0, 503, 302]
    desk = Desk(journal, [OPERATIONS], receiver.url)
    journal.cases.report("d", [found("project-missing", "PRJ-1")], RATES)
    assert [desk.turn(), desk.turn()] == [1, 0] and journal.alerts.failing() == {}, "one failure may pass"
    wall.forward(timedelta(seconds=6))
    assert [desk.turn(), desk.turn()] == [1, 0]
    assert journal.alerts.failing() == {"hook": "the receiver answers 503"}
    wall.forward(timedelta(seconds=6))
    assert desk.turn() == 0, "the second pause is longer"
    wall.forward(timedelta(seconds=5))
    assert desk.turn() == 1 and journal.alerts.failing() == {"hook": "the receiver answers 302"}
    wall.forward(timedelta(seconds=21))
    assert desk.turn() == 1 and journal.alerts.failing() == {}
    assert len({alert_id for alert_id, _ in receiver.taken}) == 1 and len(receiver.taken) == 4


def test_a_receiver_that_asks_for_time_gets_it(journal: Journal, wall: Wall, receiver: Receiver) -> None:
    receiver.answers, receiver.headers = [429], {"retry-after": "120"}
    desk = Desk(journal, [OPERATIONS], receiver.url)
    journal.cases.report("d", [found("project-missing", "PRJ-1")], RATES)
    desk.turn()
    wall.forward(timedelta(seconds=115))
    assert desk.turn() == 0
    wall.forward(timedelta(seconds=6))
    assert desk.turn() == 1 and journal.alerts.recent()[0].state == "delivered"


def test_what_cannot_be_delivered_within_a_day_is_dead_and_says_why_without_the_address(
    journal: Journal, wall: Wall, caplog: pytest.LogCaptureFixture
) -> None:
    desk = Desk(journal, [OPERATIONS], "http://127.0.0.1:1/alerts?token=t0psecret")
    journal.cases.report("d", [found("project-missing", "PRJ-1")], RATES)
    attempts = 0
    for _ in range(110):
        attempts += desk.turn()
        wall.forward(timedelta(minutes=15))
    [dead] = journal.alerts.recent()
    assert (dead.state, dead.attempts, attempts) == ("dead", attempts, attempts) and 90 < attempts < 110
    assert dead.fault == "the receiver cannot be reached: connection refused"
    assert journal.alerts.failing() == {"hook": dead.fault}
    assert "alert.dead" in caplog.text and "t0psecret" not in caplog.text


def test_a_road_that_fails_holds_up_no_other(journal: Journal, wall: Wall, receiver: Receiver) -> None:
    many = [found(cause, "PRJ-1") for cause in ("project-missing", "over-cap", "rate-missing")]
    journal.cases.report("d", many, RATES)
    desk = Desk(journal, [replace(OPERATIONS, roads=("gone", "hook"))], receiver.url)
    assert desk.turn() == 4 and len(receiver.taken) == 3
    assert {one.road for one in journal.alerts.recent() if one.state == "pending"} == {"gone"}


def test_a_secret_that_is_not_set_shows_and_nothing_is_sent(journal: Journal, wall: Wall, receiver: Receiver) -> None:
    desk = Desk(journal, [OPERATIONS], receiver.url, environment={})
    journal.cases.report("d", [found("project-missing", "PRJ-1")], RATES)
    desk.turn()
    [waiting] = journal.alerts.recent()
    assert "ACME_ALERT_SECRET" in (waiting.fault or "") and receiver.taken == []


def test_who_lost_the_lease_decides_nothing(any_journal: Journal, wall: Wall) -> None:
    """Decided under the lease and written after it passed on: refused by the database."""
    any_journal.cases.report("d", [found("project-missing", "PRJ-1")], RATES)
    slow, quick = (Desk(any_journal, [OPERATIONS], owner=name) for name in ("slow", "quick"))
    assert any_journal.alerts.hold("slow", 45.0)
    wall.forward(timedelta(seconds=46))
    assert any_journal.alerts.hold("quick", 45.0)
    quick.ring()
    slow.ring()
    assert any_journal.alerts.count() == 1
