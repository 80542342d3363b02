"""`tieout sql` shows rates, pay and contract values to who may see them, asks for them and says why (G2)."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import pytest

from app.readings.clear import NOTHING, NotCleared, asked_clear
from app.readings.scope import Unscoped
from app.readings.sql import STORED, masked_statement, seen, shown_rows
from app.readings.viewer import Viewer
from models.canonical.classification import MASK
from models.domain.errors import Misconfigured
from models.keys.keyring import Keyring
from models.keys.sealing import sealed
from models.lake.read_only import NotReadOnly
from models.marts.definitions import published
from models.settings import Settings
from tests.unit.engine.hostile import HandClock

OLD = {"cost_rate": {"amount": "61.50", "currency": "EUR"}, "hours": "8"}
FINANCE, OPERATIONS = Viewer("ada", frozenset({"finance"})), Viewer("ben", frozenset({"operations"}))


@pytest.fixture
def stores(tmp_path: Path) -> Any:
    told = list[Any]()
    desk, clock = SimpleNamespace(note=told.extend), HandClock()
    return SimpleNamespace(keys=Keyring(Settings(home=tmp_path)), desk=desk, told=told, now=clock.now)


@pytest.mark.finding("A6b")
@pytest.mark.req("G2")
def test_sealed_values_and_clear_bodies_of_an_earlier_release_are_masked_until_asked_for(stores: Any) -> None:
    new = sealed(stores.keys, OLD, "time_entry", "T-1")
    alone = new["cost_rate"]["amount"]
    rows = [{"body": json.dumps(OLD), "n": 1}, {"body": json.dumps(new), "n": 2}, {"body": alone, "n": 3}]
    shown = shown_rows(stores, rows, NOTHING)
    assert all("61.50" not in str(row) and "enc:v1:" not in str(row) for row in shown)
    assert [row["n"] for row in shown] == [1, 2, 3] and json.loads(shown[1]["body"])["hours"] == "8"
    clear = shown_rows(stores, rows, FINANCE.clear)
    assert [json.loads(row["body"]) for row in clear[:2]] == [OLD, OLD] and clear[2]["body"] == "61.50"
    assert MASK not in str(clear)


@pytest.mark.finding("A6b")
@pytest.mark.req("G2")
def test_whoever_asks_for_clear_values_says_why_may_see_them_and_is_kept(stores: Any) -> None:
    with pytest.raises(Misconfigured, match="--reason"):
        asked_clear(stores, FINANCE, "sql", " ", asked="select 1")
    with pytest.raises(NotCleared):
        asked_clear(stores, OPERATIONS, "sql", "why not", asked="select 1")
    assert stores.told == [] and asked_clear(stores, FINANCE, "sql", "audit", asked="select 1") == FINANCE.clear
    (kept,) = stores.told
    assert (kept.actor, kept.body["reason"], kept.body["asked"]) == ("ada", "audit", "select 1")


@pytest.mark.req("G2")
def test_pay_that_a_statement_took_out_by_itself_opens_for_nobody_who_is_not_cleared_for_pay(stores: Any) -> None:
    pay = sealed(stores.keys, {"base_pay": "5433.21"}, "resource", "R-1")["base_pay"]
    assert shown_rows(stores, [{"anything": pay}], FINANCE.clear) == [{"anything": MASK}]


@pytest.mark.req("G2")
def test_money_is_empty_in_the_views_of_who_is_not_cleared_and_said_so() -> None:
    sql = "WITH mine AS (SELECT * FROM mart_work) SELECT max(bill_amount), max(hours) FROM mine"
    assert masked_statement(sql, FINANCE) == (sql, ())
    masked, hidden = masked_statement(sql, OPERATIONS)
    told = {f"mart_work.{name}" for name in ("bill_amount", "cost_amount", "bill_reporting")}
    assert told <= set(hidden)
    assert "mart_work.hours" not in hidden
    with duckdb.connect() as connection:
        columns = ", ".join(f"{one.name} {one.kind}" for one in published()["mart_work"].columns)
        connection.execute(f"CREATE TABLE mart_work ({columns})")
        connection.execute("INSERT INTO mart_work (bill_amount, hours) VALUES (960, 8)")
        assert connection.execute(masked).fetchall() == [(None, 8)]
    assert masked_statement("SELECT rate FROM mart_fx", OPERATIONS)[1] == ()
    assert masked_statement("DESCRIBE mart_work", OPERATIONS) == ("DESCRIBE mart_work", ())
    for around in ("SELECT bill_amount FROM marts.main.mart_work", "FROM mart_work", "SUMMARIZE mart_work"):
        with pytest.raises((Unscoped, NotReadOnly)):
            masked_statement(around, OPERATIONS)


@pytest.mark.req("G2")
@pytest.mark.parametrize(
    ("sql", "told"),
    [
        ("select item_key, cost_amount from mart_work", ("mart_work.cost_amount",)),
        ("select state, count(*), sum(hours) from mart_work group by 1", ()),
        ("select max(amount) from runs join mart_fx on true", ("runs.amount",)),
        ("describe mart_work", ()),
    ],
)
def test_money_that_a_statement_asks_for_is_known_so_that_who_saw_it_can_be_kept(
    sql: str, told: tuple[str, ...]
) -> None:
    assert seen(sql, FINANCE.clear) == told and seen(sql, OPERATIONS.clear) == ()
    assert len(seen("select * from mart_work", FINANCE.clear)) > 5


@pytest.mark.parametrize("name", sorted(STORED))
def test_amounts_of_one_thing_in_lake_and_journal_are_empty_too(name: str) -> None:
    assert masked_statement(f"SELECT amount FROM {name}", OPERATIONS)[1] == (f"{name}.amount",)
