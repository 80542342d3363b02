"""The lake's promises on either catalogue: SQLite in the home, PostgreSQL when one machine is outgrown (C8)."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest
import sqlalchemy as sa

from models.lake.connection import open_lake
from models.lake.proof import prove
from models.lake.proof_check import check
from models.lake.publish import columns_of
from models.lake.reader import open_reader
from models.lake.schema import TABLES
from models.lake.verify import verify
from models.lake.writer import open_writer
from models.settings import Settings
from tests.postgres import empty_database
from tests.unit.lake.samples import HandClock, filled, settings_at, spans


@pytest.fixture(params=["sqlite", "postgres"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    if request.param == "sqlite":
        return settings_at(tmp_path)
    return settings_at(tmp_path, lake_catalog=_plain(request.getfixturevalue("postgres_url")))


@pytest.fixture(params=["sqlite", "postgres"], scope="module")
def standing(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """A lake of two batches on each catalogue, for tests that leave it as it is."""
    home = tmp_path_factory.mktemp("standing")
    with ExitStack() as held:
        more = {}
        if request.param == "postgres":
            more["lake_catalog"] = _plain(
                held.enter_context(empty_database(request.getfixturevalue("postgres_server")))
            )
        settings = settings_at(home, **more)
        filled(settings, batches=2).close()
        yield settings


def _plain(url: str) -> str:
    return "postgresql://" + url.partition("://")[2]


@pytest.mark.req("C5", "C8")
def test_append_read_seal_sign_merge_prove_verify(settings: Settings) -> None:
    writer = filled(settings, batches=9)
    assert writer.append({"spans": spans(5)}, "feed", 9).repeated
    assert writer.maintain(timedelta(0), timedelta(0)).merged > 0
    reader = open_reader(settings)
    for name, schema in (*TABLES.items(), ("seals", None)):
        assert reader.table(f"SELECT * FROM {name} LIMIT 0").schema.names == list(columns_of(name))
        if schema is not None:
            assert reader.table(f"SELECT * EXCLUDE (batch_id, n) FROM {name} LIMIT 0").schema.names == schema.names
    assert reader.rows("SELECT count(*) AS n, min(n) AS low, max(n) AS high FROM spans") == [
        {"n": 450, "low": 0, "high": 49}
    ]
    reader.close()
    writer.checkpoint()
    writer.close()
    report = verify(settings)
    assert (report.breaches, report.batches, report.rows) == ([], 9, 9 * 57)
    key = (settings.home / "keys" / "audit.pub").read_text()
    assert check(prove(settings, "records", 4, 2), key).startswith("v1|records|4|2|")


@pytest.mark.req("C5")
@pytest.mark.parametrize(
    "sql", ["DELETE FROM lake.main.spans WHERE n = 3", "TRUNCATE lake.main.spans", "DROP TABLE lake.main.seals"]
)
def test_the_guards_hold(standing: Settings, sql: str) -> None:
    connection = open_lake(standing, write=True)
    with pytest.raises(duckdb.Error, match="only grows"):
        connection.execute(sql)
    connection.close()
    assert verify(standing).rows == 2 * 57


@pytest.mark.req("C8")
@pytest.mark.postgres
def test_writers_on_postgresql_take_turns_in_one_sequence(tmp_path: Path, postgres_url: str) -> None:
    settings = settings_at(tmp_path, lake_catalog=_plain(postgres_url))
    writers = [open_writer(settings, HandClock()) for _ in range(2)]

    def append(of: int) -> list[int]:
        return [
            writers[of].append({"spans": spans(20, number)}, f"writer-{of}", number).batch_id for number in range(1, 8)
        ]

    with ThreadPoolExecutor(2) as pool:
        batches = [batch for found in pool.map(append, range(2)) for batch in found]
    assert sorted(batches) == list(range(1, 15))
    writers[0].checkpoint()
    writers[1].maintain(timedelta(0), timedelta(0))
    for writer in writers:
        writer.close()
    assert verify(settings).breaches == []


@pytest.mark.req("C5")
@pytest.mark.postgres
def test_tampering_with_a_postgresql_catalogue_is_named(tmp_path: Path, postgres_url: str) -> None:
    settings = settings_at(tmp_path, lake_catalog=_plain(postgres_url))
    filled(settings, batches=6).close()
    engine = sa.create_engine(postgres_url)
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE ducklake_data_file SET record_count = 1 WHERE data_file_id = ("
            "SELECT data_file_id FROM ducklake_data_file JOIN ducklake_table t USING (table_id) "
            "WHERE t.table_name = 'spans' ORDER BY data_file_id LIMIT 1 OFFSET 2)"
        )
        connection.exec_driver_sql("DROP TRIGGER tieout_no_delete ON ducklake_delete_file")
    engine.dispose()
    breaches = verify(settings).breaches
    assert any(one.batch_id == 3 and one.table == "spans" and "catalogue says 1" in one.what for one in breaches)
    assert any(one.table == "catalogue" and "tieout_no_delete" in one.what for one in breaches)


@pytest.mark.postgres
def test_a_journal_on_postgresql_is_read_the_same_way(tmp_path: Path, postgres_url: str) -> None:
    engine = sa.create_engine(postgres_url)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE run (run_id text, amount text, created_at bigint, lease_owner text)")
        connection.exec_driver_sql("INSERT INTO run VALUES ('r1', '1.5', 0, 'w')")
    engine.dispose()
    reader = open_reader(settings_at(tmp_path, journal_url=postgres_url))
    assert reader.rows("SELECT run_id, CAST(amount AS VARCHAR) AS amount, epoch_us(created_at) AS at FROM runs") == [
        {"run_id": "r1", "amount": "1.50", "at": 0}
    ]
    reader.close()
