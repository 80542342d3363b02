"""What single vendors do that others do not, over real HTTP against their emulators."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from integrations.connectors.kantata import CONNECTOR as Kantata
from integrations.connectors.netsuite import CONNECTOR as NetSuite
from integrations.connectors.ppm import CONNECTOR as Portfolio
from integrations.connectors.salesforce import CONNECTOR as Salesforce
from integrations.connectors.workday import CONNECTOR as Workday
from integrations.contracts.connector import Change
from integrations.sandbox.faults.conditions import Conditions
from integrations.sandbox.gateway import Gateway
from integrations.sandbox.serving import served
from models.domain.errors import Misconfigured, OutcomeUnknown, Rejected, Retriable, Unmappable
from models.domain.money import Money
from models.domain.outcomes import Acknowledgement
from tests.catalogues import DEMONSTRATION
from tests.contract.connectors.cases import (
    CASES,
    World,
    ka_entry,
    ka_grow,
    ka_prepare,
    ns_prepare,
    posting,
    ppm_change,
    sf_grow,
    wd_grow,
)
from tests.contract.connectors.gate import Gate, Spoil


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(folder=tmp_path)
    gate = Gate(Gateway(made.vendors.by_prefix(), made.ledger, Conditions(), made.clock))
    with served(gate) as address:  # type: ignore[arg-type]
        made.address = address
        made.gate = gate  # type: ignore[attr-defined]
        yield made


def made(kind: Any, vendor: str, world: World) -> Any:
    return kind(CASES[vendor].config(vendor, world), world.clock)


def gate_of(world: World) -> Gate:
    return world.gate  # type: ignore[attr-defined,no-any-return]


# NetSuite


def test_a_hundred_postings_are_one_job(world: World) -> None:
    """F5: a hundred postings travel in one asynchronous batch: three calls, a hundred answers in order."""
    ns_prepare(world)
    connector = made(NetSuite, "netsuite", world)
    answers = connector.deliver([posting(n) for n in range(100)])
    assert [answer.answer["externalId"] for answer in answers] == [f"TE-kantata-{n}-v1" for n in range(100)]
    assert [method for method, _, _, _ in gate_of(world).calls] == ["PUT", "GET", "GET"]
    assert [found.system_id for found in connector.find([posting(n) for n in range(100)])] == [
        answer.system_id for answer in answers
    ]


def test_a_cost_in_another_currency_comes_back_in_it(world: World) -> None:
    """M4: fifty pounds of cost on work billed in euro are fifty pounds in the ERP, and in what is read back."""
    ns_prepare(world)
    connector = made(NetSuite, "netsuite", world)
    change = posting(1)
    pounds = Money(amount=Decimal("50.00"), currency="GBP")
    [answer] = connector.deliver([replace(change, body=change.body.model_copy(update={"cost_rate": pounds}))])
    assert isinstance(answer, Acknowledgement)
    [seen] = [one.fields for one in connector.snapshot("time_entry") if one.key == "TE-kantata-1-v1"]
    assert (seen["bill_rate"]["currency"], seen["cost_rate"]["currency"], Decimal(seen["cost_rate"]["amount"])) == (
        "EUR",
        "GBP",
        50,
    )


def test_a_job_that_takes_its_time(world: World) -> None:
    """S6: a job is looked at again until it is done."""
    ns_prepare(world)
    connector = made(NetSuite, "netsuite", world)
    slow = Spoil(
        method="GET",
        path="/async/v1/job/",
        times=3,
        edit=lambda body: body.replace(b'"completed":true', b'"completed":false'),
    )
    gate_of(world).spoils.append(slow)
    [answer] = connector.deliver([posting(1)])
    assert isinstance(answer, Acknowledgement) and len(gate_of(world).calls) == 6


def test_a_job_whose_results_are_lost_is_in_doubt_for_each(world: World) -> None:
    """E1: once a job may run, every change of it is in doubt under its own key until its results are read."""
    ns_prepare(world)
    connector = made(NetSuite, "netsuite", world)
    gate_of(world).spoils.append(Spoil(method="GET", path="/result"))
    answers = connector.deliver([posting(1), posting(2)])
    assert [(type(answer), answer.key) for answer in answers] == [(OutcomeUnknown, "key-1"), (OutcomeUnknown, "key-2")]
    found = connector.find([posting(1), posting(2)])
    assert [type(one) for one in found] == [Acknowledgement] * 2, "both were written, and each is found by itself"


def test_a_closed_period_is_said_for_the_entry_alone(world: World) -> None:
    """F5: one entry in a closed month is refused with the field; the other one is posted."""
    ns_prepare(world)
    world.vendors.erp.records.shut("2026-10", True)
    late = posting(2)
    late = Change(
        late.action,
        late.entity,
        late.external_id,
        late.key,
        late.body.model_dump(mode="json") | {"work_date": "2026-10-30"},
    )  # type: ignore[union-attr]
    good, bad = made(NetSuite, "netsuite", world).deliver([posting(1), late])
    assert (
        isinstance(good, Acknowledgement)
        and isinstance(bad, Rejected)
        and (bad.code, bad.field) == ("closed-period", "tranDate")
    )


def test_an_upsert_counts_as_found_once_it_holds_what_is_wanted(world: World) -> None:
    """E1: finding an older version of a record is not finding the change."""
    ns_prepare(world)
    connector = made(NetSuite, "netsuite", world)
    change = Change(
        "upsert",
        "charge_code",
        "PRJ-1001.010",
        "k",
        {"code": "PRJ-1001.010", "project_code": "PRJ-1001", "active": False},
    )
    assert connector.find([change]) == [None]
    assert connector.state(change).current["isInactive"] is False
    connector.deliver([change])
    assert connector.find([change])[0].system_id and connector.state(change).current == connector.state(change).wanted


def test_more_changes_at_one_moment_than_a_page(world: World) -> None:
    """S6: a load of 1,300 tasks in one second comes through whole, and what comes after it is not hidden by it."""
    ns_prepare(world)
    for n in range(1300):
        task = {"title": f"PRJ-1001.{n + 1000}", "project": {"externalId": "PRJ-1001"}}
        world.vendors.erp.records.upsert("projecttask", f"PRJ-1001_{n + 1000}", task)
    connector = made(NetSuite, "netsuite", world)
    found: list[str] = []
    cursor, more = None, True
    while more:
        page = connector.poll("charge_codes", cursor, limit=500)
        found += [event.subject for event in page.events]
        cursor, more = page.cursor, page.more
    assert len(found) == len(set(found)) == 1301
    world.clock.present += timedelta(seconds=2)
    CASES["netsuite"].grow(world, 7)
    assert [event.subject for event in connector.poll("charge_codes", cursor).events] == ["charge_code:PRJ-1001.007"]


# Kantata


def test_the_feed_late_doubled_and_out_of_order(world: World) -> None:
    """E1, E7: an event that shows late and comes twice is taken once, although the cursor had passed its place."""
    ka_prepare(world)
    psa, connector = world.vendors.psa, made(Kantata, "kantata", world)
    keys = list(psa.tables["time_entries"].rows)
    psa.save("time_entries", {"approved": True}, world.clock.now(), keys[0], late=30)
    world.clock.present += timedelta(seconds=10)
    psa.save("time_entries", {"approved": True}, world.clock.now(), keys[1])
    first = connector.poll("time", None)
    assert [event.subject for event in first.events] == [f"time_entry:TE-kantata-{keys[1]}"]
    world.clock.present += timedelta(seconds=25)
    psa.feed.doubled = lambda: True
    psa.save("time_entries", {"time_in_minutes": 480}, world.clock.now(), keys[1])
    world.clock.present += timedelta(seconds=5)
    second = connector.poll("time", first.cursor)
    assert sorted({(event.type, event.subject) for event in second.events}) == [
        ("tieout.time_entry.approved", f"time_entry:TE-kantata-{keys[0]}"),
        ("tieout.time_entry.corrected", f"time_entry:TE-kantata-{keys[1]}"),
    ]
    assert len({event.id for event in second.events}) == 2
    assert not connector.poll("time", second.cursor).events


@pytest.mark.req("N4", "E8")
def test_an_absence_longer_than_the_feed_is_kept_loses_nothing(world: World) -> None:
    """N4: what changed while nobody read comes from the lists, and that deletions of that time cannot is said; then the
    feed goes on.
    """
    ka_prepare(world)
    psa, connector = world.vendors.psa, made(Kantata, "kantata", world)
    corrected, withdrawn, deleted, untouched = psa.tables["time_entries"].rows
    for key in (corrected, withdrawn, deleted, untouched):
        psa.save("time_entries", {"approved": True}, world.clock.now(), key)
    first = connector.poll("time", None)
    known = {event.id for event in first.events}
    world.clock.present += timedelta(days=1)
    psa.save("time_entries", {"time_in_minutes": 60}, world.clock.now(), corrected)
    psa.save("time_entries", {"approved": False}, world.clock.now(), withdrawn)
    psa.remove("time_entries", deleted, world.clock.now())
    shared = {
        name: psa.tables["time_entries"].rows[untouched][name]
        for name in ("currency", "currency_base_unit", "workspace_id", "story_id", "user_id")
    }
    fields = {**shared, "date_performed": "2026-11-18"}
    fresh = psa.save("time_entries", {**fields, "time_in_minutes": 30, "approved": True}, world.clock.now())
    psa.save("time_entries", {**fields, "time_in_minutes": 31}, world.clock.now())
    cost = psa.save(
        "expenses",
        {**shared, "date": "2026-11-16", "amount_in_cents": 900, "category": "travel", "approved": True},
        world.clock.now(),
    )
    world.clock.present += timedelta(days=12)
    later = psa.save(
        "time_entries", {**fields, "time_in_minutes": 45, "approved": True}, world.clock.now() - timedelta(days=2)
    )
    psa.feed.forget_old(world.clock.now())
    page = made(Kantata, "kantata", world).poll("time", first.cursor)
    assert {
        (event.type.split(".", 1)[1], event.data["ref"]["id"]) for event in page.events if event.id not in known
    } == {
        ("time_entry.approved", corrected),
        ("time_entry.reversed", withdrawn),
        ("time_entry.approved", fresh),
        ("time_entry.approved", later),
        ("expense.approved", cost),
    }
    [(name, row, error)] = page.rejected
    assert (error.code, row["since"][:10]) == ("feed-gap", "2026-11-18") and name.startswith("gap:2026")
    assert "2026-11-18" in str(error) and "deleted" in str(error) and "cancel this with a reason" in str(error)
    assert page.more
    rest = connector.poll("time", page.cursor)
    assert [event.data["ref"]["id"] for event in rest.events] == [later] and rest.events[0].id in {
        event.id for event in page.events
    }
    assert not rest.rejected and not rest.more


@pytest.mark.req("N4", "E8")
@pytest.mark.parametrize("seconds", [0, 60])
def test_an_entry_from_just_before_an_absence_is_told_as_reversed(world: World, seconds: int) -> None:
    """N4: it was read and posted within the overlap of the last reading, and withdrawn while nobody read."""
    ka_prepare(world)
    psa, connector = world.vendors.psa, made(Kantata, "kantata", world)
    row = psa.tables["time_entries"].rows[next(iter(psa.tables["time_entries"].rows))]
    shared = {name: row[name] for name in ("currency", "currency_base_unit", "workspace_id", "story_id", "user_id")}
    fields = {**shared, "date_performed": "2026-11-18", "time_in_minutes": 30, "approved": True}
    entry = psa.save("time_entries", fields, world.clock.now() - timedelta(seconds=seconds))
    psa.save("time_entries", {"approved": True}, world.clock.now(), row["id"])
    first = connector.poll("time", None)
    assert entry in [event.data["ref"]["id"] for event in first.events]
    world.clock.present += timedelta(days=1)
    psa.save("time_entries", {"approved": False}, world.clock.now(), entry)
    never = psa.save("time_entries", {**fields, "approved": False}, world.clock.now())
    world.clock.present += timedelta(days=12)
    psa.feed.forget_old(world.clock.now())
    found = {event.data["ref"]["id"]: event.type for event in connector.poll("time", first.cursor).events}
    assert found[entry] == "tieout.time_entry.reversed" and never not in found


@pytest.mark.req("N4")
def test_a_feed_that_was_quiet_for_long_has_no_gap(world: World) -> None:
    """N4: nothing happened for weeks and every poll heard so: the entry that comes then is one event, and nobody is
    alarmed.
    """
    ka_prepare(world)
    connector = made(Kantata, "kantata", world)
    cursor = connector.poll("time", None).cursor
    for _ in range(5):
        world.clock.present += timedelta(days=5)
        quiet = connector.poll("time", cursor)
        assert not quiet.events and not quiet.rejected and not quiet.more
        cursor = quiet.cursor
    ka_grow(world, 0)
    page = connector.poll("time", cursor)
    assert len(page.events) == 1 and not page.rejected
    assert not connector.poll("time", page.cursor).events


def test_a_quiet_feed_costs_one_small_call(world: World) -> None:
    """N3: a poll that finds nothing new reads one event, however many the overlap holds."""
    ka_prepare(world)
    for n in range(40):
        ka_grow(world, n % 4)
    world.clock.present += timedelta(seconds=1)
    connector = made(Kantata, "kantata", world)
    page = connector.poll("time", None)
    while page.more:
        page = connector.poll("time", page.cursor)
    before = len(gate_of(world).calls)
    assert connector.poll("time", page.cursor).cursor == page.cursor
    assert len(gate_of(world).calls) == before + 1


def test_more_events_than_a_page(world: World) -> None:
    """S6: five hundred approvals at one moment come through whole, in pages."""
    ka_prepare(world)
    psa = world.vendors.psa
    [workspace], [story], [user] = (list(psa.tables[name].rows) for name in ("workspaces", "stories", "users"))
    for n in range(500):
        key = ka_entry(world, workspace, story, user, n)
        psa.save("time_entries", {"approved": True}, world.clock.now(), key)
    connector = made(Kantata, "kantata", world)
    found: list[str] = []
    cursor, more = None, True
    while more:
        page = connector.poll("time", cursor, limit=150)
        found += [event.subject for event in page.events]
        cursor, more = page.cursor, page.more
    assert len(found) == len(set(found)) == 500


def test_a_success_takes_the_place_of_a_failure_in_the_demonstrations_ledger(world: World) -> None:
    """F5: an entry refused before its ERP was known and posted later has one row in the sync ledger, and it says so."""
    ka_prepare(world)
    key = next(iter(world.vendors.psa.tables["time_entries"].rows))
    options = next(
        system["options"]
        for system in tomllib.loads((DEMONSTRATION / "systems.toml").read_text())["system"]
        if system["name"] == "kantata"
    )
    connector = Kantata(replace(CASES["kantata"].config("kantata", world), options=options), world.clock)
    for status, named in (
        ("failed", {"message": "Unknown charge code"}),
        ("successful", {"system": "netsuite", "posting_id": f"TE-kantata-{key}-v1"}),
    ):
        [answer] = connector.deliver(
            [
                Change(
                    "annotate",
                    "time_entry",
                    f"TE-kantata-{key}",
                    status,
                    {"status": status, **named},
                    {"time_entry": key},
                )
            ]
        )
        assert isinstance(answer, Acknowledgement)
    ledger = [
        row
        for row in world.vendors.psa.tables["external_references"]
        if (row["subject_type"], row["subject_id"]) == ("TimeEntry", key)
    ]
    assert [(row["service_name"], row["status"], row["service_model_ref"]) for row in ledger] == [
        ("netsuite", "successful", f"TE-kantata-{key}-v1")
    ]


def test_a_withdrawn_entry_is_reversed(world: World) -> None:
    """F5: an approved entry that is deleted at the source is reversed under a later version."""
    ka_prepare(world)
    psa, connector = world.vendors.psa, made(Kantata, "kantata", world)
    key = next(iter(psa.tables["time_entries"].rows))
    psa.save("time_entries", {"approved": True}, world.clock.now(), key)
    psa.remove("time_entries", key, world.clock.now() + timedelta(seconds=5))
    world.clock.present += timedelta(seconds=10)
    approved, reversed_ = connector.poll("time", None).events
    assert (approved.type, reversed_.type) == ("tieout.time_entry.approved", "tieout.time_entry.reversed")
    assert reversed_.sourceversion > approved.sourceversion and reversed_.data["approval"] == "reversed"
    assert (reversed_.data["project_id"], reversed_.data["resource_id"], reversed_.data["charge_code"]) == (
        "PRJ-1001",
        "E-1007",
        "PRJ-1001.010",
    )


def test_a_refused_entry_goes_back_with_the_reason(world: World) -> None:
    """F5: the sync ledger says failed and why, and the timesheet is turned down with the same words; later success
    replaces it.
    """
    ka_prepare(world)
    psa, connector = world.vendors.psa, made(Kantata, "kantata", world)
    key = next(iter(psa.tables["time_entries"].rows))
    sheet = psa.save("timesheet_submissions", {"status": "approved"}, world.clock.now())
    psa.save("time_entries", {"approved": True, "timesheet_submission_id": sheet}, world.clock.now(), key)
    body = {
        "status": "failed",
        "system": "netsuite",
        "message": "The charge code is closed.",
        "code": "charge-code-inactive",
    }
    change = Change("annotate", "time_entry", f"TE-kantata-{key}", "k1", body, {"time_entry": key})
    [ack] = connector.deliver([change])
    assert isinstance(ack, Acknowledgement) and connector.find([change])[0].system_id == ack.system_id
    assert psa.tables["timesheet_submissions"].rows[sheet]["status"] == "rejected"
    seen = {one.system_id: one.fields for one in connector.snapshot("time_entry")}[key]
    assert (seen["sync_status"], seen["sync_message"]) == ("failed", "The charge code is closed.")
    good = Change(
        "annotate",
        "time_entry",
        f"TE-kantata-{key}",
        "k2",
        {"status": "successful", "system": "netsuite", "posting_id": "P"},
        {"time_entry": key},
    )
    assert connector.deliver([good])[0].system_id == ack.system_id and connector.find([change]) == [None]


def test_a_half_made_project_is_finished_not_doubled(world: World) -> None:
    """E1: the workspace was made and the answer lost before its tasks: asking finds no whole project, repeating makes
    it whole.
    """
    change = CASES["kantata"].change
    assert change is not None
    connector = made(Kantata, "kantata", world)
    gate_of(world).spoils.append(Spoil(method="POST", path="/stories", after_work=True))
    [lost] = connector.deliver([change(1)])
    assert isinstance(lost, OutcomeUnknown)
    connector.deliver([change(1)])
    tables = world.vendors.psa.tables
    assert len(tables["workspaces"].rows) == 1 and sorted(row["title"] for row in tables["stories"]) == [
        "PRJ-2001.010 Build",
        "PRJ-2001.020 Run",
    ]


def test_a_worker_already_there_by_mail_is_taken_over(world: World) -> None:
    """M2: a user whom somebody made by hand is found by e-mail and gets our reference instead of a twin."""
    psa = world.vendors.psa
    user = psa.save("users", {"full_name": "D. Field", "email_address": "dana@novalis.example"}, world.clock.now())
    body = {"number": "E-1007", "name": "Dana Field", "email": "dana@novalis.example", "active": True}
    change = Change("upsert", "resource", "E-1007", "k", body)
    connector = made(Kantata, "kantata", world)
    [ack] = connector.deliver([change])
    assert (ack.system_id, ack.created) == (user, False) and psa.tables["users"].rows[user]["full_name"] == "Dana Field"
    [seen] = connector.snapshot("resource")
    assert seen.key == "E-1007" and connector.find([change])[0].system_id == user


# Salesforce


def test_deleted_accounts_are_heard_of(world: World) -> None:
    """F2: a record in the bin comes as an inactive customer."""
    sf_grow(world, 1)
    connector = made(Salesforce, "salesforce", world)
    table = world.vendors.crm.tables["Account"]
    key = next(iter(table.rows))
    table.put(key, {**table.rows[key], "IsDeleted": True, "SystemModstamp": "2026-11-18T10:00:05.000+0000"})
    world.clock.present += timedelta(seconds=10)
    [event] = connector.poll("accounts", None).events
    assert event.data["active"] is False and event.subject == f"customer:salesforce:{key}"


@pytest.mark.req("F1")
def test_a_sale_in_the_bin_is_no_won_sale(world: World) -> None:
    """F1: a won opportunity that was deleted before it was read sets up no project; taken out of the bin, it does."""
    sf_grow(world, 1)
    connector = made(Salesforce, "salesforce", world)
    table = world.vendors.crm.tables["Opportunity"]
    key = next(iter(table.rows))
    table.put(key, {**table.rows[key], "IsDeleted": True, "SystemModstamp": "2026-11-18T10:00:05.000+0000"})
    world.clock.present += timedelta(seconds=10)
    page = connector.poll("opportunities", None)
    assert not page.events and not page.rejected and list(connector.snapshot("project")) == []
    table.put(key, {**table.rows[key], "IsDeleted": False, "SystemModstamp": "2026-11-18T10:00:20.000+0000"})
    world.clock.present += timedelta(seconds=20)
    assert [event.subject for event in connector.poll("opportunities", page.cursor).events] == ["project:PRJ-1001"]


def test_an_account_that_changes_again_in_the_overlap(world: World) -> None:
    """S6: the overlap repeats no version and misses none."""
    sf_grow(world, 1)
    connector = made(Salesforce, "salesforce", world)
    crm = world.vendors.crm
    key = next(iter(crm.tables["Account"].rows))
    first = connector.poll("accounts", None)
    crm.save("Account", {"Name": "Halden AG"}, world.clock.now() + timedelta(milliseconds=1), key)
    world.clock.present += timedelta(seconds=1)
    second = connector.poll("accounts", first.cursor)
    assert [event.data["name"] for event in second.events] == ["Halden AG"] and second.events[
        0
    ].sourceversion > first.events[0].sourceversion


def test_the_daily_quota_is_not_tried_again_soon(world: World) -> None:
    """S7: a quota for the day waits an hour, a limit of the moment seconds."""
    connector = made(Salesforce, "salesforce", world)
    connector.check()
    waits = []
    for kind in ("TotalRequests Limit exceeded.", "ConcurrentRequests (Concurrent API Requests) Limit exceeded."):
        body = json.dumps([{"message": kind, "errorCode": "REQUEST_LIMIT_EXCEEDED"}]).encode()
        gate_of(world).spoils.append(Spoil(403, body, path="/query"))
        with pytest.raises(Exception, match="Limit exceeded") as caught:
            connector.poll("accounts", None)
        waits.append((caught.value.until - world.clock.now()).total_seconds())  # type: ignore[attr-defined]
    assert waits == [3600, 5]


# Portfolio


def test_a_stale_tag_is_tried_again_and_never_overwrites(world: World) -> None:
    """S3: somebody changed the project between reading and writing: nothing is overwritten unseen."""
    connector = made(Portfolio, "ppm", world)
    connector.deliver([ppm_change(1)])
    gate_of(world).spoils.append(
        Spoil(409, b'{"error": "changed by someone else", "field": "If-Match"}', method="PUT", path="/projects/")
    )
    [answer] = connector.deliver([ppm_change(1)])
    assert isinstance(answer, Retriable) and answer.code == "stale"
    assert isinstance(connector.deliver([ppm_change(1)])[0], Acknowledgement)
    puts = [headers.get("if-match") for method, _, headers, _ in gate_of(world).calls if method == "PUT"]
    assert puts == [None, '"1"', '"1"']


# Workday


def test_pages_of_one_reading_share_one_moment(world: World) -> None:
    """S6: As_Of_Entry_DateTime is the same on every page, and a change in between comes with the next reading."""
    for n in range(5):
        wd_grow(world, n)
    world.clock.present += timedelta(seconds=1)
    connector = made(Workday, "workday", world)
    first = connector.poll("workers", None, limit=2)
    world.clock.present += timedelta(seconds=60)
    world.vendors.hcm.save("E-1004", {"role": "Principal"}, world.clock.now())
    second = connector.poll("workers", first.cursor, limit=500)
    assert (len(first.events), len(second.events), first.more, second.more) == (2, 2, True, True)
    third = connector.poll("workers", second.cursor)
    bodies = [body for _, _, _, body in gate_of(world).calls]
    assert len(bodies) >= 3 and all(b"2026-11-18T10:00:01+00:00</ns0:As_Of_Entry_DateTime>" in body for body in bodies)
    later = connector.poll("workers", third.cursor)
    assert [event.data["role"] for event in later.events] == ["Principal"]


def test_a_soap_validation_fault_names_its_path(world: World) -> None:
    """S6: a fault with a path is a refusal with the field; a processing fault is passing; refused credentials are a
    setting.
    """
    connector = made(Workday, "workday", world)
    with pytest.raises(Rejected) as caught:
        connector._client.workers(None, "2026-11-18T10:00:00+00:00", 0, 100)
    assert caught.value.field == "/wd:Get_Workers_Request/wd:Response_Filter/wd:Page"


ENVELOPE = '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/">'


@pytest.mark.parametrize(
    ("code", "kind"), [("Client.authenticationError", Misconfigured), ("Server.processingError", Retriable)]
)
def test_soap_faults_by_what_happens_next(world: World, code: str, kind: type[Exception]) -> None:
    """E3: who must act decides the error."""
    fault = f"<e:Fault><faultcode>e:{code}</faultcode><faultstring>no</faultstring></e:Fault>"
    body = f"{ENVELOPE}<e:Body>{fault}</e:Body></e:Envelope>"
    gate_of(world).spoils.append(Spoil(500, body.encode(), path="/workday"))
    with pytest.raises(kind):
        made(Workday, "workday", world).check()


def test_an_entity_bomb_is_not_expanded(world: World) -> None:
    """G3: document types and entities in an answer are refused, not resolved."""
    entities = '<?xml version="1.0"?><!DOCTYPE e [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]>'
    bomb = f"{entities}{ENVELOPE}<e:Body>&b;</e:Body></e:Envelope>"
    gate_of(world).spoils.append(Spoil(200, bomb.encode(), path="/workday"))
    with pytest.raises(Unmappable):
        made(Workday, "workday", world).check()


# Snapshots that read only what changed


def shown(connector: Any, entity: str) -> dict[str, Any]:
    return {one.system_id: one for one in connector.snapshot(entity)}


def test_a_repeated_snapshot_of_postings_equals_a_fresh_one(world: World) -> None:
    """C4: new, changed and deleted postings show in the next snapshot as they would in a first one, for three small
    calls.
    """
    ns_prepare(world)
    connector = made(NetSuite, "netsuite", world)
    connector.deliver([posting(n) for n in range(20)])
    assert len(shown(connector, "time_entry")) == 21, "those twenty, and the one of a person"
    world.clock.present += timedelta(minutes=10)
    records = world.vendors.erp.records
    first, second, *_ = records.tables["timebill"].rows
    records.change("timebill", first, {"memo": "checked", "isBillable": False})
    connector.deliver([posting(30)])
    before = len(gate_of(world).calls)
    assert shown(connector, "time_entry") == shown(made(NetSuite, "netsuite", world), "time_entry")
    assert shown(connector, "time_entry")[first].fields["billable"] is False
    assert len(gate_of(world).calls) - before <= 2 + 1 + 2
    records.remove("timebill", second)
    after = shown(connector, "time_entry")
    assert second not in after and after == shown(made(NetSuite, "netsuite", world), "time_entry")


def test_a_repeated_snapshot_of_work_equals_a_fresh_one(world: World) -> None:
    """C4: changed entries, decided timesheets, sync results, renamed tasks and deletions all show at once."""
    ka_prepare(world)
    psa, connector = world.vendors.psa, made(Kantata, "kantata", world)
    one, two, three, four = psa.tables["time_entries"].rows
    sheet = psa.save("timesheet_submissions", {"status": "new"}, world.clock.now())
    psa.save("time_entries", {"timesheet_submission_id": sheet}, world.clock.now(), one)

    def operations() -> Iterator[str]:
        psa.save("time_entries", {"time_in_minutes": 60}, world.clock.now(), two)
        yield "changed"
        psa.resolve(sheet, "rejected", world.clock.now(), "no")
        yield "rejected"
        connector.deliver(
            [
                Change(
                    "annotate",
                    "time_entry",
                    f"TE-kantata-{three}",
                    "k",
                    {"status": "successful", "posting_id": "P"},
                    {"time_entry": three},
                )
            ]
        )
        yield "noted"
        psa.save("stories", {"title": "PRJ-1001.099 Build"}, world.clock.now(), next(iter(psa.tables["stories"].rows)))
        yield "renamed"
        psa.remove("time_entries", four, world.clock.now())
        yield "deleted"

    before = shown(connector, "time_entry")
    for operation in operations():
        now = shown(connector, "time_entry")
        assert now != before and now == shown(made(Kantata, "kantata", world), "time_entry"), operation
        before = now
        world.clock.present += timedelta(minutes=10)
