"""The PSA emulator against the vendor's sheet (S1, S6)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from integrations.sandbox.sandbox import Sandbox
from tests.contract.sandbox.house import HandClock, house

API = "/kantata/api/v1"
House = tuple[Sandbox, httpx.Client, HandClock]
OPTIONAL = {
    "optional_fields": "previous_payload,current_payload,payload_changes",
    "include": "subject",
    "order": "created_at:asc",
    "per_page": "200",
}


@pytest.fixture
def sandbox() -> Iterator[House]:
    with house() as found:
        yield found


def made(client: httpx.Client, plural: str, kind: str, **fields: Any) -> dict[str, Any]:
    answer = client.post(f"{API}/{plural}", json={kind: fields})
    assert answer.status_code == 201, answer.text
    body = answer.json()
    return dict(body[plural][body["results"][0]["id"]])


def entry(client: httpx.Client) -> dict[str, Any]:
    space = made(client, "workspaces", "workspace", title="PRJ-1 · Roll-out", creator_role="maven", currency="EUR")
    story = made(client, "stories", "story", title="PRJ-1.010 Build", workspace_id=space["id"], story_type="task")
    return made(
        client,
        "time_entries",
        "time_entry",
        workspace_id=space["id"],
        story_id=story["id"],
        user_id="1001",
        date_performed="2026-11-10",
        time_in_minutes=450,
    )


def events(client: httpx.Client, **query: str) -> list[dict[str, Any]]:
    body = client.get(f"{API}/subscribed_events", params={**OPTIONAL, **query}).json()
    return [body["subscribed_events"][row["id"]] for row in body["results"]]


def test_lists_come_in_the_vendors_envelope(sandbox: House) -> None:
    _, client, _ = sandbox
    body = client.get(f"{API}/users", params={"page": 2, "per_page": 100}).json()
    assert body["count"] == 160 and body["meta"] == {"count": 160, "page_count": 2, "page_number": 2, "page_size": 100}
    assert (
        len(body["results"]) == 60
        and body["results"][0]["key"] == "users"
        and set(body["users"]) == {row["id"] for row in body["results"]}
    )
    assert len(client.get(f"{API}/users", params={"per_page": 1000}).json()["results"]) == 160
    assert client.get(f"{API}/users", params={"only": "1001,9"}).json()["count"] == 1


def test_people_carry_their_worker_number_as_external_reference(sandbox: House) -> None:
    _, client, _ = sandbox
    body = client.get(f"{API}/external_references", params={"subject_type": "User", "subject_id": "1001"}).json()
    row = next(iter(body["external_references"].values()))
    assert row["service_model_ref"] == "E-1001" and row["status"] == "successful"


def test_errors_name_type_message_and_field(sandbox: House) -> None:
    _, client, _ = sandbox
    answer = client.post(f"{API}/workspaces", json={"workspace": {"creator_role": "maven"}})
    assert answer.status_code == 422 and answer.json() == {
        "errors": [{"type": "validation", "message": "Please give your project a title", "field": "title"}]
    }
    refused = client.get(f"{API}/users", headers={"authorization": "Bearer no"})
    assert (refused.status_code, refused.json()["errors"][0]["type"]) == (401, "oauth")
    assert client.get(f"{API}/users/9").status_code == 404
    assert "x-request-id" in client.get(f"{API}/users/1001").headers


def test_creating_twice_makes_two_since_the_vendor_knows_no_idempotency(sandbox: House) -> None:
    _, client, _ = sandbox
    first, second = (
        made(client, "workspaces", "workspace", title="PRJ-9 · Twice", creator_role="maven") for _ in range(2)
    )
    assert first["id"] != second["id"]


def test_a_closed_project_hides_from_lists_and_takes_no_time(sandbox: House) -> None:
    found, client, clock = sandbox
    held = entry(client)
    found.do("archive", "PRJ-1", at=clock.later(5))
    assert client.get(f"{API}/workspaces/{held['workspace_id']}").status_code == 404
    assert client.get(f"{API}/workspaces", params={"include_archived": "true"}).json()["count"] == 1
    refused = client.post(
        f"{API}/time_entries",
        json={
            "time_entry": {"workspace_id": held["workspace_id"], "date_performed": "2026-11-11", "time_in_minutes": 60}
        },
    )
    assert refused.json()["errors"][0]["message"] == "This project is closed"


def test_the_feed_tells_creation_change_and_deletion_with_payloads(sandbox: House) -> None:
    _, client, clock = sandbox
    held = entry(client)
    clock.later(5)
    client.put(f"{API}/time_entries/{held['id']}", json={"time_entry": {"approved": True}})
    clock.later(5)
    assert client.delete(f"{API}/time_entries/{held['id']}").status_code == 204
    types = "time_entry:created,time_entry:updated,time_entry:deleted"
    rows = events(client, event_types=types)
    assert [row["event_type"] for row in rows] == types.split(",")
    assert rows[1]["payload_changes"]["approved"] == [False, True]
    assert (
        rows[2]["subject_ref"] is None
        and rows[2]["current_payload"] is None
        and rows[2]["previous_payload"]["approved"] is True
    )
    assert rows[1]["current_payload"]["updated_at"] > rows[0]["current_payload"]["updated_at"]


def test_the_feed_is_newest_first_unless_asked_and_keeps_nine_days(sandbox: House) -> None:
    _, client, clock = sandbox
    entry(client)
    clock.later(60)
    entry(client)
    newest = client.get(f"{API}/subscribed_events", params={"event_types": "time_entry:created"}).json()
    ids = [row["id"] for row in newest["results"]]
    assert ids == sorted(ids, key=int, reverse=True) and len(ids) == 2
    clock.present += timedelta(days=10)
    assert events(client, event_types="time_entry:created") == []


def test_an_event_may_come_late_and_twice(sandbox: House) -> None:
    """Out of order: what changed later can show first; a doubled event has another id and the same subject."""
    found, client, clock = sandbox
    feed = found.vendors.psa.feed
    feed.lateness, feed.doubled = (lambda: 10.0), (lambda: False)
    held = entry(client)
    feed.lateness, feed.doubled = (lambda: 0.0), (lambda: True)
    clock.later(4)
    client.put(f"{API}/time_entries/{held['id']}", json={"time_entry": {"notes": "later"}})
    clock.later(3)
    first = events(client, subject_type="TimeEntry")
    assert [row["event_type"] for row in first] == ["time_entry:updated", "time_entry:updated"] and first[0][
        "id"
    ] != first[1]["id"]
    clock.later(10)
    assert {row["event_type"] for row in events(client, subject_type="TimeEntry")} == {
        "time_entry:created",
        "time_entry:updated",
    }


def test_the_sync_ledger_is_an_idempotent_upsert(sandbox: House) -> None:
    _, client, _ = sandbox
    held = entry(client)
    reference = {
        "subject_type": "TimeEntry",
        "subject_id": int(held["id"]),
        "service_name": "netsuite",
        "service_model": "timebill",
        "service_model_ref": "TE-1-v1",
    }
    path = f"{API}/external_references/create_or_update"
    rows = [
        client.post(path, json={"external_reference": {**reference, **more}}).json()
        for more in ({}, {"status": "failed", "external_message": "closed period"})
    ]
    assert rows[0]["results"] == rows[1]["results"]
    shown = client.get(
        f"{API}/external_references", params={"subject_type": "TimeEntry", "subject_id": held["id"]}
    ).json()
    assert (
        shown["count"] == 1 and next(iter(shown["external_references"].values()))["external_message"] == "closed period"
    )
    without = client.get(f"{API}/time_entries", params={"without_external_reference_service_name": "netsuite"}).json()
    assert without["count"] == 0
    assert client.get(f"{API}/external_references").json()["errors"][0]["field"] == "subject_type"


def test_a_timesheet_that_was_turned_down_is_handed_in_anew(sandbox: House) -> None:
    """X3: rejecting marks the submission; resubmitting makes a new one that the entries follow."""
    found, client, clock = sandbox
    sheet = next(sheet for sheet in found.plan.sheets.values() if sheet.week == 1 and sheet.entries)
    deal = sheet.deal
    space = made(client, "workspaces", "workspace", title=f"{deal.code} · X", creator_role="maven")
    for code, name, _ in deal.tasks:
        made(client, "stories", "story", title=f"{code} {name}", workspace_id=space["id"])
    sheet.verdict = "rejected"
    for kind in ("submit", "decide"):
        assert found.do(kind, sheet.key, at=clock.later(5))
    first = client.get(f"{API}/timesheet_submissions").json()["timesheet_submissions"]
    assert [row["status"] for row in first.values()] == ["rejected"] and all(row["message"] for row in first.values())
    assert client.get(f"{API}/time_entries", params={"approved": ""}).json()["count"] == 0
    assert found.do("resubmit", sheet.key, at=clock.later(5))
    second = client.get(f"{API}/timesheet_submissions").json()["timesheet_submissions"]
    assert sorted(row["status"] for row in second.values()) == ["approved", "rejected"]
    assert client.get(f"{API}/time_entries", params={"approved": ""}).json()["count"] == len(sheet.entries)


def test_too_many_requests_has_no_header_that_says_how_long(sandbox: House) -> None:
    _, client, _ = sandbox
    client.post("/_world/conditions", json={"vendor": "kantata", "kind": "throttled"})
    answer = client.get(f"{API}/users")
    assert answer.status_code == 429 and "retry-after" not in answer.headers
