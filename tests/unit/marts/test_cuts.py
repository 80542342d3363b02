"""A large table is looked through once for the rows of some values, and not again for those of fewer."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest

from models.derivation.cuts import Cuts
from models.lake.connection import attach_derived


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        attach_derived(connection)
        for name in ("state", "part"):
            connection.execute(f"CREATE SCHEMA derived.{name}")
        connection.execute(
            "CREATE TABLE derived.state.item AS "
            "SELECT nullif('TE-' || i // 2, 'TE-4') AS item_key, i FROM range(10) t(i)"
        )
        for name, keys in {
            "some": "('TE-1'), ('TE-3'), (NULL)",
            "few": "('TE-3'), (NULL)",
            "other": "('TE-0')",
        }.items():
            connection.execute(f"CREATE TABLE derived.part.{name} AS FROM (VALUES {keys}) t(v)")
        yield connection


def numbers(connection: duckdb.DuckDBPyConnection, place: str) -> list[int]:
    return [i for (i,) in connection.execute(f"SELECT i FROM {place} ORDER BY i").fetchall()]


def test_all_rows_of_the_values_are_found_also_of_none(connection: duckdb.DuckDBPyConnection) -> None:
    assert numbers(connection, Cuts(connection).of("item", "item_key", "some")) == [2, 3, 6, 7, 8, 9]


def test_those_of_fewer_values_are_found_without_another_look(connection: duckdb.DuckDBPyConnection) -> None:
    cuts = Cuts(connection)
    cuts.of("item", "item_key", "some")
    connection.execute("DROP TABLE derived.state.item")
    assert numbers(connection, cuts.of("item", "item_key", "few")) == [6, 7, 8, 9]
    with pytest.raises(duckdb.CatalogException):
        cuts.of("item", "item_key", "other")


def test_what_is_let_go_of_is_looked_for_again(connection: duckdb.DuckDBPyConnection) -> None:
    cuts = Cuts(connection)
    cuts.of("item", "item_key", "some")
    cuts.clear()
    connection.execute("DELETE FROM derived.state.item WHERE i = 7")
    assert numbers(connection, cuts.of("item", "item_key", "few")) == [6, 8, 9]
