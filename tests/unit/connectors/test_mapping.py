"""Pure mappings against recorded exchanges: exact money, canonical words, fields named when they drift."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.connectors.kantata import mapping as kantata
from integrations.connectors.kantata.names import Names
from integrations.connectors.netsuite import events, observations
from integrations.connectors.netsuite import mapping as netsuite
from integrations.connectors.netsuite.connector import STATEMENTS
from integrations.connectors.netsuite.refusals import refusal
from integrations.connectors.rows import Reading, Row
from integrations.connectors.salesforce import mapping as salesforce
from integrations.connectors.salesforce import observations as sale_observations
from integrations.connectors.targets import aligned, holds
from integrations.contracts.connector import Change
from models.canonical.events import data_of
from models.canonical.schemas import Contract, Milestone
from models.domain.duration import hours_of_minutes
from models.domain.errors import RateLimited, Rejected, Retriable, TieoutError, Unmappable
from models.domain.money import Money

NOW = datetime(2026, 11, 18, 10, 0, tzinfo=UTC)
Json = dict[str, Any]


def recorded(name: str) -> Any:
    """A recorded exchange as the transport hands it on: exact numbers."""
    return json.loads((Path(__file__).parent / "recorded" / name).read_text(), parse_float=Decimal)


def test_a_won_opportunity_with_its_lines() -> None:
    """S1, M4: contract terms, dimensions, milestones, tasks and demand out of one sale; cents exactly as recorded."""
    event = salesforce.opportunity_event(
        "crm-eu", recorded("salesforce_opportunity.json")["records"][0], recorded("salesforce_lines.json")
    )
    sale = data_of(event)
    assert (
        event.subject == "project:PRJ-1001" and event.legalentity == "NOV-DE" and event.sourceversion == 1794927846123
    )
    assert str(sale.value) == "125,000.10 EUR" and sale.target_margin == Decimal("0.355")  # type: ignore[attr-defined]
    assert [(one.name, one.amount.amount, one.due) for one in sale.milestones] == [
        ("Design accepted", Decimal("50000.25"), date(2027, 1, 31))
    ]  # type: ignore[attr-defined]
    assert [(one.charge_code, one.billable) for one in sale.tasks] == [("PRJ-1001.020", False)]
    assert [(one.role, one.hours, one.bill_rate.amount) for one in sale.demand] == [
        ("Architect", 120, Decimal("190.05"))
    ]  # type: ignore[attr-defined]
    rule = sale.billing_rules[0]  # type: ignore[attr-defined]
    assert (rule.kind, rule.purchase_order, rule.cap.amount) == ("milestone", "4500012", 130000)


@pytest.mark.req("E1")
def test_an_event_of_the_crm_is_named_by_its_content_too() -> None:
    """E1: within one tick of the vendor's clock another line is another event; a field that nobody maps makes none."""
    raw, lines = recorded("salesforce_opportunity.json")["records"][0], recorded("salesforce_lines.json")
    first, again, looked_at, other = (
        salesforce.opportunity_event("crm", one, sold)
        for one, sold in (
            (raw, lines),
            (raw, lines),
            ({**raw, "LastViewedDate": "2026-11-18T10:00:00Z"}, lines),
            (raw, [{**lines[0], "Name": "Design"}, *lines[1:]]),
        )
    )
    assert first.id == again.id == looked_at.id != other.id and first.sourceversion == other.sourceversion


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("Amount", "125000", "retyped-field"),
        ("Amount", None, "missing-field"),
        ("IsWon", None, None),
        ("Contract_Type__c", "Barter", "unknown-value"),
        ("CloseDate", None, None),
        ("SystemModstamp", "yesterday", "retyped-field"),
        ("CurrencyIsoCode", None, "missing-currency"),
        ("Project_Code__c", {"code": 1}, "retyped-field"),
        ("Target_Margin__c", True, "retyped-field"),
    ],
)
def test_drift_names_the_field(field: str, value: object, code: str | None) -> None:
    """S8: a retyped or emptied field is reported by name; one the mapping can do without is not."""
    raw = {**recorded("salesforce_opportunity.json")["records"][0], field: value}
    if code is None:
        salesforce.opportunity_event("crm", raw, [])
        return
    with pytest.raises(Unmappable) as caught:
        salesforce.opportunity_event("crm", raw, [])
    assert (caught.value.code, caught.value.path) == (code, "Amount" if code == "missing-currency" else field)


def test_a_field_that_vanished_is_drift() -> None:
    """S8: SOQL sends null for an empty field, so one that is not there at all was taken away."""
    raw = recorded("salesforce_opportunity.json")["records"][0]
    del raw["Legal_Entity__c"]
    with pytest.raises(Unmappable, match="no longer sends it"):
        salesforce.opportunity_event("crm", raw, [])


