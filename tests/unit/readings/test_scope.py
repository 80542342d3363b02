"""Scope is applied to a statement's sources, whatever it does with them (G1)."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from app.readings.scope import OPEN, RULES, Unscoped, may_see, scoped
from app.readings.viewer import Viewer, owner_viewer
from models.settings import Settings

ALL = Viewer("ada", frozenset({"finance"}))
GERMAN = Viewer("bo", frozenset({"finance"}), ("NOV-DE",))
STATEMENTS = (
    "SELECT item FROM mart_thing ORDER BY item",
    "WITH chosen AS (SELECT * FROM mart_thing) SELECT item FROM chosen ORDER BY item",
    "SELECT item FROM (SELECT * FROM mart_thing UNION ALL SELECT * FROM mart_thing WHERE false) ORDER BY item",
    "SELECT a.item FROM mart_fx LEFT JOIN mart_thing a ON true ORDER BY a.item",
    "WITH m AS (SELECT item FROM mart_thing), n AS (SELECT * FROM m) SELECT DISTINCT item FROM n ORDER BY item",
    "SELECT item FROM Mart_Thing ORDER BY item",
)


@pytest.fixture
def tables() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute(
        "CREATE TABLE mart_thing AS FROM (VALUES (1, 'NOV-DE'), (2, 'NOV-UK'), (3, NULL)) t(item, legal_entity)"
    )
    connection.execute("CREATE TABLE mart_fx AS SELECT 'EUR' AS currency")
    connection.execute(
        "CREATE TABLE records AS SELECT item, legal_entity, NULL::VARCHAR AS business_key FROM mart_thing"
    )
    connection.execute("CREATE TABLE mart_work (kind VARCHAR, item_key VARCHAR, legal_entity VARCHAR)")
    connection.execute("CREATE TABLE mart_project (project_key VARCHAR, legal_entity VARCHAR)")
    connection.execute("CREATE TABLE mart_state_resource (key VARCHAR, legal_entity VARCHAR)")
    connection.execute("CREATE TABLE mart_closed AS SELECT 1 AS secret")
    return connection


def asked(tables: duckdb.DuckDBPyConnection, viewer: Viewer, sql: str) -> list[int]:
    text = scoped(sql, viewer)
    given = {"entities": list(viewer.entities)} if "$entities" in text else {}
    return [row[0] for row in tables.execute(text, given).fetchall()]


@pytest.mark.req("G1")
@pytest.mark.parametrize("sql", STATEMENTS)
def test_a_limited_viewer_gets_their_own_rows_alone(tables: duckdb.DuckDBPyConnection, sql: str) -> None:
    assert asked(tables, GERMAN, sql) == [1]
    assert asked(tables, ALL, sql) == [1, 2, 3], "who is limited to none sees all"


@pytest.mark.req("G1")
@pytest.mark.parametrize("viewer", [ALL, GERMAN])
def test_what_the_journal_is_asked_by_id_follows_the_rule_of_the_lists(
    tables: duckdb.DuckDBPyConnection, viewer: Viewer
) -> None:
    """G1: what names no legal entity is hidden from a limited viewer here as there."""
    firms = {1: "NOV-DE", 2: "NOV-UK", 3: None}
    seen = [item for item, firm in firms.items() if may_see(viewer, firm)]
    assert seen == asked(tables, viewer, "SELECT item FROM mart_thing ORDER BY item")


@pytest.mark.req("G1", "G6")
def test_a_record_that_names_no_legal_entity_is_its_things(tables: duckdb.DuckDBPyConnection) -> None:
    """G6: of a thing whose legal entity nobody knows, or two systems tell differently, it is hidden."""
    tables.execute("INSERT INTO mart_work VALUES ('time', 'TE-1', 'NOV-DE'), ('time', 'TE-2', 'NOV-UK')")
    tables.execute("INSERT INTO mart_project VALUES ('P-1', 'NOV-DE')")
    tables.execute("INSERT INTO mart_state_resource VALUES ('E-1', 'NOV-DE'), ('E-2', 'NOV-DE'), ('E-2', 'NOV-UK')")
    keys = ("time_entry:TE-1", "time_entry:TE-2", "time_entry:TE-3", "project:P-1", "resource:E-1", "resource:E-2")
    for item, key in enumerate(keys, 10):
        tables.execute("INSERT INTO records VALUES (?, NULL, ?)", [item, key])
    assert asked(tables, GERMAN, "SELECT item FROM records ORDER BY item") == [1, 10, 13, 14]
    assert asked(tables, ALL, "SELECT item FROM records ORDER BY item") == [1, 2, 3, 10, 11, 12, 13, 14, 15]


@pytest.mark.req("G1")
def test_a_source_that_knows_no_legal_entity_is_refused_unless_it_is_open(tables: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(duckdb.BinderException, match="legal_entity"):
        asked(tables, GERMAN, "SELECT secret FROM mart_closed")


@pytest.mark.req("G1")
@pytest.mark.parametrize(
    "sql",
    [
        "SELECT item FROM main.mart_thing",
        "SELECT item FROM memory.main.mart_thing",
        "SELECT 1 WHERE 1 IN (SELECT item FROM main.mart_thing)",
        "WITH RECURSIVE m AS (SELECT item FROM mart_thing) SELECT item FROM m",
        "FROM mart_thing",
    ],
)
def test_no_statement_gets_round_its_scope(tables: duckdb.DuckDBPyConnection, sql: str) -> None:
    with pytest.raises(Unscoped):
        asked(tables, GERMAN, sql)


@pytest.mark.req("G1")
def test_a_name_of_ones_own_does_not_open_the_source_behind_it(tables: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(duckdb.Error):
        asked(tables, GERMAN, "WITH mart_thing AS (SELECT * FROM mart_thing) SELECT item FROM mart_thing")


def test_no_source_is_open_and_limited() -> None:
    assert not OPEN & set(RULES)


@pytest.mark.req("G1")
def test_who_asks_on_the_command_line_is_the_homes_owner(tmp_path: Path) -> None:
    person = owner_viewer(Settings(home=tmp_path, dev_roles="finance, unheard-of", environment="production"))
    assert (person.name, person.roles, person.entities) == (tmp_path.owner(), frozenset({"finance"}), ())
    assert (person.mode, person.environment) == ("command line", "production")
