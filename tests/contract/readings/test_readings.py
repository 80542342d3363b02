"""Every reading keeps the contract: found by its folder, within the viewer's scope, masked, and frozen (G1, G2)."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import Any

import duckdb
import pytest
import sqlalchemy as sa

import app.readings
from app.readings.approvals.question import ApprovalQuestion
from app.readings.cases.question import CaseQuestion
from app.readings.cases.rows import Case
from app.readings.journey.search import Candidate
from app.readings.maps.question import MapsQuestion
from app.readings.masking import MASKED, marks
from app.readings.replays import reading as replays
from app.readings.stores import Stores
from app.readings.tieout.question import TotalsQuestion
from app.readings.viewer import NO_ENTITY, Viewer
from app.readings.volume.question import VolumeQuestion
from models.canonical.classification import DataClass
from models.canonical.field_classes import class_of
from models.domain.finding import Cause, Finding
from models.domain.fingerprint import case_id_of, fingerprint
from models.domain.value_map import CANONICAL, UNMAPPED, Entry, ValueMap
from models.journal import open_journal, tables
from models.journal.requests import Request
from models.journal.requests.requests import Requests
from models.settings import Settings
from tests.browser.console.seed import Frozen
from tests.contract.readings.lake import COSTS, NOBODYS, OURS, THEIRS, add_nobodys, two_firms
from tests.unit.readings.case_rows import NOW, case

Reading = Callable[..., Any]
ROOM = Path(app.readings.__file__ or "").parent


def filters(firm: str) -> dict[str, Any]:
    """A value for each filter that has none of its own, for somebody who looks for this firm's things."""
    answer = {"totals": {"EUR": "7.00"}, "runs": [{"run_id": firm, "steps": []}]}
    body = {"run_ids": [firm]}
    return {
        "since": date(2026, 1, 1),
        "dimension": "customer",
        "step": 3600,
        "hours": 168,
        "q": firm,
        "word": firm,
        "project": firm,
        "number": firm,
        "trace_id": firm,
        "one": Candidate("object", firm, firm, ""),
        "asked": CaseQuestion(),
        "wanted": TotalsQuestion(),
        "question": ApprovalQuestion(),
        "words": MapsQuestion(WORDS.name),
        "looked_for": VolumeQuestion(),
        "flow": firm,
        "system": firm,
        "instance": firm,
        "legal_entity": firm,
        "request_id": f"asked-{firm}",
        "period": "2026-06",
        "column": "system",
        "cause": "cause",
        "case_id": case_of(firm).case_id,
        "case": case_of(firm),
        "cases": (case_of(firm), replace(case_of(firm), case_id=firm)),  # as the journal and as the lake names it
        "run_id": firm,
        "run_ids": (firm,),
        "request": Request("r", "preview", body, "done", answer, "ada", None, None, None, NOW, NOW, NOW, 1),
    }


OPEN_READINGS = {
    "operations.flows": "how flows do, all legal entities together",
    "operations.series": "how flows do, all legal entities together",
    "operations.worked_last": "how flows do, all legal entities together",
    "operations.pairs": "how late systems hear of each other, all legal entities together",
    "operations.replays": "how replays end, all legal entities together",
    "operations.quarantine": "refused input, whose legal entity nobody could read",
    "operations.circuits": "what each system lets through",
    "operations.calls": "how often each system was called, all legal entities together",
    "operations.paused": "which flow a person paused, which carries all legal entities",
    "elsewhere.flows": "which flows others run and how they do, all legal entities together",
    "systems.roles": "what each system is for",
    "systems.teams": "who owns what",
    "systems.read_until": "up to when each system was read",
    "systems.stale": "what of a system was not read in time, all legal entities together",
    "rates.rates": "exchange rates",
    "tieout.systems": "when each system was read",
}
"""Readings that answer every viewer alike, and what they tell."""
OF_THE_FIRM = dict.fromkeys(
    ("rates.targets", "rates.figures", "rates.days"), "ratios of the whole firm, without its money"
)
"""Readings that keep something back and have nothing of one legal entity to show."""

