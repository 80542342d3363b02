"""`tieout sql` shows rates, pay and contract values to who may see them, asks for them and says why (G2)."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from app.readings.clear import NOTHING
from app.readings.journey.trace import NotCleared
from app.readings.sql import asked_clear, shown_rows
from app.readings.viewer import Viewer
from models.canonical.classification import MASK
from models.domain.errors import Misconfigured
from models.keys.keyring import Keyring
from models.keys.sealing import sealed
from models.settings import Settings
from tests.unit.engine.hostile import HandClock

OLD = {"cost_rate": {"amount": "61.50", "currency": "EUR"}, "hours": "8"}
FINANCE = Viewer("ada", frozenset({"finance"}))


@pytest.fixture
def stores(tmp_path: Path) -> Any:
    told = list[Any]()
    desk, clock = SimpleNamespace(note=told.extend), HandClock()
    return SimpleNamespace(keys=Keyring(Settings(home=tmp_path)), desk=desk, told=told, now=clock.now)


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


@pytest.mark.req("G2")
def test_whoever_asks_for_clear_values_says_why_may_see_them_and_is_kept(stores: Any) -> None:
    with pytest.raises(Misconfigured, match="--reason"):
        asked_clear(stores, FINANCE, "select 1", " ")
    with pytest.raises(NotCleared):
        asked_clear(stores, Viewer("ben", frozenset({"operations"})), "select 1", "why not")
    assert stores.told == [] and asked_clear(stores, FINANCE, "select 1", "audit") == FINANCE.clear
    (kept,) = stores.told
    assert (kept.actor, kept.body["reason"], kept.body["asked"]) == ("ada", "audit", "select 1")
