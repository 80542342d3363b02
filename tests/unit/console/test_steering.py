"""Flows are paused and resumed, runs cancelled and replays stopped from pages, each with who and why, and what is told
is what the database did (E4, X9, G1).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from app.console.exceptions import cancelled
from app.console.operations import steering as words
from app.console.operations.health import healths
from app.readings.operations import steering
from app.readings.operations.rows import FlowVolume
from app.readings.viewer import Viewer
from integrations.engine import Engine
from integrations.engine.engine import Engine as Running
from models.domain.clock import set_world_clock
from models.domain.errors import Rejected
from models.journal import Journal
from models.journal.requests import Request
from tests.catalogues import packaged
from tests.contract.readings.pages import console_over
from tests.journals import clock, journal  # noqa: F401  fixtures
from tests.unit.engine.hostile import HandClock, Hostile, event, posting_flow

ADA = Viewer("ada", frozenset({"operations"}))
LIMITED = replace(ADA, entities=("NOV-DE",))
AUDITOR = Viewer("otto", frozenset({"auditor"}))
FLOW = "post-time"


@pytest.fixture
def engine(journal: Journal, clock: HandClock) -> Running:  # noqa: F811
    """An engine whose target refuses everything, with two dead runs."""
    refusing = Hostile(misbehaves=lambda change, tries: Rejected("no", code="closed-period"))
    made = Engine(journal, [posting_flow()], [refusing], clock)
    made.admit([event("a"), event("b")])
    made.drain()
    return made


def over(journal: Journal) -> Any:  # noqa: F811
    return SimpleNamespace(journal=journal, desk=journal, catalogue=packaged())


def dead(journal: Journal) -> list[str]:  # noqa: F811
    return [run.run_id for run in journal.runs.by_keys(["time_entry:a", "time_entry:b"])]


def answered(journal: Journal, engine: Running, request_id: str) -> Request:  # noqa: F811
    engine.drain()
    request = journal.requests.get(request_id)
    assert request is not None and request.ended
    return request


@pytest.mark.req("E4", "X9")
def test_what_is_told_of_a_cancel_is_what_the_database_did(journal: Journal, engine: Running) -> None:  # noqa: F811
    first, second = dead(journal)
    asked = steering.cancel(over(journal), ADA, [first], "entered twice")
    assert cancelled.answer(journal.requests.get(asked))[0] == "info"  # type: ignore[arg-type]
    assert cancelled.answer(answered(journal, engine, asked)) == ("good", "1 run cancelled.")
    again = answered(journal, engine, steering.cancel(over(journal), ADA, [first, second], "both"))
    assert cancelled.answer(again) == (
        "warn",
        "1 run cancelled; 1 run left alone: the run is cancelled: it cannot be cancelled now.",
    )
    assert (again.actor, again.reason) == ("ada", "both")


@pytest.mark.req("E4", "X9")
def test_what_is_told_of_a_pause_is_what_the_database_did(journal: Journal, engine: Running) -> None:  # noqa: F811
    def told(act: Any, reason: str) -> tuple[str, str]:
        return words.answer(answered(journal, engine, act(over(journal), ADA, FLOW, reason)))

    assert told(steering.pause, "month end")[1].startswith(f"{FLOW} is paused: no run of it starts")
    assert told(steering.pause, "again")[1] == f"{FLOW} was paused already, by ada: month end."
    (row,) = words.paused_rows(journal.runs.paused(), journal.runs.paused()[0].paused_at)
    assert (row["by"], row["reason"]) == ("ada", "month end")
    assert told(steering.resume, "done") == ("good", f"{FLOW} goes on.")
    assert told(steering.resume, "once more") == ("good", f"{FLOW} was not paused: nothing changed.")
    unknown = answered(journal, engine, steering.pause(over(journal), ADA, "post_time", "typo"))
    assert words.answer(unknown)[0] == "bad" and "give one of post-time" in words.answer(unknown)[1]


@pytest.mark.req("G1")
def test_roles_scope_and_a_missing_reason_keep_a_request_from_being_made(
    journal: Journal,  # noqa: F811
    engine: Running,
) -> None:
    """A flow carries every legal entity: who sees some cannot hold it, and ends no run that they do not see."""
    runs, stores = dead(journal), over(journal)
    for refused, why in (
        (lambda: steering.pause(stores, AUDITOR, FLOW, "r"), "do not include"),
        (lambda: steering.cancel(stores, AUDITOR, runs, "r"), "do not include"),
        (lambda: steering.pause(stores, LIMITED, FLOW, "r"), "you see NOV-DE alone"),
        (lambda: steering.resume(stores, LIMITED, FLOW, "r"), "you see NOV-DE alone"),
        (lambda: steering.cancel(stores, replace(ADA, entities=("OTHER",)), runs, "r"), f"there is no run {runs[0]}"),
        (lambda: steering.cancel(stores, ADA, [*runs, "x", "y"], "r"), "there is no run x and 1 more"),
        (lambda: steering.cancel(stores, ADA, runs, " "), "say why"),
        (lambda: steering.stop(stores, ADA, "nope", "r"), "there is no request nope"),
    ):
        with pytest.raises(ValueError, match=why):
            refused()
    assert journal.requests.recent() == []


@pytest.mark.req("E4", "X9")
def test_a_request_is_stopped_with_a_reason_and_one_that_ended_is_not_told_as_stopped(
    journal: Journal,  # noqa: F811
    engine: Running,
) -> None:
    two = journal.requests.append("replay", {"run_ids": dead(journal)[:1]}, "bob", "of a value nobody can tell")
    assert "withdraw it instead" in str(steering.stop(over(journal), ADA, two, "wrong selection"))
    asked = journal.requests.append("preview", {"run_ids": dead(journal)[:1]}, "bob", "try")
    with pytest.raises(ValueError, match="do not include"):
        steering.stop(over(journal), AUDITOR, asked, "r")
    held = journal.requests.append("pause_flow", {"flow": FLOW}, "bob", "month end")
    with pytest.raises(ValueError, match="you see NOV-DE alone"):
        steering.stop(over(journal), LIMITED, held, "r")
    assert steering.stop(over(journal), ADA, asked, "wrong selection") is None
    assert steering.stop(over(journal), ADA, asked, "wrong selection") == "it is cancelled already"
    records = [one for page in journal.feed.read(0, 1000) for one in page.records if one.status == "cancelled"]
    assert [(one.actor, one.body["reason"]) for one in records] == [("ada", "wrong selection")]


def test_a_paused_flow_is_not_called_broken() -> None:
    """It takes work in and finishes none because somebody wanted that."""
    numbers = {"admitted": 5, "settled": 0, "dead": 0, "paused": 0}
    fields = {name: numbers.get(name) for name in FlowVolume.__slots__} | {"flow": FLOW}
    row = FlowVolume(**fields)
    now: Any = None
    assert healths([row], [], {}, now)[0].mood == "bad"
    (told,) = healths([row], [], {}, now, {FLOW: "ada"})
    assert (told.mood, told.sentence) == ("warn", "is paused by ada")


def _steering() -> None:
    import streamlit as st

    from app.console.operations.steering_panel import paused, steer

    paused(st.session_state["viewer"])
    steer(st.session_state["viewer"])


def _cancelling() -> None:
    import streamlit as st

    from app.console.exceptions.cancel_panel import cancel_panel

    cancel_panel(st.session_state["viewer"], st.session_state["runs"], "")


@pytest.fixture
def console(journal: Journal, tmp_path: Path) -> Iterator[Journal]:  # noqa: F811
    """A console of this process over the same journal."""
    set_world_clock(tmp_path / "clock.json", datetime(2026, 9, 1, 8, tzinfo=UTC))
    with console_over(tmp_path):
        yield journal


def drawn(page: Any, **state: Any) -> AppTest:
    made = AppTest.from_function(page, default_timeout=60)
    for name, value in state.items():
        made.session_state[name] = value
    made.run()
    assert not made.exception, made.exception[0].value
    return made


@pytest.mark.req("E4", "X9", "G1")
def test_a_flow_is_paused_and_resumed_on_the_page(console: Journal, clock: HandClock) -> None:  # noqa: F811
    """No reason, no button; the page shows who holds what until it is resumed."""
    page = drawn(_steering, viewer=ADA)
    page.selectbox(key="steer_flow").set_value("time-to-bill").run()
    assert page.button(key="do_steer").disabled
    page.text_input(key="steer_reason").set_value("month end").run()
    page.button(key="do_steer").click().run()
    assert ["never answered" in one.value for one in page.warning] == [True], "nobody is left waiting"
    (asked,) = console.requests.recent()
    assert (asked.kind, asked.body, asked.actor, asked.reason) == (
        "pause_flow",
        {"flow": "time-to-bill"},
        "ada",
        "month end",
    )
    Engine(console, [replace(posting_flow(), name="time-to-bill")], [Hostile()], clock).drain()
    page.run()
    assert page.button(key="do_steer").label == "Resume"
    shown = " ".join(one.proto.body for one in page.get("html"))
    assert "time-to-bill" in shown and "month end" in shown and "is paused" in shown
    page.button(key="do_steer").click().run()
    assert console.requests.recent()[0].kind == "resume_flow"


@pytest.mark.req("E4", "X9")
def test_runs_are_cancelled_on_the_page(console: Journal, engine: Running) -> None:
    page = drawn(_cancelling, viewer=ADA, runs=dead(console))
    assert page.button(key="do_cancel_").disabled
    page.text_input(key="why_cancel_").set_value("entered twice").run()
    page.button(key="do_cancel_").click().run()
    assert ["never answered" in one.value for one in page.warning] == [True], "nobody is left waiting"
    engine.drain()
    page.run()
    assert "2 runs cancelled." in " ".join(one.proto.body for one in page.get("html"))
    assert {run.state.value for run in console.runs.by_ids(dead(console))} == {"cancelled"}
