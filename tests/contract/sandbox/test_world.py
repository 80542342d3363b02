"""The world's own door: state, truth, differences, faults and how they are mended; and the ways a vendor can falter."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from integrations.sandbox.faults.conditions import Condition, Conditions
from integrations.sandbox.sandbox import Sandbox
from tests.contract.sandbox.house import HandClock, house

House = tuple[Sandbox, httpx.Client, HandClock]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[House]:
    with house("standard") as found:
        yield found


def test_the_world_tells_how_far_the_story_is(sandbox: House) -> None:
    _, client, _ = sandbox
    state = client.get("/_world").json()
    assert (state["phase"], state["seed"], state["time_entries"]) == ("history", 7, 0)
    assert state["ticks"] > 60 and state["requests"]["_world"] >= 1


def test_a_sale_without_set_up_is_a_difference_in_every_system(sandbox: House) -> None:
    """X12: the truth of a project is that ERP, PSA and PPM hold it once."""
    found, client, clock = sandbox
    code = next(deal.code for deal in found.plan.deals.values() if not deal.lacks)
    found.do("win", code, at=clock.later(1))
    rows = client.get("/_world/truth", params={"entity": "project"}).json()
    assert [(row["project_code"], row["complete"]) for row in rows] == [(code, True)]
    assert {row["field"] for row in client.get("/_world/compare").json()["in_flight"]} >= {"erp", "psa", "ppm"}
    clock.later(3600)
    assert client.get("/_world/compare").json()["counts"]["unexplained"] >= 3


def test_faults_are_listed_with_money_and_mended_on_request(sandbox: House) -> None:
    found, client, clock = sandbox
    faults = {row["id"]: row for row in client.get("/_world/faults").json()}
    assert faults["F01"]["money"] == {"EUR": "184200.00"} and faults["F01"]["fixed"] is False
    code = faults["F04"]["subject"]
    found.do("win", code, at=clock.later(1))
    assert next(row for row in client.get("/_world/truth?entity=project").json() if row["project_code"] == code)[
        "lacks"
    ] == ["Service_Line__c"]
    assert client.post("/_world/faults/F04/fix").json()["fixed"] is True
    assert (
        next(row for row in client.get("/_world/truth?entity=project").json() if row["project_code"] == code)["lacks"]
        == []
    )
    assert {row["id"]: row for row in client.get("/_world/faults").json()}["F04"]["fixed"] is True
    assert client.post("/_world/faults/F99/fix").status_code == 404


def test_a_web_page_of_another_origin_is_sent_away(sandbox: House) -> None:
    _, client, _ = sandbox
    assert client.post("/_world/faults/F05/fix", headers={"origin": "https://elsewhere.example"}).status_code == 403


def test_what_is_not_there_says_what_is(sandbox: House) -> None:
    _, client, _ = sandbox
    assert "time_entry" in client.get("/_world/truth", params={"entity": "nothing"}).json()["error"]
    assert "salesforce" in client.get("/sap/x").json()["error"]
    assert "win" in client.post("/_world/do", json={"kind": "nothing"}).json()["error"]
    assert client.post("/_world/do", json={"kind": "close", "args": ["2026-08"]}).json() == {"done": True}


def test_a_disturbance_strikes_as_often_as_it_was_armed_and_only_what_it_names(sandbox: House) -> None:
    _, _, clock = sandbox
    conditions = Conditions()
    conditions.arm(Condition("netsuite", "dropped", 2, methods=("PUT",), path="timeBill"))
    struck = [
        conditions.meet("netsuite", method, path, clock.now())
        for method, path in (
            ("GET", "/timeBill"),
            ("PUT", "/job"),
            ("PUT", "/timeBill"),
            ("PUT", "/timeBill"),
            ("PUT", "/timeBill"),
        )
    ]
    assert struck == [None, None, "dropped", "dropped", None]
    assert conditions.met == {("netsuite", "dropped"): 2}
    with pytest.raises(ValueError, match="rain"):
        conditions.arm(Condition("netsuite", "rain"))


def test_an_outage_ends_at_its_hour(sandbox: House) -> None:
    found, client, clock = sandbox
    found.do("outage", "netsuite", "6", at=clock.now())
    path = "/netsuite/services/rest/record/v1/subsidiary/eid:NOV-DE"
    assert [client.get(path).status_code for _ in range(3)] == [500, 500, 500]
    clock.later(6 * 3600 + 1)
    assert client.get(path).status_code == 200


def test_more_requests_at_a_time_than_the_account_may_have_are_throttled() -> None:
    """NetSuite's concurrency governance counts what is under way, whoever sent it."""
    from concurrent.futures import ThreadPoolExecutor

    with house() as (found, client, _):
        found.vendors.erp.concurrency = 2
        found.app.latency = 0.05
        with ThreadPoolExecutor(8) as pool:
            codes = list(
                pool.map(
                    lambda _: client.get("/netsuite/services/rest/record/v1/subsidiary/eid:NOV-DE").status_code,
                    range(8),
                )
            )
    assert set(codes) == {200, 429}
