"""A head that is not as it must be is refused, and the message says where."""

from __future__ import annotations

from pathlib import Path

import pytest

from models.marts.table import Column, table

GOOD = """/*
Late work
by project.

grain: project_key

    project_key  VARCHAR        -                   the project's code
    worth        DECIMAL(18,2)  reporting currency  what it can be billed at, at today's rate
*/

-- first: a table of its own
CREATE OR REPLACE TABLE derived.state.late AS SELECT * FROM derived.state.mart_work;

-- mart_late: made of it
CREATE TABLE IF NOT EXISTS derived.state.mart_late AS
SELECT * FROM derived.state.late JOIN derived.state.mart_fx USING (c);
"""


def told(folder: Path, text: str):
    file = folder / "mart_late.sql"
    file.write_text(text, encoding="utf-8")
    return table(file)


def test_a_head_says_what_a_table_is(tmp_path: Path) -> None:
    found = told(tmp_path, GOOD)
    assert (found.name, found.published, found.purpose) == ("mart_late", "mart_late", "Late work by project.")
    assert found.grain == ("project_key",) and found.kinds == {"project_key": "VARCHAR", "worth": "DECIMAL(18,2)"}
    assert found.columns == (
        Column("project_key", "VARCHAR", None, "the project's code"),
        Column("worth", "DECIMAL(18,2)", "reporting currency", "what it can be billed at, at today's rate"),
    )
    assert found.reads == {"mart_work", "mart_fx"} and found.makes == {"late", "mart_late"}
    assert list(found.statements) == ["first", "mart_late"]


@pytest.mark.parametrize(
    ("wrong", "instead", "message"),
    [
        ("grain: project_key\n", "", "grain"),
        ("grain: project_key", "grain: customer_key", "grain"),
        ("Late work\nby project.\n", "", "purpose"),
        ("VARCHAR        -      ", "VARCHAR  ", "this is not: project_key"),
        ("worth       ", "project_key ", "each column once"),
    ],
)
def test_a_head_at_fault_is_named(tmp_path: Path, wrong: str, instead: str, message: str) -> None:
    assert wrong in GOOD
    with pytest.raises(ValueError, match=rf"mart_late\.sql.*{message}"):
        told(tmp_path, GOOD.replace(wrong, instead))
