"""Roles by domains by readings, commands, acts and pages: labour rates of things of two domains as canaries, and nobody
reads or does what is outside the domain in which they hold the role (G1).
"""

from __future__ import annotations

import ast
import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from importlib import import_module
from itertools import product
from pathlib import Path

import pytest

import app
from app.cli.readings import QUESTIONS
from app.readings.approvals import reading as approvals
from app.readings.cases import reading as cases
from app.readings.clear import NotCleared
from app.readings.journey.question import TraceQuestion
from app.readings.keeping_keys import listed as keys
from app.readings.operations import steering
from app.readings.permissions import permissions
from app.readings.replays import asking
from app.readings.rights import ROLES, Action
from app.readings.stores import Stores
from app.readings.viewer import ANYWHERE, Viewer
from models.canonical.classification import DataClass
from models.domain.approval import NotApproved
from models.domain.errors import TieoutError
from tests.contract.readings import test_matrix as matrix
from tests.contract.readings.lake import NOBODYS, OURS, THEIRS, add_nobodys, two_firms
from tests.contract.readings.test_matrix import BODIES, CANARY, RATE, answers, texts
from tests.contract.readings.test_readings import case_of, stores

FLOWS = {OURS: "time-to-bill", THEIRS: "quote-to-project", NOBODYS: "of-nobody"}
OWNERS = {OURS: "finance", THEIRS: "crm", NOBODYS: "somebody"}
DOMAIN = {OURS: "finance", THEIRS: "sales", NOBODYS: None}
"""Here one legal entity's things are of one domain, so that their rows tell which were read."""
GRANTS = [*(f"{role}.finance" for role in ROLES), "operations.people", "operations", "finance.sales", "finance.people"]
CLEARED = ["finance.finance", "finance.sales", "finance.people", "executive.finance", "operations.finance"]
ROOM = Path(app.__file__).parent


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> Stores:
    """Rates of two domains in columns of marts and in bodies of records, observations and spans."""
    home = tmp_path_factory.mktemp("held")
    lake = two_firms(home, OURS, NOBODYS, THEIRS, dearer=RATE)
    add_nobodys(lake)
    for (name,) in lake.execute("SELECT table_name FROM duckdb_columns() WHERE column_name = 'flow'").fetchall():
        for firm, flow in FLOWS.items():
            lake.execute(f'UPDATE "{name}" SET flow = ? WHERE flow = ?', [flow, firm])
    for table, column in BODIES:
        named = "key" if table == "observations" else "trace_id"
        for firm, rate in ((OURS, RATE), (THEIRS, RATE * 100), (NOBODYS, RATE * 100)):
            body = json.dumps({"data": {"cost_rate": {"amount": str(rate), "currency": "EUR"}, "cost": rate}})
            lake.execute(f'UPDATE "{table}" SET "{column}" = ? WHERE {named} = ?', [body, firm])
    lake.execute("UPDATE mart_tieout SET entity = 'time_entry', place = 'unexplained', target_key = NULL")
    lake.execute("DELETE FROM mart_tieout WHERE rowid NOT IN (SELECT min(rowid) FROM mart_tieout GROUP BY item_key)")
    return stores(home, lake, OURS, THEIRS, NOBODYS, flows=FLOWS, owners=OWNERS)


def of(grant: str) -> str:
    return grant.partition(".")[2]


@pytest.mark.req("G1", "G2")
@pytest.mark.parametrize("grant", CLEARED)
def test_clear_values_are_those_of_the_domain_alone(held: Stores, grant: str) -> None:
    """Tables that tell of no single domain show none; an answer is clear where its record's flow is of the domain."""
    viewer = Viewer("x", frozenset({grant}))
    met = {
        firm for _, answer in answers(held, viewer) for text in texts(answer) for firm in CANARY if _told(text, firm)
    }
    able = grant.partition(".")[0] == "finance"
    assert met == {firm for firm in CANARY if able and DOMAIN[firm] == of(grant)}


def _told(text: str, firm: str) -> bool:
    return CANARY[firm].search(text) is not None


