"""Two companies, two sales and two people whom one number could confuse, through the emulators and the real engine."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path

import httpx
import orjson
import pytest

from integrations.engine.snapshotting import Snapshotting
from tests.acceptance.flows.house import House, open_house


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with open_house(tmp_path) as opened:
        opened.open_company()
        yield opened


@pytest.mark.req("M2", "X4")
def test_each_company_and_each_sale_stays_its_own(house: House) -> None:
    """M2: numbers that differ in two characters are two customers; a code that is taken is refused, and one that is
    given anew is set up.
    """
    nordwind = house.account(number="DE-1001")
    uk = {"BillingCountry": "GB", "Tax_Id__c": "GB777"}
    pemberton = house.account("Pemberton Foods Ltd", "UK-1001", **uk)
    house.win(nordwind)
    house.settle()
    second = house.win(pemberton, Amount=999.0, Name="Another")
    house.settle()
    customers = house.erp("customer")
    assert {key: row["companyName"] for key, row in customers.items()} == {
        "C-DE-1001": "Nordwind GmbH",
        "C-UK-1001": "Pemberton Foods Ltd",
    }
    assert house.states("quote-to-project") == {"settled": 1, "dead": 1}
    assert [run["error_code"] for run in house.runs("quote-to-project") if run["state"] == "dead"] == [
        "project-code-taken"
    ]
    assert house.erp("salesOrder")["CT-PRJ-1001"]["total"] == 120000
    house.vendors.crm.save("Opportunity", {"Project_Code__c": "PRJ-2002"}, house.clock.at, second)
    house.settle()
    jobs = house.erp("job")
    assert {code: jobs[code]["companyName"] for code in jobs} == {"PRJ-1001": "Data platform", "PRJ-2002": "Another"}
    assert jobs["PRJ-2002"]["parent"]["id"] == customers["C-UK-1001"]["id"]
    [dead] = [run for run in house.runs("quote-to-project") if run["state"] == "dead"]
    wanted = {"run_ids": [dead["run_id"]], "from": "start"}
    house.journal.requests.append("replay", wanted, "ada", "it has a code of its own now")
    house.settle()
    assert "dead" not in house.states("quote-to-project"), "what it said before is over"
    assert {code: row["companyName"] for code, row in house.erp("job").items()} == {
        "PRJ-1001": "Data platform",
        "PRJ-2002": "Another",
    }


@pytest.mark.req("M2", "C4")
def test_a_snapshot_shows_an_account_under_the_id_that_its_links_name(house: House) -> None:
    """M2: the second account of a company has a number of its own, and is that company to every reader."""
    house.account()
    twin = house.account(number="9999", Tax_Id__c="DE1001")
    house.settle()
    sent: list[dict[str, object]] = []

    def take(request: httpx.Request) -> httpx.Response:
        sent.extend(orjson.loads(line) for line in gzip.decompress(request.content).splitlines())
        return httpx.Response(200)

    client = httpx.Client(transport=httpx.MockTransport(take))
    Snapshotting(house.journal, house.clock, "http://collector", client).take(house.connectors["salesforce"])
    assert {row["system_id"]: row["key"] for row in sent if row["entity"] == "customer"}[twin] == "C-1001"


@pytest.mark.req("M2")
def test_a_worker_does_not_take_the_record_of_another_who_has_his_number(house: House) -> None:
    """M2: accounting entered somebody by hand under a number that HR gives to another; nobody is renamed."""
    number = {"externalId": "E-1007", "entityId": "E-1007", "subsidiary": {"externalId": "NOV-DE"}}
    by_hand = {**number, "firstName": "Iris", "lastName": "Castle", "email": "iris.castle@contractors.example"}
    house.vendors.erp.records.create("employee", by_hand)
    house.hire()
    house.settle()
    assert house.erp("employee")["E-1007"]["lastName"] == "Castle"
    assert [run["error_code"] for run in house.runs("master-data") if run["state"] == "dead"] == ["worker-clash"]
    key = house.vendors.erp.records.external["employee"].first("E-1007")
    house.vendors.erp.records.change("employee", key, {"externalId": "X-1007"})
    house.hire(rate="64.00")
    house.settle()
    assert {row["lastName"] for row in house.erp("employee").values()} == {"Castle", "Byron"}
