"""The ERP emulator against the vendor's sheet (S1, S6)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from integrations.sandbox.sandbox import Sandbox
from tests.contract.sandbox.house import HandClock, house

ROOT = "/netsuite/services/rest"
House = tuple[Sandbox, httpx.Client, HandClock]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[House]:
    with house() as found:
        put(found[1], "customer", "C-1", companyName="Halden", subsidiary={"externalId": "NOV-DE"})
        for code in ("PRJ-1", "PRJ-2"):
            put(found[1], "job", code, companyName=f"Project {code}", parent={"externalId": "C-1"}, currency="EUR")
            put(found[1], "projectTask", f"{code}_010", title=f"{code}.010", project={"externalId": code})
        yield found


def put(client: httpx.Client, kind: str, external: str, **fields: Any) -> httpx.Response:
    return client.put(f"{ROOT}/record/v1/{kind}/eid:{external}", json=fields)


def bill(number: str, **fields: Any) -> dict[str, Any]:
    plain = {
        "customer": {"externalId": "PRJ-1"},
        "employee": {"externalId": "E-1001"},
        "caseTaskEvent": {"externalId": "PRJ-1_010"},
        "tranDate": "2026-11-10",
        "hours": "7:30",
    }
    return {"externalId": number, **plain, **fields}


def query(client: httpx.Client, text: str) -> list[dict[str, Any]]:
    answer = client.post(f"{ROOT}/query/v1/suiteql", json={"q": text}, headers={"prefer": "transient"})
    assert answer.status_code == 200, answer.text
    return list(answer.json()["items"])


def test_upsert_by_external_id_is_idempotent_and_answers_with_location(sandbox: House) -> None:
    _, client, _ = sandbox
    first, second = (put(client, "customer", "C-9", companyName="Once") for _ in range(2))
    assert first.status_code == second.status_code == 204
    assert (
        first.headers["location"] == second.headers["location"] and "/record/v1/customer/" in first.headers["location"]
    )
    body = client.get(f"{ROOT}/record/v1/Customer/eid:C-9").json()
    assert body["externalId"] == "C-9" and body["links"][0]["rel"] == "self" and body["lastModifiedDate"].endswith("Z")


def test_a_batch_fails_record_by_record_and_its_job_tells(sandbox: House) -> None:
    """E1: the same batch again makes nothing new."""
    found, client, _ = sandbox
    items = [bill("TE-x-1-v1"), bill("TE-x-2-v1", customer={"externalId": "PRJ-404"}), bill("TE-x-3-v1", hours="-2:00")]
    for _ in range(2):
        sent = client.put(f"{ROOT}/record/v1/timeBill", json={"items": items}, headers={"prefer": "respond-async"})
        assert sent.status_code == 202 and sent.headers["preference-applied"] == "respond-async"
        job = client.get(sent.headers["location"]).json()
        assert job["completed"] is True and job["progress"] == "succeeded"
        rows = client.get(f"{sent.headers['location']}/task/1/result").json()["items"]
        assert [row["status"] for row in rows] == [204, 400, 204]
        detail = rows[1]["o:errorDetails"][0]
        assert detail["o:errorCode"] == "INVALID_CONTENT" and detail["o:errorPath"] == "customer"
        assert (
            detail["detail"] == "Error while accessing resource: "
            "You have entered an Invalid Field Value PRJ-404 for the following field: customer"
        )
    assert len(found.vendors.erp.records.bills_for.keys("TE-x-1")) == 1


def test_an_idempotency_key_points_at_the_first_job(sandbox: House) -> None:
    _, client, _ = sandbox
    headers = {"prefer": "respond-async", "x-netsuite-idempotency-key": "0e1f"}
    first, second = (
        client.put(f"{ROOT}/record/v1/timeBill", json={"items": [bill("TE-x-4-v1")]}, headers=headers) for _ in range(2)
    )
    assert (
        second.status_code == 400
        and second.json()["title"] == "Conflict"
        and second.headers["location"] == first.headers["location"]
    )
    assert second.json()["o:errorDetails"][0]["o:errorCode"] == "IDEMPOTENCY_ERROR"


@pytest.mark.parametrize(
    ("fields", "code", "words"),
    [
        ({"caseTaskEvent": {"externalId": "PRJ-2_010"}}, "INVALID_CONTENT", "following field: caseTaskEvent"),
        ({"employee": {"externalId": "E-0"}}, "INVALID_CONTENT", "following field: employee"),
        ({"tranDate": "2026-09-30"}, "USER_ERROR", "closed period"),
        ({"hours": None}, "USER_ERROR", "Please enter value(s) for: hours"),
    ],
)
def test_business_rules_refuse_in_the_vendors_words(
    sandbox: House, fields: dict[str, Any], code: str, words: str
) -> None:
    """X2: a task of another project, an unknown person, a closed month."""
    found, client, _ = sandbox
    found.do("close", "2026-09")
    answer = client.put(f"{ROOT}/record/v1/timeBill/eid:TE-bad-v1", json=bill("TE-bad-v1", **fields))
    assert (
        answer.status_code == 400
        and answer.headers["content-type"] == "application/vnd.oracle.resource+json; type=error"
    )
    assert (
        answer.json()["o:errorDetails"][0]["o:errorCode"] == code
        and words in answer.json()["o:errorDetails"][0]["detail"]
    )


def test_an_inactive_task_takes_no_time_until_it_is_active_again(sandbox: House) -> None:
    found, client, _ = sandbox
    found.do("switch", "PRJ-2.010", "off")
    entry = bill("TE-x-5-v1", customer={"externalId": "PRJ-2"}, caseTaskEvent={"externalId": "PRJ-2_010"})
    refused = client.put(f"{ROOT}/record/v1/timeBill/eid:TE-x-5-v1", json=entry)
    assert refused.json()["o:errorDetails"][0]["o:errorCode"] == "USER_ERROR" and "is inactive" in refused.text
    found.do("switch", "PRJ-2.010", "on")
    assert client.put(f"{ROOT}/record/v1/timeBill/eid:TE-x-5-v1", json=entry).status_code == 204


def test_suiteql_joins_pages_and_filters_by_time(sandbox: House) -> None:
    _, client, clock = sandbox
    rows = query(
        client,
        "SELECT t.id, t.externalid, j.externalid AS project, BUILTIN.DF(t.customer) AS customer "
        "FROM timebill t JOIN job j ON j.id = t.customer ORDER BY t.id",
    )
    assert {"externalid": "TE-x-1-v1", "project": "PRJ-1", "customer": "Project PRJ-1"}.items() <= rows[0].items()
    clock.later(60)
    put(client, "job", "PRJ-2", companyName="Renamed")
    since = "2026-11-18 10:00:30"
    changed = query(
        client,
        f"SELECT externalid FROM job WHERE lastmodifieddate >= TO_DATE('{since}', 'YYYY-MM-DD HH24:MI:SS') "
        "AND isinactive = 'F'",
    )
    assert [row["externalid"] for row in changed] == ["PRJ-2"]
    answer = client.post(
        f"{ROOT}/query/v1/suiteql?limit=1&offset=1",
        json={"q": "SELECT id FROM employee ORDER BY id"},
        headers={"prefer": "transient"},
    ).json()
    assert (answer["count"], answer["hasMore"], answer["totalResults"]) == (1, True, 160)
    broken = client.post(
        f"{ROOT}/query/v1/suiteql", json={"q": "SELECT nothing FROM job"}, headers={"prefer": "transient"}
    )
    assert broken.status_code == 400 and broken.json()["o:errorDetails"][0]["o:errorCode"] == "INVALID_PARAMETER"


def test_a_deleted_project_is_gone_while_its_transactions_remember_it(sandbox: House) -> None:
    """X1: references to it are refused, it is in no list; made again, it takes up its old postings."""
    found, client, _ = sandbox
    put(client, "job", "PRJ-3", companyName="Short-lived", parent={"externalId": "C-1"})
    put(client, "projectTask", "PRJ-3_010", title="PRJ-3.010", project={"externalId": "PRJ-3"})
    entry = bill("TE-x-6-v1", customer={"externalId": "PRJ-3"}, caseTaskEvent={"externalId": "PRJ-3_010"})
    assert client.put(f"{ROOT}/record/v1/timeBill/eid:TE-x-6-v1", json=entry).status_code == 204
    found.do("delete_job", "PRJ-3")
    assert client.get(f"{ROOT}/record/v1/job/eid:PRJ-3").json()["o:errorDetails"][0]["o:errorCode"] == "NONEXISTENT_ID"
    assert query(client, "SELECT id FROM job WHERE externalid = 'PRJ-3'") == []
    held = (
        "SELECT j.externalid AS project FROM timebill t LEFT JOIN job j ON j.id = t.customer "
        "WHERE t.externalid = 'TE-x-6-v1'"
    )
    assert query(client, held)[0]["project"] == "PRJ-3"
    assert (
        client.put(f"{ROOT}/record/v1/timeBill/eid:TE-x-7-v1", json={**entry, "externalId": "TE-x-7-v1"}).status_code
        == 400
    )
    put(client, "job", "PRJ-3", companyName="Short-lived", parent={"externalId": "C-1"})
    assert (
        query(client, held)[0]["project"] == "PRJ-3"
        and len(query(client, "SELECT id FROM job WHERE externalid = 'PRJ-3'")) == 1
    )


def test_over_the_concurrency_limit_is_429(sandbox: House) -> None:
    _, client, _ = sandbox
    client.post("/_world/conditions", json={"vendor": "netsuite", "kind": "throttled"})
    answer = client.get(f"{ROOT}/record/v1/customer/eid:C-1")
    assert (
        answer.status_code == 429 and answer.json()["o:errorDetails"][0]["o:errorCode"] == "CONCURRENCY_LIMIT_EXCEEDED"
    )
    assert "retry-after" not in answer.headers


def test_a_lost_answer_leaves_the_work_done(sandbox: House) -> None:
    """The connection closes without a word after the write: the caller cannot know, the record is there."""
    _, client, _ = sandbox
    client.post("/_world/conditions", json={"vendor": "netsuite", "kind": "dropped"})
    with pytest.raises(httpx.RemoteProtocolError):
        put(client, "customer", "C-77", companyName="In doubt")
    assert client.get(f"{ROOT}/record/v1/customer/eid:C-77").json()["companyName"] == "In doubt"


def test_wrong_token_is_invalid_login(sandbox: House) -> None:
    _, client, _ = sandbox
    answer = client.get(f"{ROOT}/record/v1/job/1", headers={"authorization": "Bearer no"})
    assert answer.status_code == 401 and answer.json()["o:errorDetails"][0]["o:errorCode"] == "INVALID_LOGIN"
