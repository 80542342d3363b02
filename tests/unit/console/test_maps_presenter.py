"""Value maps as rows of the page: what waits says so, each kind of money for itself (M8)."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from app.console.operations.maps import map_rows, untold_rows, word_rows
from app.readings.maps.rows import MapLine, Untold
from models.domain.team import Teams

pytestmark = pytest.mark.req("M8")
NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)


def line(**more: Any) -> MapLine:
    said = {"said": None, "means": None, "since": None, "waiting": 0, "amounts": {}, "default": None, **more}
    return MapLine("psa", 3, "expense.category", "kantata", "canonical", "finance", 12, **said)


def test_a_map_says_whose_words_it_has_and_what_waits_for_it() -> None:
    money = {"billing_blocked": Decimal(1200), "sold_not_set_up": Decimal(50_000)}
    calm, wanting = map_rows([line(default="other"), line(waiting=7, amounts=money)], Teams({"finance": "Tax"}), "EUR")
    assert (calm["version"], calm["between"], calm["default"], calm["amount"]) == (
        "3",
        "kantata → canonical",
        "other",
        "",
    )
    assert (wanting["default"], wanting["waiting"], wanting["owner"]) == ("pauses its run", "7", "Tax")
    assert wanting["amount"] == "billing blocked €1,200 · sold and not set up €50.0k"


def test_a_word_that_waits_leads_to_its_case_and_is_text() -> None:
    word = Untold("psa", "<b>Mule</b>", 3, {"billing_blocked": Decimal(90)}, NOW, "abc123")
    (row,) = untold_rows([word], NOW, "EUR")
    assert row["word"] == "<b>Mule</b>" and not hasattr(row["word"], "__html__"), "the table makes it harmless"
    assert "case=abc123" in str(row["case"])


def test_the_rows_of_a_map_show_from_when_on_they_hold() -> None:
    rows = word_rows([line(said="Train", means="rail", since=date(2026, 1, 1)), line(said="Mule")])
    assert [(row["said"], row["since"]) for row in rows] == [("Train", "2026-01-01"), ("Mule", "")]
    assert rows[0]["means"] == "rail" and "waits for a row" in str(rows[1]["means"])
