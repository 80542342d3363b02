"""S-level promise of `tieout sql` and the console: a reader's statement reads, whatever it is (O8, G1)."""

from __future__ import annotations

import pytest

from models.lake.read_only import NotReadOnly, check


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT count(*) FROM records",
        "from spans limit 3",
        "WITH a AS (SELECT 1 AS x) SELECT x FROM a",
        "SELECT coalesce(body, 'from ''a.csv'''), 'x' FROM records WHERE body LIKE '%read_csv(%'",
        "SELECT * FROM range(3), unnest([1, 2])",
        "SHOW TABLES",
        "DESCRIBE runs",
        "DESCRIBE SELECT 1",
        "SUMMARIZE spans",
        "EXPLAIN SELECT 1",
        "EXPLAIN ANALYZE SELECT 1",
        "SELECT extract(year FROM recorded_at) FROM spans",
        "VALUES (1)",
        "SELECT * FROM journal.run",
    ],
)
def test_reads_pass(sql: str) -> None:
    check(sql)


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO spans VALUES (1)",
        "DELETE FROM spans",
        "UPDATE cases SET status = 'resolved'",
        "DROP VIEW spans",
        "CREATE TABLE x (a INT)",
        "COPY spans TO '/tmp/x.csv'",
        "ATTACH '/tmp/x.db'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET memory_limit = '64GB'",
        "PRAGMA database_list",
        "CALL ducklake_expire_snapshots('lake', older_than => now())",
        "SELECT 1; SELECT 2",
        "EXPLAIN ANALYZE DELETE FROM spans",
        "SELECT * FROM 'secret.csv'",
        'SELECT * FROM "/etc/passwd.csv"',
        "SELECT * FROM runs, 'x.json'",
        "WITH q AS (FROM 'x.csv') FROM q",
        "SELECT (SELECT count(*) FROM read_parquet('x.parquet'))",
        "SELECT * FROM read_text('/etc/passwd')",
        "SELECT * FROM glob('/*')",
        "SELECT * FROM query('SELECT 1')",
        "SELECT * FROM sqlite_scan('/tmp/x', 'y')",
        "SELECT getenv('HOME')",
        "FROM duckdb_secrets()",
        "DESCRIBE 'x.csv'",
        'SUMMARIZE "/tmp/x.parquet"',
        "DESCRIBE SELECT * FROM read_csv('x')",
        "EXPLAIN SELECT * FROM read_csv('x')",
    ],
)
def test_all_else_is_refused_with_advice(sql: str) -> None:
    with pytest.raises(NotReadOnly, match=r"refused|one statement"):
        check(sql)
