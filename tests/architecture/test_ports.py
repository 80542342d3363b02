"""What a port of the journal hands out, held by its types: only the engine's moves a run (E8, G1)."""

from __future__ import annotations

import dataclasses
import inspect
import typing
from pathlib import Path

import pytest
import sqlalchemy as sa

from models.journal.ports.desk import DeskPort, open_desk
from models.journal.ports.engine import EnginePort
from models.journal.ports.inbox import InboxPort
from models.journal.ports.opening import Port
from models.journal.ports.readings import ReadingsPort, open_readings
from models.journal.ports.reporter import ReporterPort
from tests.unit.engine.hostile import HandClock

MOVES = {
    "admit",
    "cancel",
    "claim",
    "commit",
    "forfeit",
    "give_back",
    "heartbeat",
    "keep_notices",
    "move",
    "notices",
    "pause_flow",
    "progress",
    "read_on",
    "reap",
    "replay",
    "resume_flow",
    "settle",
    "shown",
    "take",
}
ALERTS = {
    "alerts.cases",
    "alerts.count",
    "alerts.delivered",
    "alerts.due",
    "alerts.failed",
    "alerts.failing",
    "alerts.gave_up",
    "alerts.get",
    "alerts.hold",
    "alerts.newest_event",
    "alerts.now",
    "alerts.postpone",
    "alerts.put",
    "alerts.recent",
    "alerts.release",
    "alerts.rings",
    "alerts.standing",
    "alerts.tidy",
    "alerts.told",
    "alerts.untold",
}
"""Each process rings, so that it takes no particular one."""
WRITES = {
    DeskPort: {
        "note",
        *ALERTS,
        "cases.acknowledge",
        "cases.assign",
        "cases.comment",
        "cases.ignore",
        "cases.reopen",
        "cases.snooze",
        "heartbeats.all",
        "heartbeats.tell",
        "requests.append",
        "requests.approve",
        "requests.cancel",
        "requests.refuse",
        "requests.take_back",
        "requests.weight",
        "requests.withdraw",
        "requests.write_off",
        "seal_what_is_clear",
        "unsent.all",
        "unsent.behind",
        "unsent.send_again",
    },
    InboxPort: {"inbox.append"},
    ReporterPort: {
        "inbox.append",
        *ALERTS,
        "cases.report",
        "cases.report_all",
        "feed.confirm",
        "feed.confirmed",
        "feed.prove",
        "feed.read",
        "feed.top",
        "feed.trim",
        "heartbeats.all",
        "heartbeats.tell",
        "leases.end",
        "leases.hold",
        "leases.release",
        "leases.turn",
        "outbox.again",
        "outbox.all",
        "outbox.begun",
        "outbox.behind",
        "outbox.delivered",
        "outbox.only",
        "outbox.read",
        "outbox.refused",
        "outbox.sent",
        "throttle.circuits",
    },
}


def verbs(port: type[Port]) -> set[str]:
    """Every public method that a port hands out, as `attribute.method`."""
    types = typing.get_type_hints(port)
    parts = {field.name: types[field.name] for field in dataclasses.fields(port)}  # type: ignore[arg-type]
    handed = {f"{name}.{verb}" for name, part in parts.items() if name in PARTS for verb in _methods(part)}
    return handed | (_methods(port) - {"close"})


PARTS = {field.name for field in dataclasses.fields(EnginePort)} | {"cases", "inbox", "outbox", "unsent"}
PARTS -= {"engine", "clock"}


def _methods(part: type) -> set[str]:
    return {name for name, _ in inspect.getmembers(part, inspect.isfunction) if not name.startswith("_")}


@pytest.mark.parametrize("port", [DeskPort, InboxPort, ReporterPort])
def test_a_narrow_port_hands_out_its_verbs_and_no_other(port: type[Port]) -> None:
    """E8: a new verb on one of these is a decision, written down here."""
    assert verbs(port) == WRITES[port]


@pytest.mark.req("E8")
@pytest.mark.parametrize("port", [DeskPort, InboxPort, ReporterPort, ReadingsPort])
def test_no_narrow_port_moves_a_run(port: type[Port]) -> None:
    """E8: a request that is withdrawn at the desk is no run; nothing else that these hand out is a move."""
    assert {verb for verb in verbs(port) if verb.rpartition(".")[2] in MOVES} <= {"requests.cancel"}
    assert not any(verb.startswith("runs.") and verb.rpartition(".")[2] in MOVES for verb in verbs(port))


def test_the_list_of_moves_is_the_engines() -> None:
    """Each verb that counts as a move here is one that the engine's port has: a renamed one cannot slip by."""
    engine = {verb.rpartition(".")[2] for verb in verbs(EnginePort)}
    assert MOVES - {"cancel"} <= engine and "runs.cancel" in verbs(EnginePort)


def test_the_database_refuses_a_write_on_readings(journal_url: str) -> None:
    """Types hold in our own code; the connection holds against any."""
    open_desk(journal_url, HandClock()).close()
    readings = open_readings(journal_url, HandClock())
    for statement in ("delete from run", "insert into signal (what, changed_wall) values ('a', 1)"):
        with pytest.raises(sa.exc.DBAPIError, match=r"read-?only"), readings.engine.begin() as connection:
            connection.execute(sa.text(statement))
    assert readings.runs.states() == {} and readings.runs.pulse().due == 0
    readings.close()


def test_readings_wait_for_no_writer(tmp_path: Path) -> None:
    """A reader of SQLite begins no write, so that a console never stands in the engine's way."""
    url = f"sqlite:///{tmp_path / 'j.sqlite'}"
    desk, readings = open_desk(url, HandClock()), open_readings(url, HandClock())
    with desk.engine.begin() as writing:
        writing.execute(sa.text("insert into signal (what, changed_wall) values ('a', 1)"))
        assert readings.cases.page().total == 0 and readings.requests.recent() == []
    desk.close()
    readings.close()
