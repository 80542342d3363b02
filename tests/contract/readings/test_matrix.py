"""Roles by legal entities by readings, actions, pages, files and terminal: labour rates as canaries in every place that
holds one, and nobody meets a rate that is not theirs (G1, G2, G6).
"""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import is_dataclass
from datetime import timedelta
from importlib import import_module
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from app.cli.output import plain
from app.cli.readings import QUESTIONS
from app.console.view import views
from app.console.widgets.download import csv_of
from app.readings import keeping_keys
from app.readings.approvals import deciding
from app.readings.cases import triaging
from app.readings.clear import NotCleared
from app.readings.journey.question import TraceQuestion
from app.readings.operations import steering
from app.readings.permissions import closed
from app.readings.replays import asking
from app.readings.rights import ROLES, Action
from app.readings.stores import Stores
from app.readings.tieout import writing_off
from app.readings.viewer import NO_ENTITY, Viewer
from app.readings.whole_lake import handed_out
from models.canonical.classification import DataClass
from models.domain.approval import NotApproved
from models.domain.flow_names import TIME_TO_BILL
from tests.contract.readings.lake import NOBODYS, OURS, THEIRS, add_nobodys, two_firms
from tests.contract.readings.test_readings import NOW, READINGS, case_of, filters, stores

RATE = 7919
"""A labour rate of ours; of theirs it is a hundred times that."""
CANARY = {OURS: re.compile(rf"(?<!\d){RATE}(?!\d)"), THEIRS: re.compile(rf"(?<!\d){RATE * 100}(?!\d)")}
BODIES = (("records", "body"), ("observations", "fields"), ("spans", "attributes"))
WHO = [*product(ROLES, ((), (OURS,))), ("finance", (THEIRS,)), ("finance", NO_ENTITY)]
ROADS = [pytest.param(role, scope, id=f"{role}-{scope}") for role, scope in WHO]


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> Stores:
    """Two firms whose rates are in columns of marts and in bodies of records, observations and spans."""
    home = tmp_path_factory.mktemp("held")
    lake = two_firms(home, OURS, NOBODYS, THEIRS, dearer=RATE)
    add_nobodys(lake)
    for table, column in BODIES:
        named = "key" if table == "observations" else "trace_id"
        for firm, rate in ((OURS, RATE), (THEIRS, RATE * 100), (NOBODYS, RATE * 100)):
            body = json.dumps({"data": {"cost_rate": {"amount": str(rate), "currency": "EUR"}, "cost": rate}})
            lake.execute(f'UPDATE "{table}" SET "{column}" = ? WHERE {named} = ?', [body, firm])
    return stores(home, lake, OURS, THEIRS, NOBODYS)


def answers(held: Stores, viewer: Viewer) -> Iterator[tuple[str, Any]]:
    """What every reading tells this viewer, whichever firm's things they look for, clear values asked for."""
    for one, firm in product(READINGS, (OURS, THEIRS)):
        reading: Callable[..., Any] = one.values[0]  # type: ignore[assignment]
        parameters = list(inspect.signature(reading).parameters.values())[2:]
        given = {each.name: filters(firm)[each.name] for each in parameters if each.default is each.empty}
        asked = {"clear": True} if any(each.name == "clear" for each in parameters) else {}
        yield f"{reading.__module__}.{reading.__name__}({firm})", reading(held, viewer, **given, **asked)


def texts(answer: Any) -> Iterator[str]:
    """The answer as it is drawn, as a terminal prints it, and as a file."""
    yield repr(answer)
    if isinstance(answer, tuple) and answer and all(is_dataclass(row) for row in answer):
        rows = [{name: getattr(row, name) for name in row.__dataclass_fields__} for row in answer]
        yield json.dumps(rows, default=plain)
        yield csv_of(answer).decode()


def mine(viewer: Viewer) -> set[str]:
    """The firms whose rates this viewer may read."""
    firms = set(viewer.entities or (OURS, THEIRS)) & set(CANARY)
    return firms if viewer.sees(DataClass.LABOUR_RATE) else set()


@pytest.mark.req("G1", "G2", "G6")
@pytest.mark.parametrize(("role", "scope"), ROADS)
def test_nobody_reads_a_rate_that_is_not_theirs(held: Stores, role: str, scope: tuple[str, ...]) -> None:
    viewer = Viewer("x", frozenset({role}), scope)
    met = {
        (firm, name)
        for name, answer in answers(held, viewer)
        for text in texts(answer)
        for firm, canary in CANARY.items()
        if canary.search(text)
    }
    assert not {(firm, name) for firm, name in met if firm not in mine(viewer)}
    if viewer.may(Action.REVEAL):
        assert {firm for firm, _ in met} == mine(viewer), "and reads their own: the canaries are there to be met"


@pytest.mark.req("G1", "G2", "G6")
@pytest.mark.parametrize(("role", "scope"), ROADS)
def test_no_command_prints_a_rate_that_is_not_theirs(held: Stores, role: str, scope: tuple[str, ...]) -> None:
    """The command line asks as the home's owner, who has all legal entities; another road may ask the same for less."""
    viewer = Viewer("x", frozenset({role}), scope, "command line")
    for question in QUESTIONS:
        room, _, name = question.reading.partition(":")
        asked = getattr(import_module(question.asked.partition(":")[0]), question.asked.partition(":")[2])
        for firm in (OURS, THEIRS):
            given = (
                asked(key=firm, clear=viewer.may(Action.REVEAL), reason="why") if asked is TraceQuestion else asked()
            )
            for text in texts(getattr(import_module(room), name)(held, viewer, given)):
                assert not [other for other in CANARY if other not in mine(viewer) and CANARY[other].search(text)]
    if not viewer.may(Action.REVEAL):
        with pytest.raises(NotCleared):
            import_module("app.readings.journey.trace").trace(
                held, Viewer("x", viewer.roles), TraceQuestion(OURS, True)
            )