def test_missing_dimensions_are_listed_in_the_snapshot() -> None:
    """X4: what set-up cannot do without is named where it is missing."""
    raw = {**recorded("salesforce_opportunity.json")["records"][0], "Service_Line__c": None, "Contract_Type__c": None}
    assert sale_observations.project_observation(raw, {}).fields["missing"] == ["contract_type", "service_line"]


# Kantata


def entry(**fields: Any) -> Json:
    return {**recorded("kantata_time_entry.json")["time_entries"]["27"], **fields}


@pytest.mark.parametrize(
    ("before", "after", "verb"),
    [
        (None, entry(approved=False), None),
        (None, entry(approved=True), "approved"),
        (entry(approved=False), entry(approved=True), "approved"),
        (entry(approved=True), entry(approved=True, time_in_minutes=480), "corrected"),
        (entry(approved=True), entry(approved=True, story_id="8"), "corrected"),
        (entry(approved=True), entry(approved=True, is_invoiced=True, updated_at="2026-11-19T00:00:00Z"), None),
        (entry(approved=True), entry(approved=False), "reversed"),
        (entry(approved=True), None, "reversed"),
        (entry(approved=False), None, None),
        (entry(approved=False), entry(approved=False, time_in_minutes=5), None),
    ],
)
def test_what_an_event_means(before: Json | None, after: Json | None, verb: str | None) -> None:
    """F5: approval, correction after it, and withdrawal or deletion after it; all else is no business of ours."""
    found = kantata.verdict("time_entry", {"previous_payload": before, "current_payload": after})
    assert (found.verb if found else None) == verb


def test_a_time_entry_is_exact_and_named() -> None:
    """M4: minutes become hours, minor units become money; ids and names come from one look-up."""
    names = Names({"7": "PRJ-1001.020"}, {"123": "PRJ-1001"}, {"5": "E-1007"}, "NOV-US")
    event = kantata.work_event("kantata", "time_entry", kantata.Verdict("approved", entry()), NOW, names)
    work = data_of(event)
    assert (event.subject, event.type, event.legalentity) == (
        "time_entry:TE-kantata-27",
        "tieout.time_entry.approved",
        "NOV-US",
    )
    assert (work.hours, work.bill_rate.amount, work.cost_rate.amount) == (Decimal("7.50"), 185, Decimal("62.5"))
    assert (work.project_id, work.resource_id, work.charge_code) == ("PRJ-1001", "E-1007", "PRJ-1001.020")


def test_a_doubled_event_is_one_event() -> None:
    """E1: two feed events about one version of an entry have one id; another version has another."""
    names = Names()
    first, twin = (
        kantata.work_event("k", "time_entry", kantata.Verdict("approved", entry()), at, names)
        for at in (NOW, NOW + timedelta(seconds=2))
    )
    later = kantata.work_event(
        "k", "time_entry", kantata.Verdict("corrected", entry(updated_at="2026-11-19T18:30:00-08:00")), NOW, names
    )
    assert first.id == twin.id != later.id and later.sourceversion > first.sourceversion


@pytest.mark.req("E1")
def test_two_corrections_within_a_second_are_two_events() -> None:
    """E1: the vendor's times are whole seconds, so content tells them apart; what moves beside the work (sync,
    invoicing) does not.
    """
    seven, eight, noted = entry(), entry(time_in_minutes=480), entry(is_invoiced=True, external_reference="9")
    first, other, again = (
        kantata.work_event("k", "time_entry", kantata.Verdict("corrected", row), NOW, Names())
        for row in (seven, eight, noted)
    )
    assert first.id == again.id != other.id and first.sourceversion == other.sourceversion


def test_yen_have_no_cents() -> None:
    """M4: the vendor's base unit says how many minor units make one."""
    row = Row({"rate_in_cents": 18500, "currency": "JPY", "currency_base_unit": 1}, sparse=True)
    assert kantata.money(row, "rate_in_cents") == Money(amount=Decimal(18500), currency="JPY")


# NetSuite


@given(st.integers(-60 * 300, 60 * 300))
def test_minutes_survive_the_vendors_clock(minutes: int) -> None:
    """M4: hours as h:mm and back are the same hours, reversals too."""
    hours = hours_of_minutes(Decimal(minutes))
    assert netsuite.hours_of(netsuite.clock(hours)) == hours


def test_a_reversal_is_negative_whatever_the_flow_sends() -> None:
    """F5: reversing posts the opposite hours under its own external id."""
    body = {
        "time_entry_id": "TE-k-1",
        "project_id": "P",
        "resource_id": "E",
        "work_date": "2026-11-16",
        "hours": "7.50",
        "charge_code": "P.010",
    }
    record = netsuite.record_of(Change("reverse", "time_entry", "TE-k-1-v1-R", "k", body))
    assert (record["hours"], record["externalId"], record["caseTaskEvent"]) == (
        "-7:30",
        "TE-k-1-v1-R",
        {"externalId": "P_010"},
    )


