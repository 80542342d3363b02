"""C8, E8: sessions of a PostgreSQL catalogue are cut while their process lives: no number twice, and it goes on."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pyarrow as pa
import pytest
import sqlalchemy as sa

from models.domain.errors import Retriable
from models.lake.connection import open_lake
from models.lake.verify import verify
from models.lake.writer import LakeWriter, open_writer
from tests.unit.lake.samples import HandClock, settings_at, spans

_HOLDERS = "pid IN (SELECT pid FROM pg_locks WHERE locktype = 'advisory')"


def cut(url: str, whose: str) -> int:
    """End the sessions of this database that meet a condition; how many."""
    admin = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        ended = connection.execute(
            sa.text(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
                f"WHERE datname = current_database() AND pid <> pg_backend_pid() AND {whose}"
            )
        ).all()
    admin.dispose()
    return len(ended)


def just_before_the_commit(writer: LakeWriter, monkeypatch: pytest.MonkeyPatch, then: Callable[[], object]) -> None:
    """Let something happen once, after the writer has chosen its number and before it commits."""
    enter, left = writer._enter_files, [then]

    def entering(written: Mapping[str, pa.Table], batch: int | None) -> None:
        enter(written, batch)
        if left:
            left.pop()()

    monkeypatch.setattr(writer, "_enter_files", entering)


@pytest.mark.finding("C9c")
@pytest.mark.req("C8", "E8")
@pytest.mark.postgres
def test_who_lost_its_turn_commits_nothing(
    tmp_path: Path,
    postgres_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The lock's session is cut while its holder is about to commit: another takes the turn and the number; the holder
    notices, and takes the next one.
    """
    settings = settings_at(tmp_path, lake_catalog=postgres_url.replace("+psycopg", ""))
    one, other = (open_writer(settings, HandClock()) for _ in range(2))
    cuts: list[int] = []

    def meanwhile() -> None:
        cuts.append(cut(postgres_url, _HOLDERS))
        assert other.append({"spans": spans(20, 100)}, "other", 1).batch_id == 1

    just_before_the_commit(one, monkeypatch, meanwhile)
    with pytest.raises(Retriable):
        one.append({"spans": spans(20)}, "one", 1)
    assert cuts == [1], "the holder's session was there to be cut"
    assert one.append({"spans": spans(20)}, "one", 1).batch_id == 2
    assert other.append({"spans": spans(20, 200)}, "other", 2).batch_id == 3
    one.checkpoint()
    for writer in (one, other):
        writer.close()
    report = verify(settings)
    assert report.breaches == [] and report.rows == 60


@pytest.mark.req("C8", "E8")
@pytest.mark.postgres
def test_every_session_is_cut_and_the_writer_goes_on(tmp_path: Path, postgres_url: str) -> None:
    """A restart of the database: what was being appended is appended again, by the same writer."""
    settings = settings_at(tmp_path, lake_catalog=postgres_url.replace("+psycopg", ""))
    writer = open_writer(settings, HandClock())
    writer.append({"spans": spans(20)}, "one", 1)
    assert cut(postgres_url, "true") >= 2
    deadline, refused = time.monotonic() + 20, 0
    while True:
        try:
            receipt = writer.append({"spans": spans(20, 100)}, "one", 2)
            break
        except Retriable:
            refused += 1
            assert time.monotonic() < deadline, "it never went on"
    assert refused <= 3 and (receipt.batch_id, receipt.stored) == (2, 20)
    writer.checkpoint()
    writer.close()
    assert verify(settings).breaches == []


@pytest.mark.req("E8")
@pytest.mark.postgres
def test_whoever_vanishes_keeps_the_turn_for_seconds_only(tmp_path: Path, postgres_url: str) -> None:
    """A machine that is cut off closes no session. The database is told to look after each of ours by itself."""
    settings = settings_at(tmp_path, lake_catalog=postgres_url.replace("+psycopg", ""))
    writer = open_writer(settings, HandClock())
    shown = "SHOW tcp_keepalives_idle"
    assert writer._lock._connection.execute(shown).fetchone() == ("5",)
    found = open_lake(settings, write=True)
    asked = "SELECT current_setting(''tcp_user_timeout'') AS patience"
    rows = found.execute(f"FROM postgres_query('__ducklake_metadata_lake', '{asked}')").fetchall()
    assert rows == [("20000",)]
    found.close()
    writer.close()
