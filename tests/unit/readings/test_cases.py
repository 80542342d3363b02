"""Cases as a viewer may see them."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from app.readings.cases import reading
from app.readings.cases.question import CaseQuestion, Status
from app.readings.masking import MASKED
from app.readings.viewer import Viewer
from models.canonical.classification import MASK
from models.domain.fingerprint import case_id_of
from models.journal.cases import CaseFilter
from tests.catalogues import packaged
from tests.unit.cases.conftest import cases, clock, engine, feed  # noqa: F401
from tests.unit.cases.test_cases import CASE, RATES, entry

ALL, BRITISH = Viewer("ada", frozenset({"finance"})), Viewer("bo", frozenset({"operations"}), ("NOV-UK",))
GERMAN = replace(BRITISH, entities=("NOV-DE",))


@pytest.fixture
def stores(cases: Any) -> Any:  # noqa: F811
    found = replace(entry(1), evidence={"hours": "8", "bill_rate": {"amount": "95.00", "currency": "EUR"}})
    cases.report("orphaned_project", [found, entry(2, "50.10")], RATES)
    lake = SimpleNamespace(rows=lambda sql, params: [])  # no system has been read yet: none plays a role
    return SimpleNamespace(journal=SimpleNamespace(cases=cases), lake=lake, catalogue=packaged())


@pytest.mark.req("G1", "X8")
def test_a_case_of_another_legal_entity_is_not_there(stores: Any) -> None:
    """G1: neither by its id, nor in a list, a group or a filter; and a filter cannot ask for it."""
    assert reading.case(stores, BRITISH, CASE) is None
    assert reading.page(stores, BRITISH).rows == reading.listed(stores, BRITISH, CaseQuestion()) == ()
    assert reading.groups(stores, BRITISH) == () and reading.facets(stores, BRITISH, "cause") == ()
    assert not reading.page(stores, BRITISH, CaseFilter(legal_entities=("NOV-DE",))).count
    for viewer in (ALL, GERMAN):
        assert reading.case(stores, viewer, CASE) is not None and reading.page(stores, viewer).count == 1


@pytest.mark.req("G1", "X8")
def test_a_case_of_no_legal_entity_is_there_for_who_is_limited_to_none(stores: Any) -> None:
    """G1: by its id as in the lists, and so are its findings and its history."""
    nobodys = replace(entry(3), fingerprint="paused:flow", legal_entity=None)
    stores.journal.cases.report("paused_flow", [nobodys], RATES)
    case_id = case_id_of("paused:flow")
    shown = reading.case(stores, ALL, case_id)
    assert shown is not None and case_id in {row.case_id for row in reading.page(stores, ALL).rows}
    assert reading.findings(stores, ALL, shown) and reading.events(stores, ALL, shown)
    assert reading.case(stores, GERMAN, case_id) is None
    assert case_id not in {row.case_id for row in reading.page(stores, GERMAN).rows}
    assert reading.findings(stores, GERMAN, shown) == reading.events(stores, GERMAN, shown) == ()


@pytest.mark.req("G2", "X8")
def test_evidence_is_masked_for_everybody_and_amounts_by_role(stores: Any) -> None:
    """G2: evidence is a payload too, wherever a rate stands in it."""
    shown = {viewer.name: _findings(stores, viewer) for viewer in (ALL, GERMAN)}
    assert [str(row.amount) for row in shown["ada"]] == ["100.00", "50.10"]
    assert [row.amount for row in shown["bo"]] == [MASKED, MASKED]
    for rows in shown.values():
        assert rows[0].evidence == {"hours": "8", "bill_rate": {"amount": MASK, "currency": MASK}}


def _findings(stores: Any, viewer: Viewer) -> Any:
    case = reading.case(stores, viewer, CASE)
    assert case is not None
    return reading.findings(stores, viewer, case)


@pytest.mark.req("O8", "X8")
@pytest.mark.parametrize(
    ("asked", "found"),
    [
        (CaseQuestion(), 1),
        (CaseQuestion(Status.resolved), 0),
        (CaseQuestion(cause=("project-missing",), owner=("erp",), project=("PRJ-1012",)), 1),
        (CaseQuestion(cause=("paused",)), 0),
        (CaseQuestion(project=("PRJ-1",)), 0),
        (CaseQuestion(owner=("crm",)), 0),
    ],
)
def test_the_list_of_the_command_line_takes_the_filters_of_the_page(
    stores: Any, asked: CaseQuestion, found: int
) -> None:
    assert len(reading.listed(stores, ALL, asked)) == found
    assert asked.none


@pytest.mark.req("O8", "X8")
def test_the_list_and_the_page_show_the_same_money(stores: Any) -> None:
    [line], page = reading.listed(stores, ALL, CaseQuestion()), reading.page(stores, ALL)
    assert line.amount_reporting == page.rows[0].amount_reporting
    assert sum(group.amount_reporting for group in reading.groups(stores, ALL)) == line.amount_reporting
