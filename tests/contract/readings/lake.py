"""A lake of two firms, and the same lake in which the other firm never was; each published name is a table of rows."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb

from app.readings.scope import OPEN
from models.lake.connection import connect
from models.settings import Settings

OURS, THEIRS, NOBODYS = "d", "u", "n"
"""What every text of a firm's rows reads, and the firm's name; NOBODYS rows name no legal entity."""
_SPECIAL: dict[str, tuple[str, ...]] = {
    "kind": ("settlement", "time", "totals"),
    "entity": ("invoice", "project"),
    "state": ("dead", "blocked"),
    "world": ("for",),
    "zone": ("UTC",),
    "status": ("open", "open", "restated"),
    "cause": ("cause",),
    "currency": ("EUR",),
    "table_name": ("records",),
    "fields": ("{}",),
    "body": ("{}",),
    "attributes": ("{}",),
    "resource": ("{}",),
    "events": ("[]",),
}
"""Columns whose words statements choose by; their values are the same for every firm."""
_TYPED = (
    (re.compile(r"DATE\[\]"), ["2026-06-01"]),
    (re.compile("TIMESTAMP|DATE"), "2026-06-01"),
    (re.compile("BOOLEAN"), True),
    (re.compile(r"VARCHAR\[\]"), ["x"]),
)
_NUMBERS = {OURS: 1, NOBODYS: 10, THEIRS: 100}
PARAMETERS: dict[str, Any] = {
    "since": "2026-01-01T00:00:00+00:00",
    "step": 3600,
    "hours": 168,
    "limit": 1000,
    "offset": 0,
    "rounding": "0.01",
    "measure": 5,
    "cause": "cause",
    "kind": "invoice",
    "kinds": ["invoice", "project"],
    "month": "2026-06",
}


COSTS = re.compile(r"(?<!target_)(cost|margin)")
"""Columns that tell a labour rate, or derive from one."""


def two_firms(home: Path, *firms: str, dearer: int = 1) -> duckdb.DuckDBPyConnection:
    """Every published name as a table with rows of these firms; what is open to all has the same rows in each lake.

    Work costs `dearer` times as much as in another lake, and nothing else differs.
    """
    shapes, lake = connect(Settings(home=home)), duckdb.connect()
    for (name,) in shapes.execute("SELECT view_name FROM duckdb_views() WHERE NOT internal").fetchall():
        columns = _columns(shapes, name)
        fields = ", ".join(f'"{column}" {kind}' for column, kind in columns.items())
        lake.execute(f'CREATE TABLE "{name}" ({fields})')
        for firm in (OURS, THEIRS, NOBODYS) if name in OPEN else firms:
            if firm != NOBODYS or name in OPEN:
                _fill(lake, name, columns, firm, dearer)
    for firm in set(firms) - {NOBODYS}:
        _add_unnamed(lake, firm)
    return lake


def _add_unnamed(lake: duckdb.DuckDBPyConnection, firm: str) -> None:
    """What flows and systems tell of the firm's project without naming the firm."""
    for name, thing in (("records", {"business_key": f"project:{firm}"}), ("observations", {"entity": "project"})):
        _fill(lake, name, _columns(lake, name), firm, legal_entity=None, **thing)


def add_nobodys(lake: duckdb.DuckDBPyConnection) -> None:
    """Rows that name no legal entity, and whose thing is nobody's, in sources that keep those to themselves."""
    for (name,) in lake.execute("SELECT table_name FROM duckdb_tables()").fetchall():
        columns = _columns(lake, name)
        if "legal_entity" in columns and name not in OPEN:
            _fill(lake, name, columns, NOBODYS)


def _columns(lake: duckdb.DuckDBPyConnection, table: str) -> dict[str, str]:
    return {row[0]: row[1] for row in lake.execute(f'DESCRIBE "{table}"').fetchall()}


def _fill(
    lake: duckdb.DuckDBPyConnection, table: str, columns: Mapping[str, str], firm: str, dearer: int = 1, **fixed: Any
) -> None:
    """Three rows, so that each word a statement chooses by is in one of them."""
    for turn in range(3):
        told = {column: _value(column, kind, firm, turn, dearer) for column, kind in columns.items()}
        values = list({**told, **fixed}.values())
        lake.execute(f'INSERT INTO "{table}" VALUES ({", ".join("?" * len(values))})', values)


def _value(column: str, kind: str, firm: str, turn: int, dearer: int) -> Any:
    if column == "legal_entity":
        return None if firm == NOBODYS else firm
    if column == "resolved_at":
        return None
    if column == "unit":
        return "EUR" if firm == THEIRS else "%"  # their money is theirs alone, a ratio is everybody's
    if column == "period" and turn == 1:
        return PARAMETERS["month"]  # of what is blocked; the others are of a period named like the firm
    if column == "body" and turn == 2:
        return json.dumps({"period": firm, "day": firm})  # of the record of a control total
    if column in ("numerator", "denominator"):
        return None if firm == OURS else _NUMBERS[firm]  # what a ratio divides is money of the whole firm
    if kind == "VARCHAR":
        words = _SPECIAL.get(column, (firm,))
        return words[turn % len(words)]
    typed = next((value for pattern, value in _TYPED if pattern.search(kind)), None)
    if typed is not None:
        return typed
    return _NUMBERS[firm] * (dearer if COSTS.search(column) else 1)


def parameters(sql: str, firm: str) -> dict[str, Any]:
    """What a statement is asked with by somebody who looks for this firm's things."""
    named = re.findall(r"\$(\w+)(::VARCHAR\[\])?", sql)
    texts = {name: f"%{firm}%" if name == "like" else [firm] if many else firm for name, many in named}
    return {**texts, **{name: value for name, value in PARAMETERS.items() if name in texts}}
