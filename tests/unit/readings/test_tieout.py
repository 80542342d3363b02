"""Control totals as they were sealed: what stood at the end of a day, and what was restated since (X12)."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from app.readings.tieout.question import TotalsQuestion
from app.readings.tieout.reading import restated, totals
from app.readings.viewer import Viewer
from models.domain.record import Record
from models.journal import open_journal
from tests.unit.cases.lakes import NOW, Lake
from tests.unit.journal.test_sealed_totals import Clock, total

FINANCE = Viewer("ada", frozenset({"finance"}))


@pytest.fixture
def stores(tmp_path: Path) -> Any:
    """Three sealed days: as they come from the journal, in the lake."""
    lake, journal = Lake(), open_journal(f"sqlite:///{tmp_path / 'journal.sqlite'}", Clock(NOW))
    late = total(landed_amount=Decimal("0.00"), cases_amount=Decimal("800.00"), apart="1 gone")
    for day, found in ((29, [total()]), (31, [total(), total("2026-12")]), (32, [late, total("2026-12")])):
        journal.sealed_totals.seal(date(2026, 11, 1) + timedelta(days=day - 1), found)
    for page in journal.feed.read(0):
        for record in page.records:
            put(lake, record)
    journal.close()
    rows = lambda sql, asked: lake.connection.execute(sql, asked).to_arrow_table().to_pylist()  # noqa: E731
    return SimpleNamespace(lake=SimpleNamespace(rows=rows))


def put(lake: Lake, record: Record) -> None:
    names = ("flow", "system", "entity", "legal_entity", "status", "amount", "currency", "business_key")
    columns = {name: getattr(record, name) for name in names}
    lake.record(str(record.kind), record.occurred_at, record.body, **columns)


@pytest.mark.req("X12")
def test_the_totals_of_a_day_are_those_that_were_sealed_last_until_then(stores: Any) -> None:
    shown = {
        day: [(row.period, row.landed_amount, row.status) for row in totals(stores, FINANCE, TotalsQuestion(as_of=day))]
        for day in ("2026-11-28", "2026-11-29", "2026-11-30", "2026-12-02")
    }
    assert shown == {
        "2026-11-28": [],
        "2026-11-29": [("2026-11", Decimal("800.00"), "sealed")],
        "2026-11-30": [("2026-11", Decimal("800.00"), "unwatched")],
        "2026-12-02": [("2026-12", Decimal("800.00"), "sealed"), ("2026-11", Decimal("0.00"), "restated")],
    }
    assert len(totals(stores, FINANCE, TotalsQuestion(as_of="2026-12-02", period="2026-11"))) == 1


@pytest.mark.req("X12", "G1")
def test_a_restatement_says_why_and_is_its_companys_own(stores: Any) -> None:
    (row,) = restated(stores, FINANCE, "2026-11")
    assert (row.day, row.entity, row.legal_entity) == ("2026-12-02", "time_entry", "NOV-DE")
    assert row.reason == "landed_amount 800.00 → 0.00, cases_amount 0.00 → 800.00; apart: 1 gone"
    assert restated(stores, Viewer("bo", frozenset({"finance"}), ("NOV-UK",)), "2026-11") == ()