@pytest.mark.req("G1", "G2")
@pytest.mark.parametrize("grant", CLEARED)
def test_a_command_prints_clear_values_of_the_domain_alone(held: Stores, grant: str) -> None:
    viewer = Viewer("x", frozenset({grant}), (), "command line")
    mine = {firm for firm in CANARY if grant.startswith("finance.") and DOMAIN[firm] == of(grant)}
    for question, firm in product(QUESTIONS, (OURS, THEIRS)):
        room, _, name = question.reading.partition(":")
        asked = getattr(import_module(question.asked.partition(":")[0]), question.asked.partition(":")[2])
        reading = getattr(import_module(room), name)
        if asked is not TraceQuestion:
            assert not [one for text in texts(reading(held, viewer, asked())) for one in CANARY if _told(text, one)]
        elif firm in mine:
            told = list(texts(reading(held, viewer, asked(key=firm, clear=True, reason="why"))))
            assert {one for text in told for one in CANARY if _told(text, one)} == {firm}
        else:
            with pytest.raises(NotCleared, match=r"outside it is|do not include"):
                reading(held, viewer, asked(key=firm, clear=True, reason="why"))


def test_who_sees_clear_values_of_one_domain_is_noted_as_well(held: Stores) -> None:
    viewer = Viewer("x", frozenset({"finance.people"}))
    assert not viewer.clear and viewer.clear_somewhere == {DataClass.CONTRACT_VALUE, DataClass.LABOUR_RATE}
    both = replace(viewer, roles=frozenset({"finance.people", "finance.sales"}))
    assert both.clear_in("people", "sales") and not both.clear_in("people", "finance") and not both.clear_in(None)


ACTS: dict[str, tuple[Action, Callable[[Stores, Viewer, str], object]]] = {
    **matrix.ACTS,
    "pause": (Action.REPLAY, lambda held, who, firm: steering.pause(held, who, FLOWS[firm], "w")),
    "resume": (Action.REPLAY, lambda held, who, firm: steering.resume(held, who, FLOWS[firm], "w")),
}


@pytest.mark.req("G1")
@pytest.mark.parametrize("grant", GRANTS)
@pytest.mark.parametrize("act", ACTS)
def test_an_act_is_refused_outside_the_domain_and_says_who_can_grant_it(held: Stores, act: str, grant: str) -> None:
    """And inside it is not refused for the role, whatever else may be wrong with it."""
    action, done = ACTS[act]
    role, _, domain = grant.partition(".")
    viewer = Viewer("x", frozenset({grant}))
    for firm in (OURS, THEIRS, NOBODYS):
        said = ""
        with suppress(NotApproved, ValueError):
            try:
                done(held, viewer, firm)
            except (NotApproved, ValueError) as refusal:
                said = str(refusal)
                raise
        if action not in ROLES[role].actions:
            assert "do not include" in said
        elif domain in ("", DOMAIN[firm]):
            assert "outside it is" not in said and "do not include" not in said
        else:
            assert f"in the domain {domain} alone" in said and f"({DOMAIN[firm] or 'no single domain'})" in said
            assert (f"tieout-{role}.{DOMAIN[firm]}, or tieout-{role} for every domain" in said) == (firm != NOBODYS)
            assert f"tieout-{role} for every domain" in said


@pytest.mark.req("G1")
def test_a_batch_over_two_domains_is_refused_whole_and_names_what_is_outside(held: Stores) -> None:
    viewer = Viewer("x", frozenset({"operations.finance"}))
    body = {"run_ids": [OURS, THEIRS, NOBODYS]}
    before = len(held.journal.requests.recent(1000))
    with pytest.raises(ValueError, match=r"1 run of quote-to-project \(sales\)") as refused:
        asking.ask(held, viewer, "replay", body, "w")
    assert "1 run of of-nobody (no single domain)" in str(refused.value)
    assert len(held.journal.requests.recent(1000)) == before
    chosen = asking.mine(held, viewer, (OURS, THEIRS, NOBODYS))
    assert chosen.run_ids == (OURS,) and (chosen.beyond or "").startswith("2 of 3 are outside your domains")
    assert asking.mine(held, Viewer("x", frozenset({"operations"})), (OURS, THEIRS)).run_ids == (OURS, THEIRS)


