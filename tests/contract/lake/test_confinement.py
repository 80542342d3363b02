"""What DuckDB itself refuses on a reader's connection, where our own check of the statement is not even asked."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import duckdb
import pytest

from models.domain.clock import SystemClock
from models.journal import open_journal
from models.lake import answering
from models.lake.confinement import confine
from models.lake.connection import connect, open_engine
from models.lake.read_only import NotReadOnly
from models.lake.writer import open_writer
from models.settings import Settings
from tests.unit.lake.samples import HandClock, filled, settings_at, spans

REFUSED = (
    "SELECT * FROM read_csv('/etc/passwd')",
    "SELECT * FROM read_text('/etc/passwd')",
    "SELECT * FROM glob('/etc/*')",
    "SELECT * FROM read_text('{home}/secret.txt')",
    "SELECT * FROM read_text('{home}/lake/data/../../secret.txt')",
    "SELECT * FROM read_parquet('http://127.0.0.1:1/x.parquet')",
    "COPY (SELECT 1) TO '{home}/x.csv'",
    "EXPORT DATABASE '{home}/x'",
    "ATTACH '{home}/x.duckdb'",
    "ATTACH 'ducklake:{home}/x.duckdb' AS x",
    "INSTALL httpfs",
    "LOAD httpfs",
    "SET threads = 1",
    "SET enable_external_access = true",
    "SET allowed_directories = ['/']",
    "RESET lock_configuration",
    "PRAGMA memory_limit = '1GB'",
)


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A home for tests that leave it as it is."""
    made = settings_at(tmp_path_factory.mktemp("home"))
    filled(made, batches=2).close()
    (made.home / "secret.txt").write_text("secret")
    return made


@pytest.mark.req("G1", "O8")
@pytest.mark.parametrize("sql", REFUSED)
def test_duckdb_itself_refuses(sql: str, settings: Settings) -> None:
    asked = sql.format(home=settings.home)
    with closing(connect(settings)) as connection:
        confine(connection, settings)
        with pytest.raises((duckdb.PermissionException, duckdb.InvalidInputException), match=r"disabled|locked"):
            connection.execute(asked)


def test_answers_are_confined_and_see_the_stores(settings: Settings) -> None:
    with closing(answering.Answers(settings)) as answers:
        assert answers.table("SELECT * FROM spans").num_rows == 100
        with pytest.raises(duckdb.PermissionException):
            answers.table("SELECT * FROM read_text('/etc/passwd')")


@pytest.mark.parametrize(
    "sql",
    [
        "COPY (SELECT 1) TO '{home}/lake/data/x.csv'",
        "EXPLAIN ANALYZE COPY (SELECT 1) TO '{home}/lake/data/x.csv'",
        "ATTACH '{home}/journal.sqlite' AS x (TYPE sqlite)",
        "CALL ducklake_cleanup_old_files('lake', cleanup_all => true)",
        "CREATE OR REPLACE VIEW spans AS SELECT 1",
        "SELECT 1; SELECT 2",
    ],
)
def test_what_duckdb_would_still_do_the_answering_process_refuses(sql: str, settings: Settings) -> None:
    with closing(answering.Answers(settings)) as answers, pytest.raises(NotReadOnly):
        answers.table(sql.format(home=settings.home))
    assert not (settings.home / "lake" / "data" / "x.csv").exists()


@pytest.mark.parametrize("journal", ["sqlite", "postgres"])
def test_a_store_that_appears_later_is_attached_and_the_locks_stay(
    journal: str, tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answering, "LOOK_AGAIN_SECONDS", 0.0)
    more = {}
    if journal == "postgres":
        url = request.getfixturevalue("postgres_url")
        more = {"journal_url": url, "lake_catalog": "postgresql://" + url.partition("://")[2]}
    settings = settings_at(tmp_path, **more)
    with closing(answering.Answers(settings)) as answers:
        assert answers.table("SELECT * FROM runs").num_rows == answers.table("SELECT * FROM spans").num_rows == 0
        with closing(open_writer(settings, HandClock())) as writer:
            writer.append({"spans": spans(5)}, "otlp", 1)
        open_journal(settings.journal_address, SystemClock()).close()
        assert answers.table("SELECT * FROM spans").num_rows == 5
        assert answers.table("SELECT claims FROM journal.run").num_rows == 0, "the journal's own table"
        with pytest.raises(duckdb.PermissionException):
            answers.table("SELECT * FROM read_text('/etc/passwd')")


def test_a_query_that_does_not_fit_memory_still_spills(settings: Settings) -> None:
    large = "SELECT count(*) FROM (SELECT repeat(i::VARCHAR, 20) AS x FROM range(1000000) t(i) ORDER BY hash(i))"
    with closing(open_engine(settings, memory_mib=80, threads=1)) as connection:
        confine(connection, settings)
        assert connection.execute(large).fetchone() == (1_000_000,)


class _Bucket(BaseHTTPRequestHandler):
    """Object storage with one object, whatever it is asked for."""

    content = b""

    def do_HEAD(self) -> None:
        self._answer(b"")

    def do_GET(self) -> None:
        self._answer(self.content)

    def _answer(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.content)))
        self.send_header("Last-Modified", "Tue, 01 Sep 2026 08:00:00 GMT")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def bucket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    duckdb.connect().execute(f"COPY (SELECT 7 AS n) TO '{tmp_path}/seven.parquet'")
    monkeypatch.setattr(_Bucket, "content", (tmp_path / "seven.parquet").read_bytes())
    with ThreadingHTTPServer(("127.0.0.1", 0), _Bucket) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
        monkeypatch.setenv("AWS_REGION", "eu-central-1")
        yield
        server.shutdown()


def test_data_in_object_storage_is_read_and_no_other_bucket(tmp_path: Path, bucket: None) -> None:
    settings = settings_at(tmp_path, lake_data="s3://firm/lake")
    with closing(open_engine(settings, memory_mib=80, threads=1)) as connection:
        confine(connection, settings)
        assert connection.execute("SELECT n FROM read_parquet('s3://firm/lake/seven.parquet')").fetchone() == (7,)
        with pytest.raises(duckdb.PermissionException):
            connection.execute("SELECT n FROM read_parquet('s3://other/lake/seven.parquet')")
