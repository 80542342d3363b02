"""The empty views that stand in for stores not made yet have the columns that the stores will have; of the marts,
`tests/contract/marts` says so.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from models.domain.clock import SystemClock
from models.journal import open_journal
from models.lake import answering, journal_views
from models.lake.publish import columns_of
from tests.unit.lake.samples import settings_at


@pytest.mark.req("O8")
def test_stand_ins_have_the_columns_of_the_journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = settings_at(tmp_path)
    before = answering.Answers(settings)
    shapes = {name: before.table(f'SELECT * FROM "{name}"').schema for name in journal_views.VIEWS}
    before.close()
    open_journal(settings.journal_address, SystemClock())
    after = answering.Answers(settings)
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