@pytest.mark.req("G1")
def test_a_pause_that_waits_is_stopped_by_who_may_pause_that_flow(held: Stores) -> None:
    asked = steering.pause(held, Viewer("maker", frozenset({"operations"})), FLOWS[OURS], "month end")
    for grant in ("operations.people", "operations.sales"):
        with pytest.raises(ValueError, match=r"time-to-bill \(finance\)"):
            steering.stop(held, Viewer("x", frozenset({grant})), asked, "w")
    assert steering.stop(held, Viewer("x", frozenset({"operations.finance"})), asked, "w") is None


@pytest.mark.req("G1")
def test_what_touches_every_domain_takes_the_role_in_every_one(held: Stores) -> None:
    limited = Viewer("x", frozenset({f"administrator.{domain}" for domain in held.catalogue.domains}))
    with pytest.raises(NotCleared, match="no single domain"):
        keys(held, limited)
    assert keys(held, Viewer("x", frozenset({"administrator"}))) is not None


@pytest.mark.req("G1")
def test_only_what_one_may_decide_is_counted_as_such(held: Stores) -> None:
    grants = ("operations", "operations.finance", "operations.sales", "operations.people", "auditor")

    def counted() -> list[int]:
        return [approvals.decidable(held, Viewer("checker", frozenset({grant}))) for grant in grants]

    before, maker = counted(), Viewer("maker", frozenset({"operations"}))
    for firm in (OURS, OURS, THEIRS, NOBODYS):
        corrected = {"run_ids": [firm], "correction": {"bill_rate": str(len(held.journal.requests.recent(1000)))}}
        asking.ask(held, maker, "replay", corrected, "of the matrix")
    assert [now - then for now, then in zip(counted(), before, strict=True)] == [4, 2, 1, 0, 0]


@pytest.mark.req("G1")
def test_a_role_in_one_domain_opens_its_pages_and_reads_what_the_legal_entity_allows(held: Stores) -> None:
    """The cause of a thing often lies in another domain: reading is limited by legal entity alone."""
    whole, narrow = (Viewer("x", frozenset({grant})) for grant in ("operations", "operations.people"))
    assert [one.granted for one in permissions(whole) if one.kind == "page"] == [
        one.granted for one in permissions(narrow) if one.kind == "page"
    ]
    assert cases.case(held, narrow, case_of(THEIRS).case_id) == cases.case(held, whole, case_of(THEIRS).case_id)
    told = {one.what: one for one in permissions(narrow) if one.kind == "action"}
    assert told["replay"].granted and told["replay"].domains == ("people",)
    assert not told["write off"].granted and not told["write off"].domains


def calls(room: str) -> Iterator[tuple[str, str]]:
    """Every attribute that is called in a room, as it is written, with its file."""
    for file in (ROOM / room).rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                yield str(file.relative_to(ROOM)), ast.unparse(node.func)


@pytest.mark.req("G1")
def test_no_page_and_no_command_writes_past_the_readings_that_ask_for_the_domain() -> None:
    harmless = ("requests.weight", "heartbeats.tell", "seal_what_is_clear", "desk.note", "clock.now")
    writing = [(file, call) for room in ("console", "cli") for file, call in calls(room) if "desk" in call]
    assert [call for call in writing if not call[1].endswith((*harmless, "desk"))] == []


@pytest.mark.req("G1")
def test_nothing_that_acts_leaves_out_which_things_it_acts_on() -> None:
    """ANYWHERE is for showing a button before a thing is chosen."""
    used = {
        str(file.relative_to(ROOM))
        for file in (ROOM / "readings").rglob("*.py")
        if "ANYWHERE" in file.read_text("utf-8")
    }
    assert used == {"readings/viewer.py"}
    assert Viewer("x", frozenset({"operations.people"})).why_not(Action.REPLAY, ANYWHERE) is None


@pytest.mark.req("G1")
def test_an_unheard_of_domain_grants_nothing() -> None:
    viewer = Viewer("x", frozenset({"operations.", "nobody.people", "administrator.hr"}))
    assert not any(viewer.may(act, domain) for act in Action for domain in (None, "people", ""))
    with suppress(TieoutError):
        assert viewer.why_not(Action.REPLAY, {"x": "people"})
