"""The moving world: people change the vendors' records as they please, at random moments, with kills of the engine.

After each burst it settles, and an oracle in plain Python over the raw records says where each amount must stand. Forty
changes of one firm by default. `MOVING_WORLD_MINUTES=60 MOVING_WORLD_CHANGES=120 MOVING_WORLD_SEED=7` lets firm after
firm move, 120 changes each, until an hour is over; the seed of each follows from the one that was given. All of them
together leave no cell of the matrix empty that a vendor allows; one firm alone only prints it. Once few cells are
empty the firms go for these.
A seed tells one story: the run stops at the first amount that is silent, says the last changes before, and how to see
that firm move again.
"""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path
from random import Random

import pytest

from tests.acceptance.moving_world import moves
from tests.acceptance.moving_world.books import Books, read
from tests.acceptance.moving_world.converting import Frozen
from tests.acceptance.moving_world.firm import MovingFirm, moving_firm
from tests.acceptance.moving_world.judging import faults
from tests.acceptance.moving_world.matrix import Lives, Matrix, impossible
from tests.acceptance.moving_world.moves import billing, booking, selling, steering
from tests.acceptance.moving_world.people import MOVES, Chance, People

CHANGES = int(os.environ.get("MOVING_WORLD_CHANGES", "40"))
"""Of each firm, at least."""
MINUTES = float(os.environ.get("MOVING_WORLD_MINUTES", "0"))
"""Another firm moves until so much time has passed."""
SEED = int(os.environ.get("MOVING_WORLD_SEED", "11"))
RARE = frozenset(int(cell) for cell in os.environ.get("MOVING_WORLD_RARE", "").split(",") if cell)
"""Cells of the matrix that the firm goes for; a failure in a chain of firms tells them."""
TRIES = 5
BURSTS = (4, 12, 40)
"""At most so many changes between two looks: few, which fail alone, or many, which meet."""
PROJECTS = {"PRJ-1001": 0, "PRJ-1002": 0, "PRJ-1003": 1, "PRJ-1004": 2}
"""The customer of each."""


def peopled(firm: MovingFirm) -> People:
    """Four projects of three customers in two companies and currencies, three people, some work on each."""
    house, people, chance = firm.house, People(firm), Random(0)
    house.open_company()
    house.open_company("NOV-UK", "GBP")
    steering.rate(people, "2026-01-01", "1.16")
    for number in ("E-1007", "E-1008", "E-1009"):
        house.hire(number)
    british = {"Legal_Entity__c": "NOV-UK", "CurrencyIsoCode": "GBP"}
    accounts = [
        house.account(),
        house.account("Südwind AG", "UK-2001", Tax_Id__c="DE2001"),
        house.account("Eastwind Ltd", "3001", **british, BillingCountry="GB"),
    ]
    for code, customer in PROJECTS.items():
        house.win(accounts[customer], code, **selling.LONG, **(british if customer == 2 else {}))
    firm.settle()
    for _ in range(10):
        assert booking.log(people, chance)
    for _ in range(3):
        assert booking.spend(people, chance) and selling.agree(people, chance)
    firm.settle()
    firm.look()
    return people


def books_of(people: People) -> Books:
    periods = people.erp.periods.rows
    return read(people.psa.tables, people.erp.tables, people.crm.tables, people.erp.tombstones, periods, people.let_go)


@pytest.mark.timeout(300 + 6 * CHANGES + 120 * MINUTES)
@pytest.mark.req("X12", "X17")
def test_no_amount_goes_silent_however_the_world_moves(tmp_path: Path) -> None:
    print(f"moving world: seed {SEED}, {CHANGES} changes a firm, {len(MOVES)} kinds of them by {moves.__name__}")
    seeds, total, began = Random(SEED), Matrix(), time.monotonic()
    seed, firms = SEED, 0
    while firms == 0 or _goes_on(total, time.monotonic() - began):
        total.add(_moved(tmp_path / str(seed), seed, RARE or total.rare()))
        seed, firms = seeds.getrandbits(32), firms + 1
        print(f"{total.total} changes of {firms} firms in {time.monotonic() - began:.0f} s", flush=True)
    print(total)
    assert MINUTES == 0 or not (empty := total.empty()), f"cells that nobody has tried in {firms} firms: {empty}"


def _goes_on(total: Matrix, seconds: float) -> bool:
    """For so many minutes, and for as many again while there are cells that nobody has tried."""
    return seconds < 60 * MINUTES or bool(total.empty() and seconds < 120 * MINUTES)


def _moved(folder: Path, seed: int, rare: frozenset[int]) -> Matrix:
    """What was changed in one firm, which is judged after each burst."""
    chance, matrix, began = Chance(seed), Matrix(rare), time.monotonic()
    folder.mkdir()
    with moving_firm(folder) as firm:
        people = peopled(firm)
        history, frozen = list[str](), Frozen()
        while matrix.total < CHANGES:
            month = firm.now.month
            history += _burst(people, matrix, chance)
            _settled(firm)
            wrong = faults(firm, books_of(people), frozen)
            again = f"MOVING_WORLD_SEED={seed} MOVING_WORLD_CHANGES={CHANGES}"
            again += f" MOVING_WORLD_RARE={','.join(map(str, sorted(rare)))}" if rare else ""
            assert not wrong, "\n".join([again, *wrong, "after", *history[-40:], str(matrix)])
            print(
                f"seed {seed}, {matrix.total} changes, {firm.now:%d %b %Y}, {time.monotonic() - began:.0f} s",
                flush=True,
            )
            if firm.now.month != month:
                history.append(billing.month_begins(people))
    shutil.rmtree(folder)
    return matrix


def _burst(people: People, matrix: Matrix, chance: Chance) -> list[str]:
    """Some changes, and between them what becomes of engine and collector: they work, or are killed at it."""
    firm, told = people.firm, []
    for _ in range(chance.randint(1, chance.choice(BURSTS))):
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


def _changed(people: People, matrix: Matrix, chance: Chance) -> list[str]:
    """One change in a cell of the matrix, an emptier one likelier; of a record that is at its moment where there is.

    Where there is nothing to change, another cell is tried.
    """
    lives = Lives(books_of(people), people)
    for _ in range(TRIES):
        kind, moment = chance.choices(matrix.cells, matrix.weights)[0]
        chance.wanted = lives.at(moment)
        if (subject := MOVES[kind](people, chance)) is not None:
            break
    else:
        return []
    now = lives.moment(subject) or Lives(books_of(people), people).moment(subject) or moment
    matrix.note(kind, moment if impossible(kind, now) else now)
    people.firm.pass_time(seconds=chance.randint(1, 90))
    return [f"{kind.record}: {kind.verb} {subject}"]


def _settled(firm: MovingFirm) -> None:
    """Seen, and long enough ago for every service level to be over: what is not there by then comes no more."""
    for rounds in (3, 1):
        firm.settle(rounds)
        firm.watch()
        firm.pass_time(hours=13)
    firm.look()
