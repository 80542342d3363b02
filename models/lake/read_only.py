"""What a reader's SQL may do: one statement that reads the published stores, nothing of the file system or the network."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

import duckdb
import orjson

from models.domain.errors import TieoutError

TABLE_FUNCTIONS = frozenset(
    ["range", "generate_series", "unnest", "json_each", "json_tree", "repeat", "repeat_row", "duckdb_tables", "duckdb_views", "duckdb_columns", "duckdb_functions", "duckdb_types", "duckdb_keywords", "summary", "test_all_types"]
)
_EXPLAIN = re.compile(r"^\s*explain\s+(analyze\s+)?", re.IGNORECASE)
_DESCRIBE = re.compile(r"^\s*(describe|desc|show|summarize)\b(?P<rest>.*)$", re.IGNORECASE | re.DOTALL)
_FILES = re.compile(r"\b(read_\w+|\w*parquet\w*|glob|sniff_csv|query|query_table|\w*_(scan|query|execute|attach)|which_secret|getenv|ducklake_\w+)\s*\(")
_QUOTED_SOURCE = re.compile(r"\b(from|join|describe|summarize|show|,)\s*'", re.IGNORECASE)


class NotReadOnly(TieoutError):
    """A reader's SQL would do more than read the published tables."""

    code = "sql.read-only"


@lru_cache(maxsize=1024)
def check(sql: str) -> None:
    """Raise NotReadOnly unless `sql` is one SELECT, EXPLAIN, DESCRIBE or SHOW over stored tables.

    duckdb.ParserException passes through, since its message names the place of the fault.
    """
    statements = duckdb.extract_statements(sql)
    if len(statements) != 1:
        raise NotReadOnly(f"give one statement at a time; these are {len(statements)}")
    kind = statements[0].type.name
    explained = _EXPLAIN.match(sql)
    if kind == "EXPLAIN" and explained:
        return check(sql[explained.end() :])
    if kind != "SELECT":
        raise NotReadOnly(f"{kind} is refused: this connection reads only. Use SELECT, EXPLAIN, DESCRIBE or SHOW; change things with `tieout replay` or the console")
    if _FILES.search(sql.lower()) or _QUOTED_SOURCE.search(sql):
        raise _files_refused()
    if not _DESCRIBE.match(sql):
        _check_tree(_tree(sql))
    return None


def _tree(sql: str) -> Any:
    row = _parser().execute("SELECT json_serialize_sql($1::VARCHAR)", [sql]).fetchone()
    tree = orjson.loads(row[0]) if row else {"error": True}
    return None if tree.get("error") else tree


@lru_cache(maxsize=1)
def _engine() -> duckdb.DuckDBPyConnection:
    return duckdb.connect(config={"threads": 1, "memory_limit": "64MiB"})


def _parser() -> duckdb.DuckDBPyConnection:
    return _engine().cursor()


def _check_tree(node: Any) -> None:
    if isinstance(node, list):
        for part in node:
            _check_tree(part)
        return
    if not isinstance(node, dict):
        return
    if node.get("type") == "BASE_TABLE" and re.search(r"[/\\.:*]", str(node.get("table_name"))):
        raise _files_refused()
    if node.get("type") == "TABLE_FUNCTION":
        name = str(node.get("function", {}).get("function_name")).lower()
        if name not in TABLE_FUNCTIONS:
            raise NotReadOnly(f"the table function {name}() is refused: query the published tables; SHOW TABLES lists them")
    for part in node.values():
        _check_tree(part)


def _files_refused() -> NotReadOnly:
    return NotReadOnly("reading files or other databases is refused: query the published tables; SHOW TABLES lists them")
