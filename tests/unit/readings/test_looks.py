"""Whoever sees a clear value of a sensitive field is in the audit lake with what they saw (G2)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest

from app.readings.approvals.rows import Corrected
from app.readings.looks import clear_in, looked
from app.readings.masking import MASKED, AmountOfKind, LabourRate
from app.readings.rights import ROLES
from app.readings.viewer import Viewer
from models.canonical.classification import MASK, DataClass
from models.domain.record import Record

RATE, VALUE = DataClass.LABOUR_RATE, DataClass.CONTRACT_VALUE
FINANCE = Viewer("fin", frozenset({"finance"}), ("NOV-DE",), environment="production")


@dataclass(frozen=True, slots=True)
class Line:
    kind: str
    rate: LabourRate | None
    amount: AmountOfKind | None = None
    parts: tuple[Any, ...] = field(default=())


def desk() -> tuple[Any, list[Record]]:
    kept: list[Record] = []
    stores = SimpleNamespace(
        looks={}, now=lambda: datetime(2026, 9, 1, tzinfo=UTC), desk=SimpleNamespace(note=kept.extend)
    )
    return stores, kept


CENT = Decimal("0.01")


@pytest.mark.req("G2")
@pytest.mark.parametrize(
    ("answer", "shown"),
    [
        ((Line("time", CENT),), {RATE}),
        ((Line("time", None, CENT), Line("milestone", MASKED, CENT)), {RATE, VALUE}),
        ((Line("expense", None, CENT),), set()),
        ((Line("time", MASKED, MASKED), Line("time", None)), set()),
        ([Line("time", None, parts=(Line("time", CENT),))], {RATE}),
        (Corrected("cost_rate", ("58",), "60"), {RATE}),
        (Corrected("cost_rate", (MASK,), MASK), set()),
        (Corrected("notes_of_day", ("a",), "b"), set()),
        (7, set()),
    ],
)
def test_an_answer_tells_of_which_classes_it_shows_clear_values(answer: Any, shown: set[DataClass]) -> None:
    assert clear_in(answer, FINANCE.clear) == shown


@pytest.mark.req("G2")
def test_each_person_is_kept_once_for_each_thing_that_they_saw() -> None:
    """G2: with who, in which roles and environment, what was asked, which classes; an open page asks often."""
    stores, kept = desk()
    executive = Viewer("eve", frozenset({"executive"}))
    for person in (FINANCE, FINANCE, executive):
        for project in ("P-1", "P-2"):
            looked(stores, person, "margin.entries", (Line("time", CENT),), project)
    assert [(one.actor, one.body["asked"]) for one in kept] == [
        (name, project) for name in ("fin", "eve") for project in ("P-1", "P-2")
    ]
    assert (kept[0].status, kept[0].business_key) == ("clear_values_seen", "margin.entries")
    assert kept[0].body["classes"] == ["labour_rate"] and kept[0].body["roles"] == ["finance"]
    assert kept[0].body["environment"] == "production"


@pytest.mark.req("G2")
@pytest.mark.parametrize("role", ROLES)
def test_who_reads_masks_alone_saw_nothing(role: str) -> None:
    stores, kept = desk()
    person = Viewer("x", frozenset({role}))
    looked(stores, person, "margin.entries", (Line("time", CENT if person.sees(RATE) else MASKED),))
    assert bool(kept) == (role in ("finance", "executive"))


@pytest.mark.req("G2")
def test_a_look_that_cannot_be_kept_is_not_shown() -> None:
    stores, _ = desk()
    stores.desk.note = lambda _: (_ for _ in ()).throw(OSError("the journal cannot be written"))
    for _ in range(2):
        with pytest.raises(OSError):
            looked(stores, FINANCE, "margin.entries", (Line("time", CENT),))
