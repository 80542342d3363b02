"""What a reader's SQL may do: one statement that reads the published stores, nothing of files or the network.

The friendly half of two locks: it says what to do instead. `confinement` holds where a statement gets past it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import duckdb
import orjson

from models.domain.errors import TieoutError

TABLE_FUNCTIONS = frozenset(
    [
        "range",
        "generate_series",
        "unnest",
        "json_each",
        "json_tree",
        "repeat",
        "repeat_row",
        "duckdb_tables",
        "duckdb_views",
        "duckdb_columns",
        "duckdb_functions",
        "duckdb_types",
        "duckdb_keywords",
        "summary",
        "test_all_types",
    ]
)
_EXPLAIN = re.compile(r"^\s*explain\s+(analyze\s+)?", re.IGNORECASE)
_DESCRIBE = re.compile(r"^\s*(describe|desc|show|summarize)\b(?P<rest>.*)$", re.IGNORECASE | re.DOTALL)
_REFUSED = re.compile(
    r"^(read_\w+|\w*parquet\w*|glob|getenv|query|query_table|\w+_(scan|query|execute|attach)|write_log|set_config)$"
)
_FILE = re.compile(r"[/\\.:*]")
_OUTSIDE = re.compile(r"(\b\w+\s*\()|'")


class NotReadOnly(TieoutError):
    """A reader's SQL would do more than read the published tables."""

    code = "sql.read-only"


@lru_cache(maxsize=1024)
def only_read(sql: str) -> str:
    """The one SELECT, DESCRIBE or SHOW that `sql` is, or explains. Raises NotReadOnly for any other statement."""
    statements = duckdb.extract_statements(sql)
    if len(statements) != 1:
        raise NotReadOnly(f"give one statement at a time; these are {len(statements)}")
    kind = statements[0].type.name
    explained = _EXPLAIN.match(sql)
    if kind == "EXPLAIN" and explained:
        return only_read(sql[explained.end() :])
    if kind != "SELECT":
        raise NotReadOnly(
            f"{kind} is refused: this connection reads only. Use SELECT, EXPLAIN, DESCRIBE or SHOW; change things with "
            "`tieout replay` or the console"
        )
    return sql


@lru_cache(maxsize=1024)
def check(sql: str) -> None:
    """Raise NotReadOnly unless `sql` is one SELECT, EXPLAIN, DESCRIBE or SHOW over stored tables.

    duckdb.ParserException passes through, since its message names the place of the fault.
    """
    sql = only_read(sql)
    described = _DESCRIBE.match(sql)
    if described is None:
        return _check_tree(_tree(sql))
    return _check_described(described["rest"])


def _check_described(rest: str) -> None:
    """DESCRIBE and SUMMARIZE take a query or a name; both open what they are given."""
    if re.match(r"\s*(select|from|with|values)\b", rest, re.IGNORECASE):
        _check_tree(_tree(rest))
    elif _OUTSIDE.search(rest) or re.search(r'"[^"]*[/\\.:*][^"]*"', rest):
        raise _files_refused()


def _tree(sql: str) -> Any:
    row = _parser().execute("SELECT json_serialize_sql($1::VARCHAR)", [sql]).fetchone()
    tree = orjson.loads(row[0]) if row else {"error": True}
    if tree.get("error"):
        raise NotReadOnly(
            f"this statement is refused, since it cannot be checked ({tree.get('error_message', 'unknown form')}): "
            "write it as a SELECT"
        )
    return tree


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
    if node.get("type") == "BASE_TABLE" and _FILE.search(str(node.get("table_name"))):
        raise _files_refused()
    if node.get("class") == "FUNCTION" and _REFUSED.match(str(node.get("function_name")).lower()):
        raise _files_refused()
    if node.get("type") == "TABLE_FUNCTION":
        name = str(node.get("function", {}).get("function_name")).lower()
        if name not in TABLE_FUNCTIONS:
            raise NotReadOnly(
                f"the table function {name}() is refused: query the published tables; SHOW TABLES lists them"
            )
    for part in node.values():
        _check_tree(part)


def _files_refused() -> NotReadOnly:
    return NotReadOnly(
        "reading files or other databases is refused: query the published tables; SHOW TABLES lists them"
    )


@lru_cache(maxsize=1024)
def sources(sql: str) -> frozenset[str]:
    """The stored tables that one SELECT reads, as it names them: `schema.table` where it names a schema.

    Names that the statement itself defines by WITH are not among them. Raises NotReadOnly as `check` does.
    """
    check(sql)
    return frozenset(_sources(_tree(sql), frozenset()))


def _sources(node: Any, defined: frozenset[str]) -> Iterator[str]:
    """A name that WITH defines hides a table of that name after it, not before it and not in its own definition."""
    if isinstance(node, dict):
        if node.get("type") == "BASE_TABLE":
            parts = (node.get("catalog_name"), node.get("schema_name"), node["table_name"])
            yield from {".".join(str(part) for part in parts if part).lower()} - defined
        for entry in (node.get("cte_map") or {}).get("map", ()):
            yield from _sources(entry["value"], defined)
            defined |= {str(entry["key"]).lower()}
    inner = [part for key, part in node.items() if key != "cte_map"] if isinstance(node, dict) else node
    for part in inner if isinstance(inner, list) else ():
        yield from _sources(part, defined)
