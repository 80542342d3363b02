"""Canonical bytes: the same from DuckDB and from Python, and never the same for two rows."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.lake import merkle
from models.lake.batch import leaves, staged
from models.lake.canonical import canonical_bytes
from models.lake.connection import open_engine
from models.lake.schema import TABLES
from models.settings import Settings

TEXT = (
    st.none()
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
    | st.sampled_from(["", "|", "-1", "3|abc", "\x00", "~", "é|1"])
)


def values(field: pa.Field) -> st.SearchStrategy[Any]:
    if pa.types.is_string(field.type):
        return TEXT
    if pa.types.is_timestamp(field.type):
        return st.none() | st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1)).map(
            lambda moment: moment.replace(tzinfo=UTC)
        )
    if pa.types.is_boolean(field.type):
        return st.none() | st.booleans()
    if pa.types.is_decimal(field.type):
        return st.none() | st.decimals(Decimal("-1e15"), Decimal("1e15"), places=2)
    bits = field.type.bit_width
    return st.none() | st.integers(-(1 << (bits - 1)), (1 << (bits - 1)) - 1)


def rows_of(name: str) -> st.SearchStrategy[list[dict[str, Any]]]:
    return st.lists(
        st.fixed_dictionaries({field.name: values(field) for field in TABLES[name]}), min_size=1, max_size=6
    )


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory):
    connection = open_engine(Settings(home=tmp_path_factory.mktemp("engine")), memory_mib=128, threads=1)
    yield connection
    connection.close()


@pytest.mark.req("C5")
@pytest.mark.parametrize("name", sorted(TABLES))
def test_sql_and_python_hash_the_same_bytes(engine: Any, name: str) -> None:
    @settings(max_examples=25, deadline=None)
    @given(rows_of(name), st.integers(1, 1 << 40))
    def same(rows: list[dict[str, Any]], batch: int) -> None:
        table = staged(pa.Table.from_pylist(rows, TABLES[name]), TABLES[name], batch)
        expected = [merkle.leaf(canonical_bytes(name, TABLES[name], row)) for row in table.to_pylist()]
        assert leaves(engine, name, table) == expected

    same()


@settings(max_examples=200, deadline=None)
@given(rows_of("quarantine"), rows_of("quarantine"))
def test_different_rows_have_different_bytes(one: list[dict[str, Any]], other: list[dict[str, Any]]) -> None:
    place = {"batch_id": 1, "n": 0}
    a, b = {**one[0], **place}, {**other[0], **place}
    schema = TABLES["quarantine"]
    assert (canonical_bytes("quarantine", schema, a) == canonical_bytes("quarantine", schema, b)) == (a == b)


def test_text_cannot_pass_for_its_neighbour() -> None:
    schema = pa.schema([("a", pa.string()), ("b", pa.string())])
    rows = [
        ("x|1|y", "z"),
        ("x", "y|1|z"),
        ("x|1|y|1|z", None),
        (None, "x"),
        ("", "x"),
        ("-1", "x"),
        ("x", ""),
        ("x", None),
    ]
    found = {canonical_bytes("t", schema, {"batch_id": 1, "n": 0, "a": a, "b": b}) for a, b in rows}
    assert len(found) == len(rows)