def test_a_posting_without_a_project_is_never_sent() -> None:
    """N4: what the target needs and the payload lacks is named before anything leaves."""
    with pytest.raises(Unmappable) as caught:
        netsuite.record_of(
            Change(
                "post", "time_entry", "TE-k-1-v1", "k", {"resource_id": "E", "work_date": "2026-11-16", "hours": "1"}
            )
        )
    assert caught.value.path == "project_id"


@pytest.mark.parametrize(
    ("kind", "detail", "code", "status", "wanted", "field"),
    [
        (
            "timeBill",
            "You have entered an Invalid Field Value 9 for the following field: customer",
            "INVALID_CONTENT",
            400,
            "project-not-found",
            "customer",
        ),
        (
            "timeBill",
            "You have entered an Invalid Field Value 9 for the following field: employee",
            "INVALID_CONTENT",
            400,
            "resource-not-found",
            "employee",
        ),
        (
            "job",
            "You have entered an Invalid Field Value 9 for the following field: parent",
            "INVALID_CONTENT",
            400,
            "customer-not-found",
            "parent",
        ),
        ("timeBill", "The project task X is inactive.", "USER_ERROR", 400, "charge-code-inactive", None),
        (
            "timeBill",
            "You cannot edit/create a transaction in a closed period",
            "USER_ERROR",
            400,
            "closed-period",
            None,
        ),
        ("timeBill", "Permission Violation", "INSUFFICIENT_PERMISSION", 403, "permission", None),
        ("timeBill", "Invalid content: hours", "INVALID_CONTENT", 400, "invalid-content", None),
        ("timeBill", "Please enter value(s) for: Item", "USER_ERROR", 400, "user-error", None),
    ],
)
def test_refusals_have_stable_codes(
    kind: str, detail: str, code: str, status: int, wanted: str, field: str | None
) -> None:
    """S6: the vendor's sentences become codes that group like with like, with the field."""
    error = refused({"o:errorDetails": [{"detail": detail, "o:errorCode": code}]}, status, kind)
    assert isinstance(error, Rejected) and (error.code, error.field) == (wanted, field)


def test_the_recorded_refusal() -> None:
    """S6: the documentation's own sample, field taken from its sentence."""
    error = refused(recorded("netsuite_invalid_content.json"), 400, "timeBill")
    assert isinstance(error, Rejected) and (error.code, error.field) == ("charge-code-not-found", "caseTaskEvent")


@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [
        ("CONCURRENCY_LIMIT_EXCEEDED", 429, RateLimited),
        ("SSS_REQUEST_LIMIT_EXCEEDED", 400, RateLimited),
        ("UNEXPECTED_ERROR", 500, Retriable),
        ("RCRD_HAS_BEEN_CHANGED", 400, Retriable),
    ],
)
def test_passing_faults_are_no_refusals(code: str, status: int, kind: type[TieoutError]) -> None:
    """E3: what may succeed later never becomes a dead letter at once."""
    assert isinstance(refused({"o:errorDetails": [{"detail": "busy", "o:errorCode": code}]}, status, "timeBill"), kind)


def test_a_contract_revision_keeps_what_the_erp_noted() -> None:
    """F7: replacing the milestone list keeps done, accepted and invoiced, or a milestone would be billed twice."""
    milestone = Milestone(milestone_id="M1", name="Design", amount=Money(amount=Decimal("60000.00"), currency="EUR"))
    body = Contract(
        contract_id="CT-P", project_id="P", value=Money(amount=Decimal("1"), currency="EUR"), milestones=(milestone,)
    )
    record = netsuite.record_of(Change("upsert", "contract", "CT-P", "k", body))
    held = {
        "item": {
            "items": [
                {"custcol_milestone_id": "M1", "amount": 50000, "custcol_accepted": True, "custcol_invoice": "INV-1"}
            ]
        }
    }
    [line] = netsuite.with_kept_lines(record, held)["item"]["items"]
    assert (
        line["amount"] == Decimal("60000.00")
        and line["custcol_accepted"] is True
        and line["custcol_invoice"] == "INV-1"
    )


@pytest.mark.parametrize(
    ("status", "inactive", "word"),
    [
        ("In Progress", "F", "active"),
        ("Closed", "F", "closed"),
        ("Cancelled", "T", "cancelled"),
        ("Not Started", "F", "planned"),
        ("In Progress", "T", "closed"),
    ],
)
def test_project_status_words(status: str, inactive: str, word: str) -> None:
    """S4: the ERP's words become the canonical four."""
    assert events.status_of(Row({"entitystatus": status, "isinactive": inactive}, sparse=True, textual=True)) == word


