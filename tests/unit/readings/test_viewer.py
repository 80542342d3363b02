"""A viewer narrows and never widens; clear values are for who is cleared and asks (G1, G2)."""

from __future__ import annotations

import pytest

from app.readings.clear import NOTHING, cleared
from app.readings.page import Page
from app.readings.rights import Question
from app.readings.viewer import NO_ENTITY, Viewer
from models.canonical.classification import DataClass

FINANCE = Viewer("fin", frozenset({"finance"}))
GERMAN = Viewer("bo", frozenset({"finance"}), ("NOV-DE", "NOV-UK"))


@pytest.mark.req("G1")
@pytest.mark.parametrize(
    ("person", "chosen", "entities"),
    [
        (FINANCE, (), ()),
        (FINANCE, ("NOV-UK", "NOV-DE"), ("NOV-DE", "NOV-UK")),
        (GERMAN, (), ("NOV-DE", "NOV-UK")),
        (GERMAN, ("NOV-UK",), ("NOV-UK",)),
        (GERMAN, ("NOV-UK", "NOV-US"), ("NOV-UK",)),
        (GERMAN, ("NOV-US",), NO_ENTITY),
    ],
)
def test_a_choice_of_legal_entities_never_widens_what_one_may_see(
    person: Viewer, chosen: tuple[str, ...], entities: tuple[str, ...]
) -> None:
    assert person.among(chosen).entities == entities
    assert person.among(chosen).roles == person.roles


@pytest.mark.req("G2")
def test_clear_values_are_for_who_is_cleared_and_asks() -> None:
    assert cleared(FINANCE, asked=False) == NOTHING
    assert cleared(FINANCE, asked=True) == {DataClass.CONTRACT_VALUE, DataClass.LABOUR_RATE}
    executive = Viewer("eve", frozenset({"executive"}))
    assert executive.clear and cleared(executive, asked=True) == NOTHING, "may read them in rows, not reveal payloads"


@pytest.mark.req("G1")
def test_a_question_is_open_to_its_roles_and_to_who_reads_everything() -> None:
    question = Question("staffing", frozenset({"operations"}))
    roles = ("operations", "finance", "executive", "auditor", "administrator", "unheard-of")
    asking = [role for role in roles if Viewer("x", frozenset({role})).may_ask(question)]
    assert asking == ["operations", "auditor", "administrator"]


def test_pages_follow_each_other() -> None:
    assert [Page(50, number).offset for number in (1, 2, 3)] == [0, 50, 100]
