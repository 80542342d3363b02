"""C5: the audit lake only grows. What DuckLake could do to it is refused in the catalogue itself."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import duckdb
import pytest

from models.lake.connection import open_lake
from models.lake.verify import verify
from models.settings import Settings
from tests.unit.lake.samples import filled, settings_at


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A lake of four batches that nobody has open."""
    settings = settings_at(tmp_path_factory.mktemp("guarded"))
    filled(settings, batches=4).close()
    return settings


@pytest.mark.req("C5")
@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM lake.main.spans WHERE n = 3",
        "DELETE FROM lake.main.spans",
        "UPDATE lake.main.records SET amount = 0 WHERE n = 1",
        "TRUNCATE lake.main.spans",
        "DROP TABLE lake.main.seals",
        "ALTER TABLE lake.main.spans DROP COLUMN name",
        "ALTER TABLE lake.main.spans RENAME COLUMN name TO title",
        "DELETE FROM lake.main.checkpoints",
    ],
)
def test_the_lake_refuses_to_lose_anything(lake: Settings, sql: str) -> None:
    connection = open_lake(lake, write=True)
    with pytest.raises(duckdb.Error, match="only grows"):
        connection.execute(sql)
    connection.close()
    report = verify(lake)
    assert (report.breaches, report.batches, report.rows) == ([], 4, 4 * 57)


def test_appends_and_maintenance_pass_the_guards(tmp_path: Path) -> None:
    settings = settings_at(tmp_path)
    writer = filled(settings, batches=20)
    done = writer.maintain(timedelta(0), timedelta(0))
    assert done.merged > 40 and done.removed == done.merged
    writer.close()
    assert verify(settings).breaches == []
