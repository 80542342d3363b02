"""The case that owns a thing at the tie-out: also under the code that it has by now."""

from __future__ import annotations

import duckdb
import pytest

from models.marts.definitions import marts


@pytest.mark.req("X12")
@pytest.mark.parametrize(
    ("cause", "owned"),
    [
        ("project-recoded", {"PRJ-1": ("C-1", True), "PRJ-1-B": ("C-1", True)}),
        ("over-contract", {"PRJ-1": ("C-1", True)}),
        ("unexplained", {}),
    ],
)
def test_a_sale_with_another_code_is_owned_under_both(cause: str, owned: dict[str, tuple[str, bool]]) -> None:
    connection = duckdb.connect()
    connection.execute("ATTACH ':memory:' AS derived; CREATE SCHEMA derived.state")
    connection.execute(
        "CREATE TABLE derived.state.mart_project AS SELECT 'PRJ-1' AS project_key, 'PRJ-1-B' AS renamed_to"
    )
    connection.execute(
        "CREATE TABLE findings AS SELECT 'PRJ-1' AS subject_key, 'dead_letter' AS detector, 'C-1' AS case_id, "
        "CAST(NULL AS TIMESTAMPTZ) AS resolved_at"
    )
    connection.execute("CREATE TABLE cases AS SELECT 'C-1' AS case_id, 'open' AS status, ? AS cause", [cause])
    [table] = [one for one in marts() if one.name == "case_of"]
    for sql in table.statements.values():
        connection.execute(sql)
    found = connection.execute("SELECT subject_key, case_id, other_case FROM derived.state.case_of").fetchall()
    assert {key: (case, other) for key, case, other in found} == owned
