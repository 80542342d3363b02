"""What waits for a second person, in words: whose turn it is, what is agreed to, and what was decided."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from app.console.approvals import presenter as present
from app.readings.approvals.rows import Asked, Corrected
from app.readings.masking import MASKED

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
ASKED = Asked(
    "r1",
    "write_off",
    "asked",
    "write off TE-1",
    {"EUR": Decimal("800.00")},
    ("what is written off is gone",),
    "<b>bankrupt</b>",
    "ada",
    NOW - timedelta(hours=3),
    NOW + timedelta(days=13),
    None,
    None,
    None,
    None,
    "f" * 64,
    None,
    "case-1",
    {"item_key": "TE-1", "entity": "time_entry", "source": "kantata", "target": "netsuite", "period": "2026-09"},
    (),
    False,
    None,
    False,
    {"TE-1": "finance"},
)


@pytest.mark.req("E4", "X9")
def test_the_first_sentence_says_whose_turn_it_is() -> None:
    assert present.verdict(0, 0) == ("good", "Nothing waits for a second person.")
    assert present.verdict(2, 1) == ("warn", "2 requests for a second person; 1 of them you can decide.")
    assert present.verdict(1, 0) == ("", "1 request for a second person; somebody else must decide it.")


@pytest.mark.req("X12", "X9")
def test_everything_that_is_agreed_to_is_shown_and_what_people_typed_is_no_markup() -> None:
    shown = present.facts(ASKED, NOW)
    assert shown["Reason"] == "<b>bankrupt</b>", "the page escapes what is not its own markup"
    assert (shown["Joint"], shown["Never arrived"]) == ("Approved time → posting", "kantata → netsuite")
    assert (shown["Month"], shown["Expires"]) == ("2026-09", "in 13 d")
    assert "ffffffffffffffff" in str(shown["Content"]) and "/exceptions?case=case-1" in str(shown["Case"])
    assert "€800.00" in present.title(ASKED)


@pytest.mark.req("G2")
def test_what_a_viewer_may_not_read_stays_masked() -> None:
    assert present.worth(replace(ASKED, money={"EUR": MASKED})) == "•••"


@pytest.mark.req("E4")
def test_a_correction_is_shown_beside_what_it_replaces() -> None:
    (field,) = present.fields(replace(ASKED, kind="replay", corrected=(Corrected("hours", ("8", "7"), "4"),)))
    assert (field.path, field.before, field.after) == ("hours", "8, 7", "4")


@pytest.mark.req("X9")
@pytest.mark.parametrize(("decision", "by", "shown"), [("refused", "ben", "ben"), ("expired", None, "nobody in time")])
def test_a_decision_is_kept_with_its_words(decision: str, by: str | None, shown: str) -> None:
    decided = replace(ASKED, decision=decision, decided_by=by, decided_at=NOW, words="ask first")
    (row,) = present.decided_rows([decided], NOW + timedelta(hours=2))
    assert (row["when"], row["decided"], row["words"]) == ("2 h ago", shown, "ask first")