OPEN_NAMES = {
    ("Rate", "rate"): "an exchange rate",
    ("Target", "value"): "a figure of the firm",
    ("Figure", "value"): "a figure of the firm",
    ("Figure", "note"): "which source a figure lacks",
    ("Day", "value"): "a figure of the firm on a day",
    ("Month", "revenue"): "what billable work of a month came to, no contract's value",
    ("Project", "revenue"): "what billable work of a project came to, no contract's value",
    ("Project", "target_margin"): "what the margin is held against, shown to whoever may open Margin",
}
"""Fields whose names read like something sensitive, and what they are."""


def modules() -> Iterator[Any]:
    for found in pkgutil.walk_packages(app.readings.__path__, "app.readings."):
        yield importlib.import_module(found.name)


def readings() -> Iterator[Reading]:
    """Functions `(stores, viewer, filters…)` in the `reading.py` of each folder."""
    for module in modules():
        if module.__name__.endswith(".reading") and module.__name__.count(".") == 3:
            public = {name: one for name, one in vars(module).items() if not name.startswith("_")}
            for function in public.values():
                parameters = list(inspect.signature(function).parameters) if inspect.isfunction(function) else []
                if function.__module__ == module.__name__ if parameters[:2] == ["stores", "viewer"] else False:
                    yield pytest.param(function, id=name_of(function))


def name_of(reading: Reading) -> str:
    return f"{reading.__module__.split('.')[2]}.{reading.__name__}"


READINGS = list(readings())


