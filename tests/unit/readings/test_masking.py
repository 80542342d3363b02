"""What a viewer may not read is masked in the rows, and what is computed from it with it (G2)."""

from __future__ import annotations

import pickle
from dataclasses import dataclass
from decimal import Decimal

import pytest

from app.readings.masking import MASKED, AmountOfKind, LabourRate, Masked, masked_rows
from app.readings.rights import ROLES
from models.canonical.classification import MASK

FINANCE, AUDITOR = ROLES["finance"].clear, ROLES["auditor"].clear


@dataclass(frozen=True, slots=True)
class Line:
    kind: str
    revenue: Decimal
    cost: LabourRate | None
    value: AmountOfKind


ANSWERS = [
    {"kind": "time", "revenue": Decimal(10), "cost": Decimal(6), "value": Decimal(10)},
    {"kind": "expense", "revenue": Decimal(5), "cost": None, "value": Decimal(5)},
]


@pytest.mark.req("G2")
def test_amounts_are_masked_by_their_class_and_by_what_they_are_of() -> None:
    time, expense = masked_rows(Line, ANSWERS, AUDITOR)
    assert (time.revenue, time.cost, time.value) == (Decimal(10), MASKED, MASKED)
    assert (expense.cost, expense.value) == (None, Decimal(5)), "what is not known hides nothing"
    assert masked_rows(Line, ANSWERS, FINANCE) == tuple(Line(**answer) for answer in ANSWERS)  # type: ignore[arg-type]


@pytest.mark.req("G2")
def test_nothing_computed_from_a_masked_amount_tells_it() -> None:
    ten = Decimal(10)
    derived = (MASKED + ten, ten + MASKED, ten - MASKED, MASKED - ten, ten * MASKED, ten / MASKED, MASKED / ten)
    assert all(one is MASKED for one in (*derived, -MASKED, abs(MASKED), sum([MASKED], Decimal(0))))
    assert str(MASKED) == f"{MASKED}" == MASK
    with pytest.raises(TypeError):
        sorted([MASKED, ten])  # type: ignore[type-var]
    with pytest.raises(TypeError):
        float(MASKED)  # type: ignore[arg-type]


def test_there_is_one_mask_in_every_process() -> None:
    copied: Masked = pickle.loads(pickle.dumps(MASKED))
    assert copied is MASKED


def test_a_statement_whose_columns_are_not_the_rows_fields_is_refused() -> None:
    with pytest.raises(TypeError, match="surplus"):
        masked_rows(Line, [{**ANSWERS[0], "surplus": 1}], FINANCE)