def test_an_erp_posting_names_its_fact() -> None:
    """C4: a posting joins the PSA's entry by its id, a reversal too."""
    raw = {
        "id": "7",
        "externalid": "TE-kantata-27-v2-R",
        "trandate": "2026-11-16",
        "hours": "-7:30",
        "isbillable": "T",
        "rate": "185.1",
        "custcol_currency": "EUR",
    }
    fields = observations.time_observation(raw).fields
    assert (fields["time_entry_id"], fields["reversal"], fields["hours"], fields["bill_rate"]) == (
        "TE-kantata-27",
        True,
        "-7.50",
        {"amount": "185.1", "currency": "EUR"},
    )


def test_a_cost_keeps_its_own_currency_on_the_wire_and_back() -> None:
    """M4: a British consultant on a job billed in euro costs pounds, in the posting, in the employee and in what is
    observed.
    """
    body = {
        "time_entry_id": "TE-k-1",
        "project_id": "P",
        "resource_id": "E",
        "work_date": "2026-11-16",
        "hours": "7.50",
        "bill_rate": {"amount": "150.00", "currency": "EUR"},
        "cost_rate": {"amount": "50.00", "currency": "GBP"},
    }
    record = netsuite.record_of(Change("post", "time_entry", "TE-k-1-v1", "k", body))
    assert (record["custcol_currency"], record["custcol_cost_currency"]) == ("EUR", "GBP")
    fields = observations.time_observation(
        {"id": "7", **{name.lower(): str(value) for name, value in record.items() if not isinstance(value, bool)}}
    ).fields
    assert (fields["bill_rate"]["currency"], fields["cost_rate"]) == ("EUR", {"amount": "50.00", "currency": "GBP"})
    person = {"number": "E", "name": "Ada Byron", "cost_rate": {"amount": "50.00", "currency": "GBP"}}
    employee = netsuite.record_of(Change("upsert", "resource", "E", "k", person))
    row = {
        "id": "8",
        "subsidiarycurrency": "EUR",
        **{name.lower(): str(value) for name, value in employee.items()},
        "isinactive": "F",
    }
    assert observations.resource_observation(row).fields["cost_rate"] == {"amount": "50.00", "currency": "GBP"}


def test_every_statement_is_named_and_used() -> None:
    """Habit 5: SQL is a file of named statements; each has an id to page by."""
    found = STATEMENTS
    assert set(found) >= {kind for kind, _ in observations.OBSERVED.values()} | {
        kind for kind, _ in observations.WITH_LINES.values()
    } | {"lines"}
    assert all(text.startswith("SELECT ") and " id" in text.replace(".id", " id") for text in found.values())


# What all share


def test_a_page_reports_a_new_field_once_with_the_rows_that_carry_it() -> None:
    """S8: two hundred rows with one new field are one report, which counts them and names the first."""
    reading_ = Reading(ignored=frozenset({"z"}))
    for n in range(200):
        reading_.drift(str(n), {"x": n}, ["x", "z"])
    reading_.drift("7", {"y": 1}, ["y"])
    assert [(name, error.code) for name, _, error in reading_.rejected] == [("0", "new-field"), ("7", "new-field")]
    many, one = (str(error) for _, _, error in reading_.rejected)
    assert many.startswith("x is new at the vendor and not read, in 200 rows (0, 1, 2, ") and "19 …)" in many
    assert one.startswith("y is new at the vendor and not read: ")


def test_a_field_that_vanished_names_what_came_in_its_place() -> None:
    """S8: a renamed field is a missing one, with the new one of the very same row beside it."""
    reading_ = Reading()
    for n, row in enumerate([{"id": "1", "shoe": 43, "colour": "red"}, {"id": "2", "shoe": 44}]):
        reading_.drift(str(n), row, Row(row, "entry").beyond({"id", "hours"}))
        reading_.take(str(n), row, lambda row=row: Row(row, "entry").text("hours"))
    told = [str(error) for _, _, error in reading_.rejected if error.code == "missing-field"]
    assert told[0].endswith("; entry.shoe, entry.colour came in the same row and may be its new name")
    assert told[1].endswith("; entry.shoe came in the same row and may be its new name")


def test_same_numbers_are_the_same() -> None:
    """E4: 62.5 and "62.50" are one number, True and 1 are not one value, and a missing field differs."""
    assert holds({"rate": "62.5"}, {"rate": Decimal("62.50")}) and aligned({"rate": "62.5"}, {"rate": "62.50"}) == {
        "rate": "62.50"
    }
    assert not holds({"active": "1"}, {"active": False}) and not holds({}, {"rate": "1"}) and not holds(None, {})


def refused(body: Any, status: int, kind: str) -> TieoutError:
    return refusal(body, status, kind, "netsuite", NOW, str)