class Lake:
    """A reader of a lake that a test made."""

    def __init__(self, tables: duckdb.DuckDBPyConnection) -> None:
        self._tables = tables

    def rows(self, sql: str, params: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        answer: list[dict[str, Any]] = self._tables.execute(sql, dict(params or {})).to_arrow_table().to_pylist()
        return answer


def fingerprint_of(firm: str) -> str:
    return fingerprint("cause", "erp", firm)


def finding(firm: str, owner: str | None = None) -> Finding:
    """What makes a firm's case."""
    cause = Cause("cause", f"Of {firm}", "why", "mend it", owner or f"erp-{firm}", "billing_blocked", system=firm)
    names = {"legal_entity": None if firm == NOBODYS else firm, "project_key": firm, "customer_key": firm}
    return Finding(fingerprint_of(firm), cause, "time_entry", firm, Decimal(7), "EUR", run_id=firm, **names)


WORDS = ValueMap("words", 1, "finance", "kantata", CANONICAL, "expense.category", (Entry("Train", "travel"),))


def untold(firm: str) -> Finding:
    """What makes a firm's case of a word that its value map does not have."""
    cause = Cause(UNMAPPED, "Mule", "why", "add it", "finance", "billing_blocked", subject=("value_map", WORDS.name))
    text, entity = fingerprint(UNMAPPED, WORDS.name, f"Mule {firm}"), None if firm == NOBODYS else firm
    return Finding(text, cause, "expense", f"EX-{firm}", Decimal(7), "EUR", legal_entity=entity)


def case_of(firm: str) -> Case:
    """A firm's case by the id that the journal gives it."""
    return case(
        case_id=case_id_of(fingerprint_of(firm), None if firm == NOBODYS else firm),
        legal_entity=None if firm == NOBODYS else firm,
    )


def dead_run(firm: str, flow: str = "time-to-bill") -> dict[str, Any]:
    """The run behind a firm's case: it ended dead and carries 7 EUR."""
    named = ("run_id", "lineage_id", "correlation_id", "trace_id", "lane", "event_id", "error_message")
    return {
        **dict.fromkeys(named, firm),
        **dict.fromkeys(("flow_version", "step", "source_version"), 1),
        **dict.fromkeys(("attempt", "claims", "held", "lease_token", "notice_tries"), 0),
        **dict.fromkeys(("created_at", "updated_at"), NOW),
        "flow": flow,
        "state": "dead",
        "business_key": f"time_entry:{firm}",
        "aggregate": f"project:{firm}",
        "legal_entity": None if firm == NOBODYS else firm,
        "event_type": "tieout.time_entry.approved",
        "event_source": "/kantata",
        "payload": {f"code_{firm}": firm},
        "amount": "7.00",
        "currency": "EUR",
    }


def alert(firm: str) -> dict[str, Any]:
    """What was told of a firm's case."""
    told = {"count": 1, "cases": [{"legal_entity": None if firm == NOBODYS else firm}]}
    return {
        **dict.fromkeys(("alert_id", "ring", "audience", "road"), firm),
        **dict.fromkeys(("made_wall", "next_wall"), NOW),
        "kind": "case",
        "state": "pending",
        "attempts": 0,
        "body": {"title": f"Of {firm}", "text": firm, "data": told},
    }


def stores(
    home: Path,
    lake: duckdb.DuckDBPyConnection,
    *firms: str,
    flows: Mapping[str, str] = MappingProxyType({}),
    owners: Mapping[str, str] = MappingProxyType({}),
) -> Stores:
    """Stores of this lake and of a journal with a dead run, its case and an alert of each firm; `flows` and `owners`
    say of which flow a firm's run is, and whose its case.
    """
    settings = Settings(home=home)
    journal = open_journal(settings.journal_address, Frozen(NOW))
    with journal.engine.begin() as connection:
        connection.execute(sa.insert(tables.run), [dead_run(firm, flows.get(firm, "time-to-bill")) for firm in firms])
        connection.execute(sa.insert(tables.alert), [alert(firm) for firm in firms])
    found = [one for firm in firms for one in (finding(firm, owners.get(firm)), untold(firm))]
    journal.cases.report("detector", found, {"EUR": Decimal(1)})
    for firm in firms:
        body, identity = {"run_ids": [firm], "correction": {"bill_rate": "1"}}, f"asked-{firm}"
        desk = Requests(journal.engine, Frozen(NOW), journal.feed, identity=lambda name=identity: name)
        desk.append("replay", body, "eve", f"of {firm}")
    journal.close()
    opened = Stores(settings)
    opened.catalogue = replace(opened.catalogue, maps=(WORDS,))
    opened.lake = Lake(lake)  # type: ignore[assignment]
    return opened


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Stores:
    home = tmp_path_factory.mktemp("whole")
    lake = two_firms(home, OURS, NOBODYS, THEIRS)
    add_nobodys(lake)
    return stores(home, lake, OURS, THEIRS, NOBODYS)


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Stores:
    home = tmp_path_factory.mktemp("alone")
    return stores(home, two_firms(home, OURS, NOBODYS), OURS)


@pytest.fixture(scope="module")
def dearer(tmp_path_factory: pytest.TempPathFactory) -> Stores:
    home = tmp_path_factory.mktemp("dearer")
    return stores(home, two_firms(home, OURS, NOBODYS, dearer=7), OURS)


def asked(reading: Reading, stores: Stores, roles: str, *entities: str, firm: str = OURS) -> Any:
    wanted = [one for one in list(inspect.signature(reading).parameters.values())[2:] if one.default is one.empty]
    given = {one.name: filters(firm)[one.name] for one in wanted}
    answer = reading(stores, Viewer("ada", frozenset({roles}), entities), **given)
    return sorted(answer, key=repr) if isinstance(answer, tuple) else answer


@pytest.mark.req("G1")
@pytest.mark.parametrize("firm", [OURS, THEIRS, NOBODYS])
@pytest.mark.parametrize("reading", READINGS)
def test_another_firm_changes_nothing_that_a_limited_viewer_reads(
    reading: Reading, firm: str, whole: Stores, alone: Stores
) -> None:
    assert asked(reading, whole, "finance", OURS, firm=firm) == asked(reading, alone, "finance", firm=firm)


@pytest.mark.req("G1")
@pytest.mark.parametrize("reading", READINGS)
def test_the_stores_hold_what_each_reading_must_keep_back(reading: Reading, whole: Stores) -> None:
    """The test above cannot pass for want of rows: who is not limited reads the other firm's."""
    everybodys, limited = (asked(reading, whole, "finance", *scope, firm=THEIRS) for scope in ((), (OURS,)))
    assert (everybodys == limited) == (name_of(reading) in OPEN_READINGS)


@pytest.mark.req("G1")
@pytest.mark.parametrize("reading", READINGS)
def test_the_stores_hold_what_each_reading_must_show(reading: Reading, whole: Stores) -> None:
    """And the limited viewer reads their own, which one of no legal entity does not."""
    own, nobodys = (asked(reading, whole, "finance", *scope, firm=OURS) for scope in ((OURS,), NO_ENTITY))
    assert (own == nobodys) == (name_of(reading) in {*OPEN_READINGS, *OF_THE_FIRM})


def test_every_reading_that_is_said_to_be_open_is_there() -> None:
    assert {*OPEN_READINGS, *OF_THE_FIRM} <= {name_of(one.values[0]) for one in READINGS}


@pytest.mark.req("E4", "G1")
def test_a_plan_with_runs_of_several_firms_shows_each_viewer_their_own(whole: Stores) -> None:
    body = {"run_ids": [OURS, THEIRS], "roots": [NOBODYS]}
    runs = [{"run_id": one, "steps": []} for one in (NOBODYS, OURS, THEIRS)]
    answer = {"totals": {"EUR": "14.00"}, "runs": runs, "hazards": [{"run_id": THEIRS, "message": f"of {THEIRS}"}]}
    request = replace(filters(OURS)["request"], body=body, result=answer)
    everybody, limited = (Viewer("ada", frozenset({"finance"}), scope) for scope in ((), (OURS,)))
    seen, own = (replays.previewed(whole, who, request, ()).preview for who in (everybody, limited))
    assert ([one.run_id for one in seen.runs], len(seen.hazards)) == ([NOBODYS, OURS, THEIRS], 1)
    assert ([one.run_id for one in own.runs], len(own.hazards)) == ([OURS], 0)
    assert (seen.totals, own.totals) == ({"EUR": Decimal("14.00")}, {"EUR": MASKED})


@pytest.mark.req("G2")
@pytest.mark.parametrize("reading", READINGS)
def test_what_work_costs_changes_nothing_that_an_auditor_reads(reading: Reading, alone: Stores, dearer: Stores) -> None:
    assert asked(reading, alone, "auditor") == asked(reading, dearer, "auditor")


@pytest.mark.req("G2")
def test_the_lake_holds_costs_that_would_tell(alone: Stores, dearer: Stores) -> None:
    """The test above cannot pass for want of costs: who is cleared reads that they differ."""
    differ = {
        one.id
        for one in readings()
        if asked(one.values[0], alone, "finance") != asked(one.values[0], dearer, "finance")
    }
    assert {"margin.projects", "margin.months"} <= differ


def row_types() -> list[Any]:
    """Every row that a reading answers."""
    found = {
        kind
        for module in modules()
        if module.__name__.endswith(".rows")
        for kind in vars(module).values()
        if is_dataclass(kind) and isinstance(kind, type) and kind.__module__ == module.__name__
    }
    return sorted(found, key=lambda kind: f"{kind.__module__}.{kind.__name__}")


@pytest.mark.req("G2")
@pytest.mark.parametrize("row", row_types(), ids=lambda row: f"{row.__module__.split('.')[2]}.{row.__name__}")
def test_a_row_is_frozen_says_its_units_and_marks_what_is_sensitive(row: Any) -> None:
    assert row.__dataclass_params__.frozen and hasattr(row, "__slots__") and len(row.__doc__ or "") > 20
    plain = {DataClass.PUBLIC, DataClass.INTERNAL}
    sensitive = {one.name for one in fields(row) if class_of(one.name) not in plain or COSTS.match(one.name)}
    known = {name for kind, name in OPEN_NAMES if kind == row.__name__}
    assert sensitive - known - set(marks(row)) == set(), "mark the field with its class, or say what it is"


@pytest.mark.req("G1", "G2")
def test_no_reading_goes_round_scope_and_masking() -> None:
    """The lake is asked in one place alone."""
    asking = {
        file.relative_to(ROOM).as_posix()
        for file in ROOM.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Attribute) and node.attr == "lake"
    }
    assert asking == {"reading.py", "stores.py"}
