"""A firm whose rates and values are sealed, all of them or those since an upgrade, has the marts of one that shows them
all (G2, C7). `STEPS_SEED` plays a failure again, as in `test_steps.py`.
"""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from models.derivation.refresh import refresh
from models.keys.keyring import PREFIX, Keyring
from models.keys.sealing import sealed
from models.settings import Settings
from tests.property.marts.test_steps import LEVELS, SEED, World, _Clock, _from_nothing, state


def close(firm: World, keys: Keyring, since: int = 0, until: int = 10**9) -> str:
    """Seal what the lake has of these batches, as engines store it; all of it as one text."""
    rows = firm.lake.connection.execute(
        "SELECT 'observations', batch_id, fields, entity, key FROM observations WHERE batch_id > $1 AND batch_id <= $2 "
        "UNION ALL SELECT 'records', batch_id, body, entity, business_key FROM records "
        "WHERE batch_id > $1 AND batch_id <= $2",
        [since, until],
    ).fetchall()
    told = list[str]()
    for table, batch, text, entity, key in rows:
        told.append(json.dumps(sealed(keys, json.loads(text), entity or "project", key)))
        column = "fields" if table == "observations" else "body"
        firm.lake.connection.execute(
            f"UPDATE lake.main.{table} SET {column} = $1 WHERE batch_id = $2", [told[-1], batch]
        )
    return "\n".join(told)


@pytest.mark.req("G2")
def test_sealed_values_derive_to_the_same_marts_as_clear_ones(tmp_path: Path) -> None:
    print(f"STEPS_SEED={SEED}")
    firm, keys = World(random.Random(SEED)), Keyring(Settings(home=tmp_path))
    clock = _Clock(firm)
    for change in (firm.contract, firm.sale, firm.budget, firm.invoice, firm.posting, firm.other):
        change(1)
    for _ in range(60):
        firm.change()
    firm.pass_time()
    refresh(firm.lake.connection, "EUR", clock, LEVELS)
    clear = state(firm.lake)
    half = firm.lake.batch // 2
    assert PREFIX in close(firm, keys, half)

    assert _from_nothing(firm, clock, keys) == clear, f"seed {SEED}: sealed since an upgrade"
    text = close(firm, keys, until=half)
    assert '"amount": "60.00"' not in text and _from_nothing(firm, clock, keys) == clear, (
        f"seed {SEED}: sealed from the beginning"
    )


@pytest.mark.req("C7")
def test_a_rate_whose_key_was_dropped_is_gone_from_what_is_derived_and_nothing_else_is(tmp_path: Path) -> None:
    firm, keys = World(random.Random(1)), Keyring(Settings(home=tmp_path))
    clock = _Clock(firm)
    firm.lake.observe("workday", "resource", "E-7", name="Ada", cost_rate={"amount": "61.00", "currency": "EUR"})
    firm.lake.observe("workday", "resource", "E-8", name="Ben", cost_rate={"amount": "62.00", "currency": "EUR"})
    close(firm, keys)
    firm.lake.observe("workday", "resource", "E-9", name="Cy", cost_rate={"amount": "enc:v1:rate.9", "currency": "EUR"})
    keys.erase(("person", "E-7"), "2026-11-29T00:00:00Z")
    firm.pass_time()
    refresh(firm.lake.connection, "EUR", clock, LEVELS, keys=keys)
    told = firm.lake.rows("SELECT key, name, cost_rate, currency FROM mart_state_resource ORDER BY key")
    assert [(one["key"], one["name"], str(one["cost_rate"]), one["currency"]) for one in told] == [
        ("E-7", "Ada", "None", "EUR"),
        ("E-8", "Ben", "62.00", "EUR"),
        ("E-9", "Cy", "None", "EUR"),  # what only begins like a sealed value stops nobody
    ]
