"""What a source took back by an event is taken back at once: its list shows late what was deleted there (X12, C4)."""

from __future__ import annotations

from datetime import datetime

import pytest

from models.derivation.refresh import refresh
from tests.findings.books import entry, firm, posted
from tests.unit.cases.lakes import Lake, hours_ago
from tests.unit.marts.test_tieout import LEVELS, LONG_AGO, Stopped, records


def taken_back(lake: Lake, key: str, at: datetime, verb: str = "reversed") -> None:
    body = {"type": f"tieout.time_entry.{verb}", "data": {"ref": {"system": "kantata", "id": key}}}
    where = {"system": "kantata", "entity": "time_entry", "business_key": f"time_entry:{key}"}
    lake.record("source_event", hours_ago(1), body, source_changed_at=at, **where)


def work(lake: Lake) -> dict[str, str]:
    refresh(lake.connection, "EUR", Stopped(), LEVELS)
    return {row["item_key"]: row["approval"] for row in lake.rows("SELECT item_key, approval FROM mart_work")}


@pytest.mark.req("X12", "C4")
def test_work_that_was_posted_taken_back_and_undone_is_nowhere_apart() -> None:
    lake = firm()
    key = entry(lake, changed_at=LONG_AGO)
    posted(lake)
    assert records(lake)[key]["place"] == "landed"
    posted(lake, reversal=True, hours="-8.00")
    assert records(lake)[key]["source_amount"] == 800, "by its list alone the source has what nobody posted"
    taken_back(lake, key, hours_ago(3))
    assert records(lake) == {} and work(lake) == {}


@pytest.mark.req("X12")
def test_what_is_taken_back_and_not_undone_yet_is_withdrawn_since_then() -> None:
    lake = firm()
    key = entry(lake, changed_at=LONG_AGO)
    posted(lake)
    taken_back(lake, key, hours_ago(3))
    row = records(lake)[key]
    assert (row["place"], row["reason"], row["since"]) == ("unsourced", "withdrawn", hours_ago(3))


@pytest.mark.parametrize("event_first", [True, False])
def test_the_word_counts_whenever_it_comes_and_not_beside_a_later_change(event_first: bool) -> None:
    lake = firm()
    if event_first:
        taken_back(lake, "TE-kantata-1", hours_ago(3))
        taken_back(lake, "TE-kantata-2", hours_ago(3))
        work(lake)
    entry(lake, 1, changed_at=hours_ago(4).isoformat())
    entry(lake, 2, changed_at=hours_ago(2).isoformat())
    if not event_first:
        work(lake)
        taken_back(lake, "TE-kantata-1", hours_ago(3))
        taken_back(lake, "TE-kantata-2", hours_ago(3))
    taken_back(lake, "TE-kantata-2", hours_ago(1), verb="corrected")
    assert work(lake) == {"TE-kantata-2": "approved"}
    entry(lake, 1, changed_at=hours_ago(1).isoformat())
    assert work(lake) == {"TE-kantata-1": "approved", "TE-kantata-2": "approved"}
