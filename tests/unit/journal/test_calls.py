"""Calls of each system by day, of all engines together, and what its quota leaves (S10)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from models.domain.clock import SystemClock
from models.journal import open_journal
from models.journal.journal import Journal


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    opened = open_journal(f"sqlite:///{tmp_path / 'journal.sqlite'}", SystemClock())
    yield opened
    opened.close()


@pytest.mark.req("S10")
def test_engines_add_to_one_count_and_the_vendors_word_stays_until_the_next(journal: Journal) -> None:
    journal.calls.note({"crm": (3, 18, 5000), "erp": (2, None, None)})
    journal.calls.note({"crm": (4, None, None)})
    today = journal.calls.today()
    assert (today["crm"].calls, today["crm"].used, today["crm"].allowed) == (7, 18, 5000)
    assert today["crm"].told_at is not None and today["erp"].told_at is None
    journal.calls.note({"crm": (1, 25, 5000)})
    assert journal.calls.today()["crm"].left() == 4975


@pytest.mark.req("S10")
def test_what_is_left_is_the_vendors_word_else_the_policys_limit_else_unknown(journal: Journal) -> None:
    journal.calls.note({"crm": (3, 6000, 5000), "erp": (90, None, None)})
    today = journal.calls.today()
    assert today["crm"].left(10) == 0, "the vendor knows of calls that others made"
    assert today["erp"].left(100) == 10 and today["erp"].left(50) == 0
    assert today["erp"].left() is None


@pytest.mark.req("S10")
def test_a_new_day_begins_at_nothing(journal: Journal) -> None:
    journal.calls.note({"crm": (3, 18, 5000)})
    with journal.engine.begin() as connection:
        connection.execute(sa.text("update call_day set day = '2020-01-01'"))
    assert journal.calls.today() == {}
