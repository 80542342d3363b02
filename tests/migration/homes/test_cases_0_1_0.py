"""Cases of a home of release 0.1.0: still open after the upgrade, divided by legal entity with their history."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from models.domain.clock import SystemClock
from models.domain.finding import Cause, Finding
from models.journal import open_journal
from models.journal.cases import CaseFilter
from models.journal.journal import Journal

RATES = {"EUR": Decimal(1), "GBP": Decimal("1.2")}
EVERY = CaseFilter(status=("open", "acknowledged", "snoozed", "ignored", "resolved"))


@pytest.fixture
def before(home_0_1_0: Path) -> dict[str, Any]:
    """The gravest open case of the home as 0.1.0 has it."""
    with closing(sqlite3.connect(home_0_1_0 / "journal.sqlite")) as connection:
        connection.row_factory = sqlite3.Row
        query = "select * from case_ where status = 'open' order by amount_rank desc limit 1"
        return dict(connection.execute(query).fetchone())


@pytest.fixture
def journal(home_0_1_0: Path, before: dict[str, Any]) -> Iterator[Journal]:
    opened = open_journal(f"sqlite:///{home_0_1_0 / 'journal.sqlite'}", SystemClock())
    yield opened
    opened.close()


def found(case: dict[str, Any], key: str, entity: str, amount: str, currency: str = "EUR") -> Finding:
    """What a detector of this release finds of the same cause."""
    cause = Cause(case["cause"], case["title"], "why", "mend it", case["owner"], case["money_kind"], root=True)
    return Finding(case["fingerprint"], cause, "time_entry", key, Decimal(amount), currency, legal_entity=entity)


def test_open_cases_are_open_after_the_upgrade(journal: Journal, home_0_1_0: Path) -> None:
    """What an open case is worth is what is at stake; of a resolved one, what was found in it is told."""
    rows = journal.cases.page(EVERY, limit=500).rows
    active = [row for row in rows if row["status"] == "open"]
    assert active and all(row["worth_reporting"] == row["amount_reporting"] for row in active)
    resolved = [row for row in rows if row["status"] == "resolved" and row["money_kind"] != "none"]
    assert resolved and any(sum(row["worth"].values()) > 0 for row in resolved)


@pytest.mark.req("X8", "X19")
def test_a_case_of_two_legal_entities_is_divided_and_keeps_its_history(
    journal: Journal, before: dict[str, Any]
) -> None:
    """The entity with the most money goes on as the old case; the other's says where it comes from."""
    cases, old = journal.cases, before["case_id"]
    cases.acknowledge(old, "ada")
    most, less = found(before, "TE-1", "NOV-DE", "900.00"), found(before, "TE-2", "NOV-UK", "100.00", "GBP")
    cases.report(before["detector"], [less, most], RATES)
    kept = cases.get(old)
    assert kept is not None
    assert (kept["legal_entity"], kept["amounts"], kept["status"]) == ("NOV-DE", {"EUR": Decimal(900)}, "acknowledged")
    assert kept["fingerprint"] == most.case_fingerprint
    (split,) = [row for row in cases.page(limit=500).rows if row["split_from"] == old]
    assert (split["legal_entity"], split["amounts"], split["assignee"]) == ("NOV-UK", {"GBP": Decimal(100)}, "ada")
    told = [event["action"] for event in cases.events(split["case_id"])]
    assert told == ["split", "acknowledged", "opened"], "the history before the split is the whole case's"
    assert "split" not in [event["action"] for event in cases.events(old)]


@pytest.mark.req("X19")
def test_the_old_id_stays_the_case_of_its_entity(journal: Journal, before: dict[str, Any]) -> None:
    """Also when it resolves and comes back, and a third entity's case is nothing of it."""
    cases, old = journal.cases, before["case_id"]
    most = found(before, "TE-1", "NOV-DE", "900.00")
    for findings, status in (([most], "open"), ([], "resolved"), ([most], "open")):
        cases.report(before["detector"], findings, RATES)
        assert cases.get(old)["status"] == status
    cases.report(before["detector"], [most, replace(most, subject_key="TE-3", legal_entity="NOV-US")], RATES)
    american = cases.page(CaseFilter(legal_entities=("NOV-US",), projects=()), limit=500).rows
    assert [row["split_from"] for row in american if row["fingerprint"].startswith(before["fingerprint"])] == [None]
