"""What a viewer of one firm reads of a lake of two is what all read of a lake in which the other never was (G1)."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import duckdb
import pytest

from app.readings.scope import OPEN, RATES, scoped
from app.readings.viewer import Viewer
from models.lake.connection import connect
from models.lake.read_only import sources
from models.settings import Settings
from models.sql_statements import statements
from tests.contract.readings.lake import NOBODYS, OURS, THEIRS, add_nobodys, parameters, two_firms

APP = Path(importlib.import_module("app").__file__ or "").parent
FILES = [file for file in sorted(APP.rglob("*.sql")) if file.name != "scope.sql"]
STATEMENTS = [
    pytest.param(sql, id=f"{file.parent.name}.{name}") for file in FILES for name, sql in statements(file).items()
]
LIMITED = [one for one in STATEMENTS if sources(str(one.values[0])) - OPEN]
EVERYBODY = Viewer("ada", frozenset())
GERMAN = Viewer("bo", frozenset(), (OURS,))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> duckdb.DuckDBPyConnection:
    lake = two_firms(tmp_path_factory.mktemp("whole"), OURS, NOBODYS, THEIRS)
    add_nobodys(lake)
    return lake


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> duckdb.DuckDBPyConnection:
    return two_firms(tmp_path_factory.mktemp("alone"), OURS, NOBODYS)


def answer(lake: duckdb.DuckDBPyConnection, viewer: Viewer, sql: str, firm: str) -> list[dict[str, Any]]:
    text = scoped(sql, viewer)
    given = {**parameters(sql, firm), "entities": list(viewer.entities)}
    asked = lake.execute(text, {name: value for name, value in given.items() if f"${name}" in text})
    rows: list[dict[str, Any]] = asked.to_arrow_table().to_pylist()
    return sorted(rows, key=repr)


@pytest.mark.req("G1")
@pytest.mark.parametrize("looked_for", [OURS, THEIRS])
@pytest.mark.parametrize("sql", STATEMENTS)
def test_another_firm_changes_nothing_that_a_limited_viewer_reads(
    whole: duckdb.DuckDBPyConnection, alone: duckdb.DuckDBPyConnection, sql: str, looked_for: str
) -> None:
    assert answer(whole, GERMAN, sql, looked_for) == answer(alone, EVERYBODY, sql, looked_for)


@pytest.mark.req("G1")
@pytest.mark.parametrize("sql", LIMITED)
def test_the_lake_holds_what_each_statement_must_keep_back(whole: duckdb.DuckDBPyConnection, sql: str) -> None:
    """The test above cannot pass for want of rows: who is not limited reads the other firm's."""
    assert answer(whole, EVERYBODY, sql, THEIRS) != answer(whole, GERMAN, sql, THEIRS)
    assert answer(whole, GERMAN, sql, OURS), "and the limited viewer reads their own"


@pytest.mark.req("G1")
def test_no_source_that_is_open_to_all_holds_money(empty: duckdb.DuckDBPyConnection) -> None:
    """Money is DECIMAL everywhere, and but for exchange rates nothing else is."""
    decimals = {
        (name, column)
        for name in OPEN
        for column, kind, *_ in empty.execute(f"DESCRIBE {name}").fetchall()
        if kind.startswith("DECIMAL")
    }
    assert decimals == {(name, "rate") for name in RATES}


@pytest.mark.req("G1")
def test_the_firms_ratios_are_everybodys_and_its_money_is_not(whole: duckdb.DuckDBPyConnection) -> None:
    units = [
        {row["unit"] for row in answer(whole, who, "SELECT unit FROM mart_kpi", OURS)} for who in (EVERYBODY, GERMAN)
    ]
    assert units == [{"EUR", "%"}, {"%"}]


@pytest.mark.req("G1", "X13")
@pytest.mark.parametrize("name", ["mart_kpi", "mart_kpi_day"])
def test_what_a_ratio_divides_is_money_and_not_shown_to_who_is_limited(tmp_path: Path, name: str) -> None:
    lake = two_firms(tmp_path, OURS)
    lake.execute(f"UPDATE {name} SET numerator = 33, denominator = 100")
    asked = f"SELECT DISTINCT numerator, denominator FROM {name}"
    assert answer(lake, EVERYBODY, asked, OURS) == [{"numerator": 33, "denominator": 100}]
    assert answer(lake, GERMAN, asked, OURS) == [{"numerator": None, "denominator": None}]


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> duckdb.DuckDBPyConnection:
    """The published names as they answer before any store is there."""
    return connect(Settings(home=tmp_path_factory.mktemp("empty")))


@pytest.mark.parametrize("sql", STATEMENTS)
def test_every_statement_answers_stores_that_are_not_there_yet(empty: duckdb.DuckDBPyConnection, sql: str) -> None:
    assert answer(empty, EVERYBODY, sql, OURS) == answer(empty, GERMAN, sql, OURS) == []
