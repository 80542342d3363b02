"""Named SQL statements from a `.sql` file beside their owner, fitted to SQLite or PostgreSQL.

A statement begins with `-- name: its purpose`. Four spellings are ours: `in json(:x)` and `in json numbers(:x)` take a
list as one JSON parameter, so that a statement stays the same however long the list is; `begins with :x` is a range
that an index serves on SQLite, and is no range on PostgreSQL, whose order of text is its locale's; `$run` stands for
the columns of a run; `skip locked` is left out on SQLite, which has one writer anyway.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import orjson
import sqlalchemy as sa

from models import sql_statements
from models.journal.runs.run import RUN_COLUMNS

_LIST = re.compile(r"in json\((:\w+)\)")
_NUMBERS = re.compile(r"in json numbers\((:\w+)\)")
_BEGINS = re.compile(r"(\w+) begins with (:\w+)")
_INSERT = re.compile(r"insert into (\w+) \(([\w, ]+)\)\s+values \([:\w, ]+\)")
_LOCK = re.compile(r"for update skip locked")


@cache
def statements(file: Path, dialect: str) -> Mapping[str, sa.TextClause]:
    """Every statement of a file by its name, for the dialect `sqlite` or `postgresql`."""
    return {name: sa.text(_fitted(sql, dialect)) for name, sql in sql_statements.statements(file).items()}


def insert_many(connection: sa.Connection, statement: sa.TextClause, rows: Sequence[Mapping[str, Any]]) -> int:
    """Run an `insert … values …` whose parameters are named as its columns, for all rows; how many were inserted.

    On SQLite the driver binds the names itself, which took half the time of a long batch; on PostgreSQL all rows go in
    one statement as JSON, typed by the table, since a batch of single inserts costs a round trip each.
    """
    if not rows:
        return 0
    if connection.dialect.name == "sqlite":
        return connection.exec_driver_sql(statement.text, list(rows)).rowcount
    return connection.execute(_as_one(statement.text), {"rows": orjson.dumps(list(rows)).decode()}).rowcount


@cache
def _as_one(sql: str) -> sa.TextClause:
    """An insert of single rows as one insert of a JSON list of them."""
    changed, found = _INSERT.subn(
        r"insert into \1 (\2) select \2 from json_populate_recordset(cast(null as \1), cast(:rows as json))", sql
    )
    if not found:
        raise ValueError(f"not an insert of single rows: {sql}")
    return sa.text(changed)


def _fitted(sql: str, dialect: str) -> str:
    sql = sql.replace("$run", RUN_COLUMNS)
    if dialect == "postgresql":
        sql = _BEGINS.sub(r"starts_with(\1, \2)", sql)
        sql = _NUMBERS.sub(r"= any(array(select cast(json_array_elements_text(cast(\1 as json)) as bigint)))", sql)
        return _LIST.sub(r"= any(array(select json_array_elements_text(cast(\1 as json))))", sql)
    sql = _BEGINS.sub(r"\1 >= \2 and \1 < \2 || char(1114111)", sql)
    return _LOCK.sub(
        "",
        _LIST.sub(r"in (select value from json_each(\1))", _NUMBERS.sub(r"in (select value from json_each(\1))", sql)),
    )
