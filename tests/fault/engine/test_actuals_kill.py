"""F10, E1, E8: killed between each two writes of a restatement, the portfolio holds each revision once."""

from __future__ import annotations

import multiprocessing
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from integrations.sandbox.faults.conditions import Conditions
from integrations.sandbox.gateway import Gateway
from integrations.sandbox.serving import served
from integrations.sandbox.vendors.vendors import Vendors
from integrations.sandbox.world.ledger import Ledger
from models.domain.clock import SystemClock
from models.journal import open_journal
from tests.fault.engine.actuals_worker import LEASE, SECRET, stating, until_killed
from tests.unit.flows.test_portfolio_actuals import KEY, actual, progress

DEATHS = ("before", "after", "after", "after")
"""Of the first statement, its restatement, that the first is superseded, and the progress."""
TOLD = (actual(closed=True), actual(2, "90.00", closed=True), progress())


@pytest.fixture
def portfolio() -> Iterator[tuple[str, Vendors]]:
    vendors = Vendors(Ledger(), SystemClock(), SECRET)
    vendors.ppm.enter("projects", "PRJ-1001", {"currencyCode": "EUR", "name": "Grid"}, SystemClock().now())
    with served(Gateway(vendors.by_prefix(), Ledger(), Conditions(), SystemClock())) as address:
        yield address, vendors


def begun(url: str) -> None:
    """A journal that knows the project in both systems and has heard everything."""
    journal = open_journal(url, SystemClock())
    journal.crosswalk.link(
        [("planview", "project", "PRJ-1001", "PRJ-1001"), ("kantata", "project", "kantata-1", "PRJ-1001")]
    )
    journal.close()


def rows(vendors: Vendors) -> dict[str, tuple[str, int]]:
    """Of each revision its status, and how often anything of it changed."""
    return {str(row["code"]): (row["status"], row["_version"]) for row in vendors.ppm.tables["actuals"]}


WHOLE = {f"r1:{KEY}": ("SUPERSEDED", 2), f"r2:{KEY}": ("APPROVED", 1)}


@pytest.mark.req("E1", "E8")
def test_kills_between_each_two_writes(portfolio: tuple[str, Vendors], tmp_path: Path) -> None:
    """Every next process goes on where the one before it died: one journal, nothing twice."""
    (address, vendors), url = portfolio, f"sqlite:///{tmp_path / 'journal.sqlite'}"
    begun(url)
    engine = stating(url, address)
    engine.admit(TOLD)
    away = multiprocessing.get_context("forkserver")
    away.set_forkserver_preload(["tests.fault.engine.actuals_worker"])
    for moment in DEATHS:
        dying = away.Process(target=until_killed, args=(url, address, moment))
        dying.start()
        dying.join(60)
        assert dying.exitcode == -signal.SIGKILL
        time.sleep(LEASE)
        engine.journal.runs.reap()
    for _ in range(50):
        engine.drain(poll=False)
        if engine.journal.runs.states() == {("portfolio-actuals", "settled"): len(TOLD)}:
            break
        time.sleep(LEASE / 5)
        engine.journal.runs.reap()
    assert rows(vendors) == WHOLE
    [told] = vendors.ppm.tables["progress"]
    assert (told["code"], told["_version"]) == ("2026-11-01:PRJ-1001", 1)
    engine.close()


@pytest.mark.req("E1", "E7")
def test_events_doubled_and_in_the_wrong_order(portfolio: tuple[str, Vendors], tmp_path: Path) -> None:
    (address, vendors), url = portfolio, f"sqlite:///{tmp_path / 'journal.sqlite'}"
    begun(url)
    engine = stating(url, address)
    for event in (*reversed(TOLD), *TOLD):
        engine.admit([event, event])
        engine.drain(poll=False)
    held = {code: status for code, (status, _) in rows(vendors).items()}
    assert held == {f"r1:{KEY}": "APPROVED"}, "the older statement came too late to be one"
    assert vendors.ppm.tables["actuals"].rows[f"r1:{KEY}"]["cost"] == 90
    assert len(vendors.ppm.tables["progress"]) == 1
    engine.close()
