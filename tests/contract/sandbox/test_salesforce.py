"""The CRM emulator against the vendor's sheet (S1, S6)."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from integrations.sandbox.sandbox import Sandbox
from integrations.sandbox.vendors.salesforce.objects import salesforce_id
from tests.contract.sandbox.house import HandClock, house, salesforce_token

DATA = "/salesforce/services/data/v68.0"
House = tuple[Sandbox, httpx.Client, HandClock]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[House]:
    with house() as found:
        yield found


def test_the_token_and_its_refusals(sandbox: House) -> None:
    _, client, _ = sandbox
    answer = client.post(
        "/salesforce/services/oauth2/token",
        data={"grant_type": "client_credentials", "client_id": "x", "client_secret": "wrong"},
    )
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")
    assert (
        client.post("/salesforce/services/oauth2/token", data={"client_id": "x"}).json()["error"] == "invalid_request"
    )
    refused = client.get(f"{DATA}/limits")
    assert refused.status_code == 401 and refused.json() == [
        {"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}
    ]


def test_a_query_pages_by_next_records_url_and_tells_the_limits(sandbox: House) -> None:
    found, client, _ = sandbox
    found.vendors.crm._page = 20
    headers = salesforce_token(client)
    answer = client.get(
        f"{DATA}/query",
        params={"q": "SELECT Id, Name, ParentId FROM Account WHERE IsDeleted = false ORDER BY Id"},
        headers=headers,
    )
    body = answer.json()
    assert answer.headers["sforce-limit-info"].startswith("api-usage=")
    assert body["totalSize"] == 32 and body["done"] is False and len(body["records"]) == 20
    rest = client.get(f"/salesforce{body['nextRecordsUrl']}", headers=headers).json()
    assert rest["done"] is True and len(rest["records"]) == 12
    assert body["records"][0]["attributes"] == {
        "type": "Account",
        "url": f"/services/data/v68.0/sobjects/Account/{body['records'][0]['Id']}",
    }


def test_a_won_sale_carries_its_lines(sandbox: House) -> None:
    found, client, clock = sandbox
    found.do("win", "PRJ-1001", at=clock.later(1))
    soql = (
        "SELECT Id, Project_Code__c, SystemModstamp, Account.AccountNumber, "
        "(SELECT Name, Line_Kind__c FROM OpportunityLineItems) FROM Opportunity WHERE IsWon = true"
    )
    row = client.get(f"{DATA}/query", params={"q": soql}, headers=salesforce_token(client)).json()["records"][0]
    assert row["SystemModstamp"].endswith("+0000") and row["Account"]["AccountNumber"].startswith("100")
    assert {line["Line_Kind__c"] for line in row["OpportunityLineItems"]["records"]} >= {"Role", "Task"}


def test_errors_are_arrays_with_the_vendors_codes(sandbox: House) -> None:
    _, client, _ = sandbox
    headers = salesforce_token(client)
    wrong = client.get(f"{DATA}/query", params={"q": "SELECT Nothing__c FROM Account"}, headers=headers)
    assert wrong.status_code == 400 and wrong.json()[0]["errorCode"] == "INVALID_FIELD"
    missing = client.post(f"{DATA}/sobjects/Opportunity", json={"Name": "x", "StageName": "y"}, headers=headers)
    assert missing.json() == [
        {
            "message": "Required fields are missing: [CloseDate]",
            "errorCode": "REQUIRED_FIELD_MISSING",
            "fields": ["CloseDate"],
        }
    ]


def test_upsert_by_external_id_creates_once(sandbox: House) -> None:
    _, client, _ = sandbox
    headers, path = salesforce_token(client), f"{DATA}/sobjects/Account/Ext_Key__c/K-1"
    first, second = (client.patch(path, json={"Name": "Once"}, headers=headers) for _ in range(2))
    assert (first.status_code, first.json()["created"]) == (201, True)
    assert (second.status_code, second.json()["created"], second.json()["id"]) == (200, False, first.json()["id"])


def test_a_collection_answers_every_row_in_order(sandbox: House) -> None:
    _, client, _ = sandbox
    records = [
        {"attributes": {"type": "Account"}, "Ext_Key__c": "K-2", "Name": "Good"},
        {"attributes": {"type": "Account"}, "Ext_Key__c": "K-3"},
    ]
    rows = client.patch(
        f"{DATA}/composite/sobjects/Account/Ext_Key__c",
        json={"allOrNone": False, "records": records},
        headers=salesforce_token(client),
    ).json()
    assert rows[0]["success"] and rows[0]["created"]
    assert rows[1]["success"] is False and rows[1]["errors"][0]["statusCode"] == "REQUIRED_FIELD_MISSING"


@pytest.mark.parametrize(
    ("kind", "status", "code", "words"),
    [
        ("quota", 403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests"),
        ("throttled", 403, "REQUEST_LIMIT_EXCEEDED", "ConcurrentRequests"),
        ("unavailable", 503, "SERVER_UNAVAILABLE", "unavailable"),
        ("expired", 401, "INVALID_SESSION_ID", "Session"),
    ],
)
def test_bad_days_have_the_vendors_words(sandbox: House, kind: str, status: int, code: str, words: str) -> None:
    """S7: throttling, daily quota, outage and an ended session are told apart."""
    _, client, _ = sandbox
    headers = salesforce_token(client)
    client.post("/_world/conditions", json={"vendor": "salesforce", "kind": kind})
    answer = client.get(f"{DATA}/limits", headers=headers)
    assert (
        answer.status_code == status and answer.json()[0]["errorCode"] == code and words in answer.json()[0]["message"]
    )
    assert client.get(f"{DATA}/limits", headers=salesforce_token(client)).status_code == 200


def test_ids_have_the_check_characters_of_the_vendor() -> None:
    """Three characters code which letters of the first fifteen are capitals (the vendor's published rule)."""
    assert len(salesforce_id("Account", 1)) == 18 and salesforce_id("Account", 1)[:15].startswith("001")
    assert salesforce_id("Account", 1)[15:] == "IAA"