ACTS: dict[str, tuple[Action, Callable[[Stores, Viewer, str], object]]] = {
    "acknowledge": (Action.TRIAGE, lambda held, who, firm: triaging.acknowledge(held, who, [case_id(firm)])),
    "assign": (Action.TRIAGE, lambda held, who, firm: triaging.assign(held, who, [case_id(firm)], "eve")),
    "comment": (Action.TRIAGE, lambda held, who, firm: triaging.comment(held, who, [case_id(firm)], "word")),
    "snooze": (Action.TRIAGE, lambda held, who, firm: triaging.snooze(held, who, [case_id(firm)], SOON, "word")),
    "reopen": (Action.TRIAGE, lambda held, who, firm: triaging.reopen(held, who, [case_id(firm)])),
    "ignore": (Action.IGNORE, lambda held, who, firm: triaging.ignore(held, who, [case_id(firm)], "word")),
    "cancel": (Action.REPLAY, lambda held, who, firm: steering.cancel(held, who, [firm], "word")),
    "approve": (Action.APPROVE_REPLAY, lambda held, who, firm: deciding.approve(held, who, f"asked-{firm}", "", "w")),
    "refuse": (Action.APPROVE_REPLAY, lambda held, who, firm: deciding.refuse(held, who, f"asked-{firm}", "w")),
    "preview": (Action.PREVIEW, lambda held, who, firm: asking.ask(held, who, "preview", selected(firm), "w")),
    "replay": (Action.REPLAY, lambda held, who, firm: asking.ask(held, who, "replay", selected(firm), "w")),
    "stop": (Action.REPLAY, lambda held, who, firm: steering.stop(held, who, f"asked-{firm}", "w")),
    "write off": (Action.WRITE_OFF, lambda held, who, firm: writing_off.ask(held, who, firm, "time_entry", None, "w")),
}
OF_THE_FIRM: dict[str, tuple[Action, Callable[[Stores, Viewer], object]]] = {
    "pause": (Action.REPLAY, lambda held, who: steering.pause(held, who, TIME_TO_BILL, "w")),
    "resume": (Action.REPLAY, lambda held, who: steering.resume(held, who, TIME_TO_BILL, "w")),
    "hand the lake out": (Action.EXPORT, lambda held, who: handed_out(held, who, Path("out"), "w")),
    "rotate keys": (Action.KEEP_KEYS, lambda held, who: keeping_keys.rotate(held, who, "w")),
}
"""What concerns all legal entities at once: nobody does it who is limited to some."""
ELSEWHERE = {
    Action.APPROVE_WRITE_OFF: "tests/unit/readings/test_write_offs.py, with what is written off",
    Action.REVEAL: "above, with what is revealed",
}
SOON = NOW + timedelta(days=1)


def selected(firm: str) -> dict[str, object]:
    return {"run_ids": [firm], "from": "start"}


def case_id(firm: str) -> str:
    return case_of(firm).case_id


@pytest.mark.req("G1", "G6")
@pytest.mark.parametrize(("role", "scope"), ROADS)
@pytest.mark.parametrize("act", ACTS)
def test_nobody_does_what_is_not_theirs_to_do(held: Stores, act: str, role: str, scope: tuple[str, ...]) -> None:
    """Refused for the role in the words of the button, for another firm's thing as if it were not there."""
    action, done = ACTS[act]
    viewer = Viewer("x", frozenset({role}), scope)
    for firm in (OURS, THEIRS, NOBODYS):
        if not viewer.may(action) or (scope and firm not in scope):
            with pytest.raises((ValueError, NotApproved)):
                done(held, viewer, firm)


@pytest.mark.req("G1", "G6")
@pytest.mark.parametrize(("role", "scope"), ROADS)
@pytest.mark.parametrize("act", OF_THE_FIRM)
def test_nobody_does_for_the_firm_what_is_not_theirs_to_do(
    held: Stores, act: str, role: str, scope: tuple[str, ...]
) -> None:
    action, done = OF_THE_FIRM[act]
    viewer = Viewer("x", frozenset({role}), scope)
    if not viewer.may_somewhere(action) or scope:
        with pytest.raises((ValueError, NotCleared)):
            done(held, viewer)


def test_every_action_is_done_by_an_act() -> None:
    done = {action for action, _ in (*ACTS.values(), *OF_THE_FIRM.values())}
    assert done | set(ELSEWHERE) == set(Action) and not done & set(ELSEWHERE)


@pytest.mark.req("G1")
@pytest.mark.parametrize("role", ROLES)
def test_a_page_is_open_to_its_roles_and_says_whose_it_is_to_the_others(role: str) -> None:
    viewer = Viewer("x", frozenset({role}))
    for view in views():
        refused = closed(viewer, view.question)
        assert (refused is None) == viewer.may_ask(view.question)
        assert refused is None or all(other in refused for other in view.question.asked_by)
