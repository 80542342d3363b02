"""The empty views that stand in for stores not made yet have the columns that the stores will have."""

from __future__ import annotations

from pathlib import Path

import pytest

from models.domain.clock import SystemClock
from models.journal import open_journal
from models.lake import answering, journal_views, mart_views
from models.lake.connection import connect
from models.lake.publish import columns_of
from models.marts.refresh import refresh
from tests.unit.lake.samples import settings_at


@pytest.mark.req("O8")
def test_stand_ins_have_the_columns_of_the_marts_and_the_journal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = settings_at(tmp_path)
    before = answering.Answers(settings)
    shapes = {
        name: before.table(f'SELECT * FROM "{name}"').schema for name in (*mart_views.MARTS, *journal_views.VIEWS)
    }
    before.close()
    open_journal(settings.journal_address, SystemClock())
    connection = connect(settings, marts="write")
    refresh(connection, "EUR")
    connection.close()
    after = answering.Answers(settings)
    for name in mart_views.MARTS:
        real = after.table(f'SELECT * FROM "{name}"').schema
        described = after.table(f'DESCRIBE "{name}"').to_pylist()
        line = " ".join(f"{row['column_name']}:{row['column_type']}".removesuffix(":VARCHAR") for row in described)
        assert real.equals(shapes[name]), (
            f"{name} has other columns now: put these into models/lake/mart_views.py: {line}"
        )
    for name in journal_views.VIEWS:
        real = after.table(f'SELECT * FROM "{name}"').schema
        assert set(shapes[name].names) <= set(real.names), (
            f"{name}: bring models/lake/journal_views.py up to the journal"
        )
        assert not {column for column in real.names if column.startswith("lease") or column.endswith("_wall")}
    after.close()


def test_lake_columns_are_the_schemas(tmp_path: Path) -> None:
    answers = answering.Answers(settings_at(tmp_path))
    for name in ("spans", "logs", "records", "observations", "quarantine", "seals"):
        assert answers.table(f"SELECT * FROM {name}").schema.names == list(columns_of(name))
    answers.close()
