"""Figures of days that are over are records of the lake, each once; what is told otherwise later stands beside (O5)."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from collectors.day_end import DayEnd
from models.journal.journal import Journal
from tests.unit.journal.test_sealed_totals import Clock, clock, journal  # noqa: F401

DAY = date(2026, 11, 30)


def figure(name: str = "unbilled", day: date = DAY, **changed: Any) -> dict[str, Any]:
    told = {"value": Decimal("800.50"), "adjusted": None, "low": None, "high": None, "numerator": None}
    return {"day": day, "name": name, **told, "denominator": None, "n": 3, "unit": "EUR", "basis": "kept", **changed}


def records(journal: Journal) -> list[tuple[str | None, Any]]:  # noqa: F811
    read = [record for page in journal.feed.read(0) for record in page.records if record.kind == "figures"]
    return [(one.status, one.body) for one in read]


@pytest.mark.req("O5")
def test_a_figure_is_sealed_once_and_restated_beside_what_it_was(journal: Journal) -> None:  # noqa: F811
    seal = journal.sealed_figures.seal
    assert seal([figure(), figure("margin", value=Decimal("35.10"))]) == 2
    assert seal([figure(value=Decimal("800.500"))]) == 0, "the same number"
    assert seal([figure(value=Decimal("790.00"))]) == 1
    last, body = records(journal)[-1]
    assert (last, body["value"], body["before"]["value"]) == ("restated", "790", "800.5")
    assert [(status, body["before"]) for status, body in records(journal)[:2]] == [("sealed", None)] * 2


@pytest.mark.req("O5")
def test_the_days_end_seals_days_on_which_no_collector_saw_midnight_too(
    journal: Journal,  # noqa: F811
    clock: Clock,  # noqa: F811
) -> None:
    end = DayEnd(journal.sealed_totals, journal.sealed_figures, clock)
    assert not end.due()
    clock.at = datetime(2026, 12, 5, 9, tzinfo=UTC)
    due = end.due()
    assert due == {"": date(2026, 12, 4)}
    end.seal(due, [], [figure(day=date(2026, 12, 1)), figure(day=date(2026, 12, 4))])
    assert [(status, body["day"]) for status, body in records(journal)] == [
        ("sealed", "2026-12-01"),
        ("sealed", "2026-12-04"),
    ]
