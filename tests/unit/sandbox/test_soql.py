"""The part of SOQL that polls use, judged as Salesforce would."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from integrations.sandbox.vendors.salesforce.soql import Malformed, ordered, parse

ROW: Mapping[str, Any] = {
    "Id": "006B",
    "IsWon": True,
    "Amount": 12.5,
    "Name": "Roll-out, phase (two) AND more",
    "SystemModstamp": "2026-11-18T10:00:00.500+0000",
    "ParentId": None,
}


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ("IsWon = true", True),
        ("SystemModstamp >= 2026-11-18T10:00:00.500Z", True),
        ("SystemModstamp > 2026-11-18T11:00:00.500+01:00", False),
        ("SystemModstamp > 2026-11-18T10:00:00Z AND IsWon = true", True),
        ("IsWon = false OR (Amount > 12 AND Id IN ('006A', '006B'))", True),
        ("(IsWon = false OR Amount > 13) AND Id != '006A'", False),
        ("Name = 'Roll-out, phase (two) AND more'", True),
        ("Name LIKE 'Roll%'", True),
        ("ParentId = null", True),
        ("Id NOT IN ('006B')", False),
    ],
)
def test_conditions(condition: str, holds: bool) -> None:
    assert parse(f"SELECT Id FROM Opportunity WHERE {condition} ORDER BY Id").where(ROW.get) is holds


def test_parts_of_a_query() -> None:
    query = parse(
        "SELECT Id, Account.Name, (SELECT Name FROM OpportunityLineItems) FROM Opportunity "
        "ORDER BY Amount DESC, Id LIMIT 5 OFFSET 2"
    )
    assert query.fields == ("Id", "Account.Name") and query.children[0][0] == "OpportunityLineItems"
    assert (query.order, query.limit, query.offset) == ((("Amount", True), ("Id", False)), 5, 2)


def test_order_puts_nothing_first() -> None:
    rows = ordered([{"a": 2}, {"a": None}, {"a": 1}], (("a", False),), lambda row, field: row[field])
    assert [row["a"] for row in rows] == [None, 1, 2]


@pytest.mark.parametrize(
    "text", ["DELETE FROM Account", "SELECT Id FROM Account WHERE", "SELECT Id FROM Account WHERE Name ~ 'x'"]
)
def test_what_is_no_query_is_refused(text: str) -> None:
    with pytest.raises(Malformed):
        parse(text).where(ROW.get)
