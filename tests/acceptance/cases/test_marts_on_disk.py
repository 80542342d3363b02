"""The marts as they lie on disk: rebuilt, swapped under readers, and never growing."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest

from models.derivation import state, swapping
from models.derivation.refresh import rebuild, refresh
from models.domain.clock import SystemClock
from models.journal import open_journal
from models.lake.connection import connect
from models.lake.schema import OBSERVATIONS
from models.lake.writer import open_writer
from models.marts.definitions import published
from models.settings import Settings
from tests.unit.lake.samples import records

NOW = datetime(2026, 9, 30, 12, 0, tzinfo=UTC)


def entries(first: int, count: int) -> pa.Table:
    rows = [
        {
            "observed_at": NOW,
            "recorded_at": NOW,
            "snapshot_id": "s",
            "system": "kantata",
            "role": "psa",
            "entity": "time_entry",
            "system_id": str(n),
            "key": f"TE-kantata-{n}",
            "legal_entity": "NOV-DE",
            "present": True,
            "digest": "d",
            "fields": json.dumps(
                {
                    "time_entry_id": f"TE-kantata-{n}",
                    "project_code": "PRJ-1",
                    "work_date": "2026-09-01",
                    "hours": "1.00",
                    "approval": "approved",
                    "bill_rate": {"amount": "100.00", "currency": "EUR"},
                }
            ),
        }
        for n in range(first, first + count)
    ]
    return pa.Table.from_pylist(rows, OBSERVATIONS)


@pytest.fixture
def home(tmp_path):
    settings = Settings(home=tmp_path)
    journal = open_journal(settings.journal_address, SystemClock())
    journal.close()
    writer = open_writer(settings, SystemClock())
    yield settings, writer
    writer.close()


def counted(connection) -> int:
    return connection.execute("SELECT count(*) FROM marts.main.mart_work").fetchone()[0]


@pytest.mark.req("C8", "N3")
def test_a_reader_in_the_middle_of_a_question_keeps_its_version_and_the_folder_does_not_grow(home, monkeypatch):
    settings, writer = home
    monkeypatch.setattr(swapping, "KEPT_SECONDS", 0)
    monkeypatch.setattr(swapping, "SWEEP_SECONDS", 0)
    writer.append({"observations": entries(0, 50)}, "test", 1)
    connection = connect(settings, marts="write")
    refresh(connection, "EUR")
    reader = connect(settings)
    reader.execute("BEGIN")
    assert counted(reader) == 50
    for number in range(2, 6):
        writer.append({"observations": entries(number * 100, 50)}, "test", number)
        monkeypatch.setattr(swapping, "KEPT_SECONDS", 3600)
        refresh(connection, "EUR")
    assert counted(reader) == 50, "a version that is kept stays readable"
    reader.execute("COMMIT")
    assert counted(reader) == 250, "the next question sees the newest"
    monkeypatch.setattr(swapping, "KEPT_SECONDS", 0)
    for number in range(6, 9):
        writer.append({"observations": entries(number * 100, 50)}, "test", number)
        refresh(connection, "EUR")
    files = list((settings.home / "lake" / "marts").rglob("*.parquet"))
    tables = len(published())
    assert len(files) <= 3 * tables, f"{len(files)} files for {tables} tables"
    connection.close()
    reader.close()


@pytest.mark.req("N2", "C8")
def test_marts_that_were_lost_are_rebuilt_from_the_lake(home):
    settings, writer = home
    writer.append({"observations": entries(0, 20)}, "test", 1)
    rebuild(settings)
    for file in (settings.home / "lake" / "marts").rglob("*.parquet"):
        file.unlink()  # as after a power loss: DuckLake does not sync its files
    rebuild(settings)
    connection = connect(settings)
    assert counted(connection) == 20
    days = connection.execute("SELECT count(DISTINCT day) FROM mart_kpi_day WHERE basis = 'kept'").fetchone()
    assert days == (1,), "the past that was lost with its files begins anew"
    connection.close()


@pytest.mark.req("C8", "O3")
def test_a_merge_in_the_middle_of_a_refresh_loses_no_rows(home, monkeypatch):
    settings, writer = home
    for number in range(1, 21):
        writer.append({"observations": entries(number * 100, 50)}, "test", number)
    for number in range(21, 28):  # too few files to be merged: the hidden rows are not at the end
        writer.append({"records": records(1, number)}, "test", number)
    connection = connect(settings, marts="write")
    catch_up, merged = state.catch_up, []

    def merged_meanwhile(connection, changes, keys):
        if not merged:
            connection.execute("SELECT count(*) FROM observations").fetchall()  # the transaction has its snapshot now
            merged.append(writer.maintain(timedelta(0), timedelta(0)).merged)
        return catch_up(connection, changes, keys)

    monkeypatch.setattr(state, "catch_up", merged_meanwhile)
    refresh(connection, "EUR")
    assert merged[0] > 0
    assert counted(connection) == 1000
    connection.close()
