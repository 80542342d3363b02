"""F9, E8: a process that dies after any of its writes to the PSA leaves an invoice that the next one makes whole."""

from __future__ import annotations

import os
import signal
import time
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from integrations.connectors.kantata.client import KantataClient
from integrations.contracts.connector import Role
from integrations.engine import Engine
from integrations.engine.systems import connect
from integrations.flows import flows
from models.journal import open_journal
from tests.acceptance.flows.house import House, open_house
from tests.catalogues import demonstration

LEASE = 0.2


def worked(house: House, url: str) -> bool:
    """Whether a process of its own came to rest; it is killed by its first write, before it can hear the answer."""
    child = os.fork()
    if child == 0:
        setattr(KantataClient, "_written", lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL))  # noqa: B010
        journal, configs = open_journal(url, house.clock), [one.config for one in house.connectors.values()]
        engine = Engine(
            journal, flows(), connect(configs, house.clock), house.clock, catalogue=demonstration(), lease_seconds=LEASE
        )
        engine.drain()
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert status in (0, signal.SIGKILL), status
    return status == 0


@pytest.mark.req("F9", "E1", "E8")
def test_kills_between_any_two_writes_of_an_invoice(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'journal.sqlite'}"
    with open_house(tmp_path, {Role.ERP: {"invoice_events": True}}, url) as house:
        house.open_company()
        house.win(house.account())
        house.settle(2)
        psa, table = house.vendors.psa, house.vendors.erp.records.tables["invoice"]
        job = house.erp("job")["PRJ-1001"]
        invoice = {"id": "2000001", "tranId": "INV-1", "entity": {"id": job["id"]}, "currency": "EUR"}
        invoice |= {"subsidiary": job["subsidiary"], "trandate_key": "", "tranDate": "2026-11-16"}
        deaths = []
        for total, status, writes in (("800.00", "open", 1), ("750.00", "open", 2), ("750.00", "paid", 2)):
            house.clock.at += timedelta(minutes=5)
            stamp = f"{house.clock.at:%Y-%m-%dT%H:%M:%SZ}"
            table.put("2000001", {**invoice, "total": total, "status": status, "lastModifiedDate": stamp})
            deaths.append(0)
            while not worked(house, url):
                deaths[-1] += 1
                assert deaths[-1] <= writes, "a write was made again"
                time.sleep(2 * LEASE)
                house.clock.at += timedelta(seconds=5)
            assert {run["state"] for run in house.runs("invoice-feedback")} == {"settled"}
        assert deaths == [1, 2, 2], "one death for each write that an invoice took"
        shown = [(row["status"], Decimal(row["balance_in_cents"]) / 100) for row in psa.tables["invoices"]]
        assert shown == [("cancelled", Decimal(800)), ("accepted payment", Decimal(750))]
        assert len(psa.tables["external_payments"]) == 1
