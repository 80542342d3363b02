"""What statements of the pages answer over rows, where it decides on what a viewer may know."""

from __future__ import annotations

import importlib
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from app.console.billing.breakdown import breakdown
from app.console.billing.page import DIMENSIONS
from app.readings.billing.rows import Part
from app.readings.masking import masked_rows
from app.readings.replays.stake import Hanging, hidden
from app.readings.scope import scoped
from app.readings.viewer import Viewer
from models.lake.connection import connect
from models.settings import Settings
from models.sql_statements import statements

APP = Path(importlib.import_module("app").__file__ or "").parent


def answer(connection: duckdb.DuckDBPyConnection, folder: str, statement: str, **given: Any) -> list[dict[str, Any]]:
    """What a viewer limited to `entities` is answered."""
    file = next(file for file in APP.rglob(f"{folder}.sql"))
    sql = scoped(statements(file)[statement], Viewer("ada", frozenset(), tuple(given.get("entities", ()))))
    asked = connection.execute(sql, {name: value for name, value in given.items() if f"${name}" in sql})
    rows: list[dict[str, Any]] = asked.to_arrow_table().to_pylist()
    return rows


@pytest.fixture
def tables(tmp_path: Path) -> duckdb.DuckDBPyConnection:
    """The published names as empty tables that take rows."""
    shapes, connection = connect(Settings(home=tmp_path)), duckdb.connect()
    for name in (
        "records",
        "spans",
        "logs",
        "cases",
        "findings",
        "mart_billing",
        "mart_foreign_run",
        "mart_project",
        "mart_work",
        "mart_state_resource",
    ):
        connection.register("shape", shapes.execute(f"SELECT * FROM {name} LIMIT 0").to_arrow_table())
        connection.execute(f"CREATE TABLE {name} AS SELECT * FROM shape")
        connection.unregister("shape")
    return connection


def insert(connection: duckdb.DuckDBPyConnection, table: str, *rows: dict[str, Any]) -> None:
    for row in rows:
        connection.execute(
            f"INSERT INTO {table} ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})", list(row.values())
        )


@pytest.mark.req("G2", "E4")
def test_the_stake_of_a_case_names_whose_amounts_it_sums(tables: duckdb.DuckDBPyConnection) -> None:
    """G2: one milestone with an amount beside one without is a sum over one."""
    stone = {
        "case_id": "c",
        "subject_entity": "milestone",
        "subject_key": "M-1",
        "currency": "EUR",
        "amount": Decimal(38000),
    }
    entry = {**stone, "subject_entity": "time_entry", "subject_key": "TE-1", "run_id": "r", "amount": Decimal(700)}
    insert(tables, "findings", stone, stone, {**stone, "subject_key": "M-2", "amount": None}, entry)
    stones, entries = answer(tables, "replays", "stake", cases=["c"], runs=["r"])
    assert (stones["records"], stones["amount"], stones["first_subject"], stones["last_subject"]) == (
        2,
        38000,
        "M-1",
        "M-1",
    )
    assert entries["chosen"] and hidden(masked_rows(Hanging, [stones], frozenset()), [], frozenset()) == {"EUR"}


def trace(tables: duckdb.DuckDBPyConnection, letter: str, *entities: str | None) -> str:
    """A trace with a span, a log line, and a record for each of the legal entities."""
    trace_id, key = letter * 32, f"project:PRJ-{letter}"
    insert(tables, "spans", {"trace_id": trace_id, "span_id": letter, "name": "post", "service_name": "s"})
    insert(tables, "logs", {"trace_id": trace_id, "body": "said"})
    insert(
        tables,
        "records",
        *(
            {"trace_id": trace_id, "business_key": key, "correlation_id": f"corr-{letter}", "legal_entity": one}
            for one in entities
        ),
    )
    return trace_id


@pytest.mark.req("G1", "O2")
def test_no_trace_of_another_legal_entity_is_found_or_read(tables: duckdb.DuckDBPyConnection) -> None:
    """G1: spans name no entity, so their trace's records decide: one that others share, or of which nobody says whose
    it is, is hidden from whoever is limited.
    """
    theirs, ours, shared, foreign = (
        trace(tables, "a", "NOV-UK", None),
        trace(tables, "b", "NOV-DE"),
        trace(tables, "c", "NOV-UK", "NOV-DE"),
        trace(tables, "d"),
    )
    nobodys = trace(tables, "e", None)

    def seen(trace_id: str, *entities: str) -> set[bool]:
        ids = (
            answer(tables, "journey", "ids", q=trace_id, entities=list(entities)),
            answer(tables, "journey", "prefixes", q=trace_id[:8], entities=list(entities)),
        )
        read = (answer(tables, "journey", name, trace=trace_id, entities=list(entities)) for name in ("spans", "logs"))
        return {bool([row for row in rows if row["kind"] == "trace"]) for rows in ids} | {bool(rows) for rows in read}

    assert seen(ours, "NOV-DE") == {True}
    assert [seen(one, "NOV-DE") for one in (theirs, shared, foreign, nobodys)] == [{False}] * 4
    assert [seen(one) for one in (theirs, ours, shared, foreign)] == [{True}] * 4, "who is limited to none sees all"


@pytest.mark.req("G1", "O2")
@pytest.mark.parametrize(("q", "keys"), [("PRJ-a", ["PRJ-a", "project:PRJ-a"]), ("corr-a", ["corr-a"])])
def test_no_name_finds_the_records_of_another_legal_entity(
    tables: duckdb.DuckDBPyConnection, q: str, keys: list[str]
) -> None:
    trace(tables, "a", "NOV-UK")
    assert answer(tables, "journey", "objects", q=q, keys=keys, entities=["NOV-DE"]) == []
    assert (
        len(answer(tables, "journey", "objects", q=q, keys=keys, entities=["NOV-UK"]))
        == len(answer(tables, "journey", "objects", q=q, keys=keys, entities=[]))
        == 1
    )


@pytest.mark.req("O3")
@pytest.mark.parametrize("dimension", DIMENSIONS)
def test_work_is_parted_by_each_dimension_and_what_has_none_names_its_projects(
    tables: duckdb.DuckDBPyConnection, dimension: str
) -> None:
    """O3: work without a project has none to name."""
    known = {"legal_entity": "NOV-DE", "service_line": "Advisory", "customer_key": "C-1", "project_key": "PRJ-1"}
    work = {"state": "moving", "blocker": "in-flight", "items": 1, "bill_reporting": Decimal(10), "oldest_days": 4}
    column = DIMENSIONS[dimension].replace("customer", "customer_key").replace("project", "project_key")
    insert(
        tables, "mart_billing", {**work, **known}, {**work, **known, column: None, "state": "ready", "blocker": None}
    )
    insert(tables, "mart_project", {"project_key": "PRJ-1", "name": "Rollout", "customer_name": "Aldermoor"})
    rows = answer(tables, "billing", f"by_{DIMENSIONS[dimension]}")
    assert sorted((row["key"] or "", row["state"]) for row in rows) == [("", "ready"), (known[column], "moving")]
    named, nameless = sorted(
        (str(row["name"]) for row in breakdown(masked_rows(Part, rows, frozenset()), "EUR", dimension)),
        key=lambda name: "No " in name,
    )
    assert known[column] in named and f"No {dimension.lower()} yet" in nameless
    assert ("PRJ-1" in nameless) == (dimension != "Project")
    assert any("projects" in row for row in rows) == (dimension != "Project"), (
        "nothing is asked for that can only be nothing"
    )
