"""The moving world: people change the vendors' records as they please, at random moments, with kills of the engine.

After each burst it settles, and an oracle in plain Python over the raw records says where each amount must stand. Forty
changes of one seed by default; `MOVING_WORLD_CHANGES=2000 MOVING_WORLD_SEED=7` runs longer, or another world. A seed
tells one story: the run stops at the first amount that is silent, and says the last changes before.
"""

from __future__ import annotations

import os
import time
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.acceptance.moving_world.firm import MovingFirm, moving_firm
from tests.acceptance.moving_world.matrix import Matrix, moment_of
from tests.acceptance.moving_world.oracle import Books, Fact
from tests.acceptance.moving_world.people import MOVES, PROJECTS, Kind, People, log

CHANGES = int(os.environ.get("MOVING_WORLD_CHANGES", "40"))
SEED = int(os.environ.get("MOVING_WORLD_SEED", "11"))
BURST = (1, 12)
"""Changes between two looks."""


def peopled(firm: MovingFirm) -> People:
    """Three projects of two customers, two people, some approved work on each."""
    house, chance = firm.house, Random(0)
    house.open_company()
    for number in ("E-1007", "E-1008"):
        house.hire(number)
    first = house.account()
    second = house.account("Südwind AG", "UK-2001", Tax_Id__c="DE2001")
    for account, code in zip((first, first, second), PROJECTS, strict=True):
        house.win(account, code)
    firm.settle()
    people = People(firm)
    for _ in range(12):
        assert log(people, chance)
    firm.settle()
    firm.look()
    return people


def books_of(people: People) -> Books:
    erp, psa = people.erp.tables, people.psa.tables
    return Books(
        {name: list(psa[name]) for name in ("workspaces", "time_entries")},
        {name: list(erp[name]) for name in ("job", "timebill", "invoice")} | {"deleted": list(people.erp.tombstones)},
    )


def faults(firm: MovingFirm, books: Books) -> list[str]:
    """What the console would say that the raw records do not, or fail to say that they do."""
    work = {row["item_key"]: row for row in firm.record.rows("SELECT * FROM mart_work WHERE kind = 'time'")}
    named: dict[str, list[dict[str, Any]]] = {}
    for finding in firm.open_findings():
        named.setdefault(finding["subject_key"], []).append(finding)
    wrong: list[str] = []
    for key, fact in books.facts.items():
        wrong += [f"{key}: {what}" for what in _wrong_with(fact, work.get(key, {}), named.get(key, []))]
    return wrong


def _wrong_with(fact: Fact, row: dict[str, Any], found: list[dict[str, Any]]) -> list[str]:
    said = Decimal(row.get("bill_amount") or 0) if row.get("state") == "billed" else Decimal(0)
    causes = sorted({finding["cause"] for finding in found})
    wrong = []
    if said != fact.billed:
        wrong.append(f"the invoices bill {fact.billed}, the console says {said} ({row.get('state')})")
    if row.get("state") == "ready" and not (fact.held_once and fact.owed_to_erp):
        wrong.append(f"ready, and ERP {fact.posted} is not PSA {fact.work} (approved {fact.approved})")
    if not (fact.agrees and fact.settled_bill) and not found:
        wrong.append(f"no case: PSA {fact.work} (approved {fact.approved}), ERP {fact.posted}, billed {fact.billed}")
    if row.get("state") in ("ready", "billed") and fact.agrees and fact.settled_bill and found:
        wrong.append(f"a false case: {causes}")
    return wrong


@pytest.mark.timeout(300 + 6 * CHANGES)
@pytest.mark.req("X12", "X17")
def test_no_amount_goes_silent_however_the_world_moves(tmp_path: Path) -> None:
    print(f"moving world: seed {SEED}, {CHANGES} changes")
    chance, matrix, began = Random(SEED), Matrix(), time.monotonic()
    with moving_firm(tmp_path) as firm:
        people = peopled(firm)
        history: list[str] = []
        while matrix.total < CHANGES:
            history += _burst(people, matrix, chance)
            _settled(firm)
            wrong = faults(firm, books_of(people))
            assert not wrong, "\n".join([f"seed {SEED}", *wrong, "after", *history[-30:], str(matrix)])
            print(f"{matrix.total} changes, {firm.now:%d %b %Y}, {time.monotonic() - began:.0f} s", flush=True)
    print(matrix)


def _changed(people: People, matrix: Matrix, chance: Random) -> list[str]:
    kind: Kind = chance.choice(list(MOVES))
    before = books_of(people)
    subject = MOVES[kind](people, chance)
    if subject is None:
        return []
    closed = bool((people.erp.periods.get(f"{people.now:%Y-%m}") or {}).get("closed"))
    matrix.note(kind, moment_of(before.facts.get(subject), closed))
    people.firm.pass_time(seconds=chance.randint(1, 90))
    return [f"{kind.record}: {kind.verb} {subject}"]


def _burst(people: People, matrix: Matrix, chance: Random) -> list[str]:
    """Some changes, and between them what becomes of engine and collector: they work, or are killed at it."""
    firm, told = people.firm, []
    for _ in range(chance.randint(*BURST)):
        told += _changed(people, matrix, chance)
        dice = chance.random()
        if dice < 0.04:
            firm.kill(after := chance.randint(0, 12))
            told.append(f"the engine was killed after {after} calls")
        elif dice < 0.06:
            firm.kill_collector(after := chance.randint(0, 4), kept := chance.random() < 0.5)
            told.append(f"the collector was killed after {after} requests, the last one kept: {kept}")
        elif dice < 0.16:
            firm.settle(1)
            told.append("the engine worked")
    return told


def _settled(firm: MovingFirm) -> None:
    """Seen, and long enough ago for every service level to be over: what is not there by then comes no more."""
    for rounds in (3, 1):
        firm.settle(rounds)
        firm.watch()
        firm.pass_time(hours=13)
    firm.look()
