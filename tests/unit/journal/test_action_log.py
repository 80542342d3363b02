"""What the log says of runs, requests, cases and leases: one line each, with ids and why, nothing that was undone."""

from __future__ import annotations

import logging
from collections import Counter

import pytest

from integrations.contracts import Role
from integrations.contracts.connector import Change
from integrations.engine import Engine
from models.action_log import action, line
from models.domain.errors import Rejected
from models.domain.record import Record, RecordKind
from models.journal import Journal
from models.journal.writing import writing
from tests.unit.engine.hostile import START, HandClock, Hostile, event, posting_flow


def refusing(change: Change, tries: int) -> Exception | None:
    return Rejected("the period is closed", code="closed-period") if change.external_id.startswith("bad") else None


def actions(caplog: pytest.LogCaptureFixture, level: int = logging.DEBUG) -> Counter[str]:
    return Counter(record.action for record in caplog.records if record.levelno >= level)  # type: ignore[attr-defined]


def test_a_line_is_read_by_people_and_split_by_a_store() -> None:
    assert line("run.dead", {"run_id": "6f", "why": 'said "no", twice'}) == (
        'action=run.dead run_id=6f why="said \\"no\\", twice"'
    )
    assert line("run.dead", {"key": "a=b", "n": 3}) == 'action=run.dead key="a=b" n=3'


def test_what_is_none_is_left_out_and_the_fields_are_on_the_record(caplog: pytest.LogCaptureFixture) -> None:
    log = logging.getLogger("tieout.test")
    with caplog.at_level(logging.INFO, "tieout.test"):
        action(log, logging.INFO, "run.settled", run_id="6f", flow=None, name="free")
        action(log, logging.DEBUG, "run.claimed", run_id="6f")
    (record,) = caplog.records
    assert record.getMessage() == "action=run.settled run_id=6f name=free"
    assert (record.action, record.ids) == ("run.settled", {"run_id": "6f", "name": "free"})
    assert record.funcName == test_what_is_none_is_left_out_and_the_fields_are_on_the_record.__name__


def test_one_info_a_run_and_one_warning_a_dead_letter(
    any_journal: Journal, clock: HandClock, caplog: pytest.LogCaptureFixture
) -> None:
    """A run's end names it, its flow and why; its way is there for whoever asks for DEBUG."""
    engine = Engine(any_journal, [posting_flow()], [Hostile(misbehaves=refusing), Hostile("psa", Role.PSA)], clock)
    with caplog.at_level(logging.DEBUG, "tieout.journal"):
        engine.admit([event("a"), event("b"), event("bad")])
        engine.drain()
    (dead,) = [run for run in any_journal.runs.by_keys(["time_entry:bad"])]
    assert actions(caplog, logging.INFO) == {"run.settled": 2, "run.dead": 1}
    (warned,) = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert warned.getMessage() == (
        f"action=run.dead run_id={dead.run_id} correlation_id={dead.correlation_id} flow=post-time "
        f"step=post key=time_entry:bad system=erp trace_id={dead.trace_id} why=closed-period"
    )
    way = actions(caplog)
    of_run = [record.getMessage() for record in caplog.records if getattr(record, "ids", {}).get("run_id")]
    assert len(of_run) > 10 and all(" correlation_id=" in line for line in of_run)
    assert (way["event.admitted"], way["run.claimed"], way["step.done"], way["step.delivered"]) == (3, 3, 8, 2)


def test_requests_and_cases_are_logged_with_who_and_why(
    any_journal: Journal, clock: HandClock, caplog: pytest.LogCaptureFixture
) -> None:
    engine = Engine(any_journal, [posting_flow()], [Hostile()], clock)
    with caplog.at_level(logging.INFO, "tieout.journal"):
        any_journal.requests.append("pause_flow", {"flow": "post-time"}, "ada", "a new tax profile")
        engine.drain()
    said = [record.getMessage() for record in caplog.records]
    assert [one.split(" ")[0] for one in said] == [
        "action=request.requested",
        "action=request.taken",
        "action=flow.paused",
        "action=request.done",
    ]
    assert all('actor=ada why="a new tax profile"' in one for one in (said[0], said[2]))


@pytest.mark.req("E2")
def test_a_run_that_is_taken_back_is_named_with_its_correlation_id(
    any_journal: Journal, clock: HandClock, caplog: pytest.LogCaptureFixture
) -> None:
    Engine(any_journal, [posting_flow()], [Hostile(), Hostile("psa", Role.PSA)], clock).admit([event("a")])
    (held,) = any_journal.runs.claim("gone", lease_seconds=-1).runs
    with caplog.at_level(logging.INFO, "tieout.journal"):
        assert any_journal.runs.reap() >= 1
    (said,) = [record.ids for record in caplog.records if getattr(record, "action", "") == "run.taken_back"]
    assert (said["run_id"], said["correlation_id"]) == (held.run_id, held.correlation_id)


def test_what_was_undone_is_not_logged(any_journal: Journal, caplog: pytest.LogCaptureFixture) -> None:
    record = Record(RecordKind.OPERATOR_ACTION, START, entity="case", status="assigned", actor="ada")
    with caplog.at_level(logging.INFO, "tieout.journal"):
        with pytest.raises(RuntimeError), writing(any_journal.engine) as connection:
            any_journal.feed.append(connection, [record])
            raise RuntimeError("the power went out")
        assert actions(caplog) == {}
        with writing(any_journal.engine) as connection:
            any_journal.feed.append(connection, [record])
    assert actions(caplog) == {"case.assigned": 1} and len(any_journal.feed.read(0)) == 1


def test_a_lease_says_when_it_changes_hands(any_journal: Journal, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "tieout.journal"):
        assert any_journal.leases.hold("poll psa", "one", 60) and any_journal.leases.hold("poll psa", "one", 60)
        assert not any_journal.leases.hold("poll psa", "two", 60)
        any_journal.leases.release("poll psa", "two")
        any_journal.leases.release("poll psa", "one")
        assert any_journal.leases.hold("poll psa", "two", 0.0)
    assert [record.getMessage() for record in caplog.records] == [
        'action=lease.taken lease="poll psa" owner=one',
        'action=lease.released lease="poll psa" owner=one',
        'action=lease.taken lease="poll psa" owner=two',
    ]
