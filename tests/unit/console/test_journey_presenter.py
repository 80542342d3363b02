"""A journey in sentences, a waterfall in tree order, payloads side by side with what may not be read masked."""

from __future__ import annotations

import json
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from app.console.journey import presenter as present
from app.console.journey import trace
from app.console.journey.holdings import entry_of, gone, holdings, lines, work_rows
from app.console.journey.payloads import parts
from app.console.journey.sentences import sentence
from app.console.widgets.download import csv_of
from app.readings import ids, masking
from app.readings.journey import search
from app.readings.journey.reading import holdings_of, invoice_of, step_of
from app.readings.journey.rows import Holding, Item, Named, Project, Span, Step, Work
from app.readings.masking import masked_rows
from app.readings.payload import changes, flat, masked_body
from models.canonical.classification import MASK, DataClass

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
NOBODY: frozenset[DataClass] = frozenset()
FINANCE = frozenset({DataClass.LABOUR_RATE, DataClass.CONTRACT_VALUE})


def record(kind: str, after: int = 0, **more: Any) -> dict[str, Any]:
    """A record as the statement answers it, `body` given as values."""
    base = {field.name: None for field in fields(Step) if field.name != "changed"}
    known = {
        "kind": kind,
        "occurred_at": NOW + timedelta(seconds=after),
        "flow": "time-to-bill",
        "flow_version": 1,
        "attempt": 1,
        "trace_id": "t",
        "record_id": f"{kind}{after}",
        "business_key": "time_entry:1",
    }
    return {**base, **known, **more, "body": json.dumps(more.get("body", {}))}


def step(kind: str, after: int = 0, clear: frozenset[DataClass] = NOBODY, **more: Any) -> Step:
    return step_of(record(kind, after, **more), clear)


@pytest.mark.req("O2")
@pytest.mark.parametrize(
    ("row", "text"),
    [
        (
            step("source_event", system="kantata", body={"type": "tieout.time_entry.approved"}),
            "kantata reported: Time entry approved",
        ),
        (
            step(
                "acknowledgement",
                system="netsuite",
                body={"change": {"action": "post", "entity": "time_entry"}, "answer": {"system_id": "77"}},
            ),
            "netsuite acknowledged post time entry as 77",
        ),
        (
            step(
                "failure", system="netsuite", error_code="closed-period", body={"error": {"message": "closed period"}}
            ),
            "netsuite refused: closed period",
        ),
        (step("pause", body={"because": "the project is not in the ERP"}), "Waits: the project is not in the ERP"),
        (step("operator_action", actor="mara", body={"action": "snoozed", "reason": "agreed"}), "mara snoozed: agreed"),
        (step("settlement", status="settled"), "Run settled"),
        (step("something_new"), "Something new"),
    ],
)
def test_each_record_is_a_sentence(row: Step, text: str) -> None:
    """O2: readable by people who know the business, not the software."""
    assert sentence(row) == text


def test_a_body_that_is_no_json_still_shows() -> None:
    odd = step_of({**record("failure"), "body": "not json"}, NOBODY)
    assert sentence(odd) == "Step refused: –"
    assert parts(odd)[0].fields[0].after == "not json"


def test_the_outline_says_where_it_is_stuck() -> None:
    stuck = [
        step("source_event", system="kantata"),
        step("failure", 3, system="netsuite", error_code="project-not-found"),
        step("settlement", 3, status="dead", error_code="project-not-found"),
    ]
    assert present.outline(stuck) == (
        "bad",
        "Stuck at netsuite: project not found; through kantata, netsuite; 3 records over 3.0 s.",
    )
    assert present.outline([step("source_event"), step("settlement", 45, status="settled")])[0] == "good"
    assert present.outline([])[0] == ""


def test_the_outline_names_systems_alone_and_who_lost_it_since() -> None:
    """O2: what arrived and was deleted later must not read as well."""
    steps = [
        step("source_event", system="tieout"),
        step("pause", 1, system="crm"),
        step("acknowledgement", 2, system="netsuite"),
        step("settlement", 2, status="settled"),
    ]
    held = [
        Holding(system, None, "project", key, there, NOW, {})
        for system, key, there in (
            ("netsuite", "PRJ-1", False),
            ("kantata", "PRJ-1", True),
            ("kantata", "PRJ-1-v1", False),
        )
    ]
    assert gone(held, "PRJ-1") == ["netsuite"]
    assert present.outline(steps, gone(held, "PRJ-1")) == (
        "warn",
        "Arrived, but gone from netsuite; through netsuite; 4 records over 2.0 s.",
    )
    assert present.outline(steps)[0] == "good"


def test_the_first_record_shown_is_the_one_that_tells_most() -> None:
    arrived = [step("failure", 1), step("acknowledgement", 3), step("settlement", 4, status="settled")]
    assert present.telling(arrived).kind == "acknowledgement"
    assert present.telling([*arrived[:1], step("settlement", 4, status="dead")]).kind == "failure"
    assert present.telling([step("source_event")]).kind == "source_event"


def span(number: int, parent: int | None, start: int = 0) -> Span:
    above, begun = None if parent is None else str(parent), NOW + timedelta(milliseconds=start)
    return Span("t", str(number), above, f"s{number}", "svc", begun, 5000, 0, None, {})


@pytest.mark.req("O2", "C9")
def test_spans_are_drawn_under_their_parents_whoever_sent_them() -> None:
    """O2, C9: an orphan is a root, a ring of parents ends, nothing is drawn twice."""
    rows = trace.waterfall([span(3, 1, 20), span(1, None), span(2, 1, 10), span(9, 77, 5), span(2, 1, 10)])
    assert [(row["name"], row["depth"]) for row in rows] == [("s1", 0), ("s2", 1), ("s3", 1), ("s9", 0)]
    assert rows[2]["start"] == 20.0
    assert trace.waterfall([span(1, 2), span(2, 1)]) == []
    assert trace.waterfall([]) == []


def test_answers_hang_as_moments_under_their_span() -> None:
    failure = step("failure", span_id="1", system="netsuite", error_code="x", body={"error": "no"})
    rows = trace.waterfall([span(1, None)], [failure])
    assert [(row["point"], row["depth"], row["error"]) for row in rows] == [(False, 0, None), (True, 1, "x")]


@pytest.mark.parametrize(
    ("record", "label"),
    [
        (
            step(
                "acknowledgement",
                span_id="1",
                system="netsuite",
                body={"change": {"action": "upsert", "entity": "charge_code"}},
            ),
            "✓ netsuite: upsert charge code",
        ),
        (
            step(
                "failure",
                span_id="1",
                system="planview",
                error_code="rate-limited",
                body={"error": {"message": "planview answered 429: {long}"}},
            ),
            "✕ planview: rate limited",
        ),
        (step("pause", span_id="1", system="crm"), "‖ waits for CRM"),
    ],
)
def test_moments_have_short_labels_and_tell_all_when_hovered(record: Step, label: str) -> None:
    """O2, O7: beside the bars there is room for a few words, on a small screen too."""
    moment = trace.waterfall([span(1, None)], [record])[1]
    assert (moment["name"], moment["said"]) == (label, sentence(record))


@pytest.mark.parametrize(
    ("typed", "is_id"),
    [
        (" 'PRJ-1001' ", False),
        ("4F3D771D-F703-9AE0-986B-2D61D672B2EF", True),
        ("4f3d771df7039ae0986b2d61d672b2ef", True),
        (None, False),
    ],
)
def test_what_people_paste_is_understood(typed: str | None, is_id: bool) -> None:
    assert ids.is_id(ids.compact(search.asked(typed))) is is_id
    assert search.asked(" 'PRJ-1001' ") == "PRJ-1001"


@pytest.mark.parametrize(
    ("typed", "looked_for"),
    [
        ("0b3e68a8", True),
        ("0B3E68A8-581E", True),
        ("0b3e68a", False),
        ("PRJ-1001", False),
        ("4f3d771df7039ae0986b2d61d672b2ef", False),
    ],
)
def test_the_first_digits_of_an_id_are_enough(typed: str, looked_for: bool) -> None:
    assert ids.is_prefix(ids.compact(typed)) is looked_for


def named(kind: str, key: str, about: str | None = "project:PRJ-1", title: str | None = None) -> Named:
    return Named(kind, key, "time-to-bill", about, title, 3)


@pytest.mark.req("O2")
def test_one_id_with_these_digits_opens_and_several_are_offered() -> None:
    """O2: by run or trace, as short as pages show it; a run and the lineage it began are one thing."""
    run, other = "0b3e68a8" + "1" * 24, "0b3e68a8" + "2" * 24
    one = search.found([named("run", run), named("lineage", run)], [], [], [])
    assert [(found.kind, found.key) for found in one] == [("run", run)] and search.chosen("0b3e68a8", one) == one[0]
    assert search.chosen("0b3e68a8", search.found([named("run", run), named("run", other)], [], [], [])) is None


@pytest.mark.req("O2", "X8")
def test_a_case_leads_to_the_journey_of_what_it_is_about() -> None:
    found = search.found([named("case", "eafac2839c04", title="PRJ-1 is missing in the ERP")], [], [], [])
    case = search.chosen("EAFAC283", found)
    assert case is not None and (case.kind, case.title, case.note) == (
        "case",
        "PRJ-1 is missing in the ERP",
        "eafac2839c04, 3 failures",
    )
    subject = search.subject(case)
    assert subject is not None and subject.key == "project:PRJ-1"
    assert (
        search.subject(
            search.found([named("case", "eafac2839c04", about=None, title="time-to-bill stands")], [], [], [])[0]
        )
        is None
    )


@pytest.mark.req("O2")
def test_a_customers_name_opens_the_customer() -> None:
    """O2: by customer."""
    projects = [Project(f"PRJ-{at}", "x", "C-300", "Aldermoor Rail", "", None) for at in (1, 2)]
    candidates = search.found([], projects, [], [])
    assert search.chosen("aldermoor rail", candidates) == search.Candidate(
        "customer", "customer:C-300", "Aldermoor Rail", "2 projects"
    )
    assert search.chosen("PRJ-2", candidates).key == "project:PRJ-2"  # type: ignore[union-attr]


def test_an_exact_hit_opens_at_once_and_many_are_offered() -> None:
    work = [Item(key, "time", "P", "ready") for key in ("TE-1", "TE-12")]
    candidates = search.found([], [], work, [])
    assert search.chosen("TE-1", candidates) == candidates[0]
    assert candidates[0].key == "time_entry:TE-1"
    assert search.chosen("TE", candidates) is None


@pytest.mark.req("G2")
@pytest.mark.parametrize(
    "name",
    [
        "bill_rate",
        "cost_rate",
        "custcol_cost_rate",
        "rate",
        "unitPrice",
        "base_pay",
        "Salary",
        "value",
        "custbody_cap",
        "email",
        "full_name",
        "total",
        "target_margin",
        "Amount",
        "ExpectedRevenue",
        "TotalPrice",
        "UnitPrice",
        "custentity_cost_rate",
        "subtotal",
        "rate_in_cents",
        "cost_rate_in_cents",
        "price_in_cents",
        "Total_Base_Pay",
        "Pay_Rate_Type",
        "Salary_and_Hourly_Data",
        "Allowance_Plan",
    ],
)
def test_sensitive_fields_are_hidden_in_our_words_and_the_vendors(name: str) -> None:
    """G2: rates, pay, contract values and personal data."""
    assert masked_body({"outer": [{name: "123"}]}, NOBODY) == {"outer": [{name: MASK}]}
    assert masking.value(f"{name}.amount", "123", NOBODY) == MASK


@pytest.mark.parametrize(
    "name",
    [
        "charge_code",
        "hours",
        "currency",
        "status",
        "generated_at",
        "rated",
        "exchange_rate",
        "project_code",
        "workdate",
        "payload",
        "payment_terms",
        "amount_in_cents",
        "Pay_Through_Date",
    ],
)
def test_harmless_fields_stay_readable(name: str) -> None:
    assert masking.value(name, "x", NOBODY) == "x"


@pytest.mark.req("G2")
@pytest.mark.parametrize(
    ("path", "about", "shown"),
    [
        ("name", "project", "x"),
        ("name", "resource", MASK),
        ("worker.name", "", MASK),
        ("amount", "expense", "x"),
        ("milestones.[0].amount", "contract", MASK),
        ("item.items.[0].amount", "salesOrder", MASK),
        ("amount", "opportunity", MASK),
    ],
)
def test_a_name_shared_with_harmless_things_is_judged_by_what_it_is_about(path: str, about: str, shown: str) -> None:
    """G2: a project's name is no personal data, a person's is."""
    assert masking.value(f"{about}.{path}".lstrip("."), "x", NOBODY) == shown


@pytest.mark.req("G2")
def test_what_is_no_json_value_is_masked_since_nobody_looked_into_it() -> None:
    assert masked_body({"tasks": ({"rate": 1},), "hours": 8, "done": True}, NOBODY) == {
        "tasks": MASK,
        "hours": 8,
        "done": True,
    }


@pytest.mark.req("G2")
def test_a_cleared_role_reads_its_classes_and_no_other() -> None:
    body = {"bill_rate": {"amount": "95", "currency": "EUR"}, "base_pay": "9"}
    assert masked_body(body, FINANCE) == {**body, "base_pay": MASK}
    assert masked_body(body, NOBODY) == {"bill_rate": {"amount": MASK, "currency": MASK}, "base_pay": MASK}


@pytest.mark.req("G2")
def test_a_body_is_masked_field_by_field_as_each_path_would_be_alone() -> None:
    """G2: one rule for a path and for a body, however deep, and nothing hides what is not there."""
    body = {
        "cost_rate": {"amount": "9", "note": None},
        "tasks": [{"hours": 8, "rate": [1, 2]}],
        "code": "P",
        "empty": {},
    }
    masked = flat(masked_body(body, NOBODY, "contract"))
    assert masked == {
        path: masking.value(f"contract.{path}".replace("[", ".["), value, NOBODY) for path, value in flat(body).items()
    }
    assert masked["cost_rate.amount"] == MASK and masked["cost_rate.note"] is None and masked["tasks[0].hours"] == 8


@pytest.mark.req("O2")
@pytest.mark.parametrize(
    ("before", "after", "paths"),
    [
        ({"a": 1}, {"a": 1}, set()),
        ({"a": {"b": 1, "c": 2}}, {"a": {"b": 1, "c": 3}, "d": None}, {"a.c", "d"}),
        ({"a": [1, {"b": 2}]}, {"a": [1, {"b": 3}, 4]}, {"a[1].b", "a[2]"}),
        ({"a": {"b": 1}}, {"a": 5}, {"a", "a.b"}),
        ({"a": {}}, {}, set()),
        (1, 2, {"content"}),
    ],
)
def test_what_differs_is_named_by_its_path(before: Any, after: Any, paths: set[str]) -> None:
    assert changes(before, after) == changes(after, before) == paths


@pytest.mark.req("O2", "G2")
def test_a_masked_change_still_shows_as_a_change() -> None:
    body = {"before": {"rate": "95", "hours": 8}, "after": {"rate": "99", "hours": 8, "note_id": 1}}
    [part] = parts(step("transformation", body=body))
    assert [(field.path, field.before, field.after, field.changed) for field in part.fields] == [
        ("rate", MASK, MASK, True),
        ("note_id", "—", 1, True),
        ("hours", 8, 8, False),
    ]
    assert "99" in str(step("transformation", clear=FINANCE, body=body)), "and is clear to who asked and may"


def test_systems_are_compared_field_by_field() -> None:
    """What is masked is compared all the same: that two rates differ is no secret, the rates are."""
    held = [
        {
            "system": name,
            "role": name,
            "entity": "project",
            "key": "P",
            "present": True,
            "observed_at": NOW,
            "fields": json.dumps({"status": status, "code": "P", "rate": rate}),
        }
        for name, status, rate in (("crm", "active", "90"), ("erp", "closed", "95"))
    ]
    columns, rows = holdings(holdings_of(held, NOBODY), "UTC")
    assert columns == ["crm · Project", "erp · Project"]
    assert [row["field"] for row in rows] == ["observed", "status", "rate", "code"]
    assert [row["differs"] for row in rows] == [False, True, True, False]
    assert rows[2]["crm · Project"] == rows[2]["erp · Project"] == MASK


@pytest.mark.req("O2")
def test_an_invoice_leads_to_its_customer_project_and_lines() -> None:
    """O2: by invoice; its total is masked like every contract value."""
    body = {
        "number": "INV-1",
        "customer_key": "C-1",
        "project_code": "PRJ-1",
        "status": "paid",
        "total": {"amount": "9.00", "currency": "EUR"},
        "lines": [{"posting_id": "TE-1-v1", "amount": {"amount": "9.00", "currency": "EUR"}}],
    }
    row = {"system": "netsuite", "key": "INV-1", "observed_at": NOW, "fields": json.dumps(body)}
    head, billed = lines(invoice_of(row, NOBODY))
    assert "/journey?q=C-1" in str(head["Customer"]) and "/journey?q=PRJ-1" in str(head["Project"])
    assert (head["Status"], head["Total"]) == ("paid", MASK)
    assert billed == [{"posting": "TE-1-v1", "entry": "TE-1", "amount": MASK}]


def test_a_posting_leads_back_to_its_entry() -> None:
    assert [entry_of(posting) for posting in ("TE-kantata-27-v1", "TE-kantata-27-v2-R", None)] == [
        "TE-kantata-27",
        "TE-kantata-27",
        "",
    ]


def test_a_file_carries_no_formula() -> None:
    """G3: a name that begins with = must not run in a spreadsheet."""
    text = csv_of([{"name": "=cmd()", "n": -4}]).decode("utf-8-sig")
    assert text == "name,n\r\n'=cmd(),-4\r\n"


@pytest.mark.req("G2")
@pytest.mark.parametrize(
    ("row", "masked"),
    [
        (record("acknowledgement", entity="time_entry", amount=Decimal("760.00"), currency="EUR"), "€760.00"),
        (record("source_event", amount=Decimal("760.00"), currency="EUR"), "€760.00"),
        (
            record(
                "acknowledgement",
                entity="contract",
                business_key="project:P",
                amount=Decimal("125000.00"),
                currency="EUR",
            ),
            "€125,000.00",
        ),
    ],
)
def test_the_amount_of_one_thing_is_masked_like_the_field_it_comes_from(row: dict[str, Any], masked: str) -> None:
    """G2: a posting's amount by its hours is a rate, an acknowledged contract's is its value."""
    for clear, shown in ((NOBODY, MASK), (FINANCE, masked)):
        one = step_of(row, clear)
        assert present.timeline([one], "UTC")[0]["amount"] == present.facts(one, "UTC")["Amount"] == shown


@pytest.mark.req("G2")
def test_expenses_and_sums_of_cases_are_open_to_everybody() -> None:
    rows = [
        step("acknowledgement", entity="expense", amount=Decimal("12.00"), currency="EUR"),
        step("finding", entity="case", amount=Decimal("12.00"), currency="EUR"),
    ]
    assert [row["amount"] for row in present.timeline(rows, "UTC")] == ["€12.00", "€12.00"]


@pytest.mark.req("G2")
def test_the_work_of_a_project_shows_no_rates_until_asked() -> None:
    item = {
        "key": "TE-1",
        "resource_key": "E-1",
        "charge_code": "P.010",
        "work_date": None,
        "hours": Decimal(8),
        "currency": "EUR",
        "state": "ready",
        "blocker": None,
        "bill_amount": Decimal("760.00"),
    }
    rows = [{**item, "kind": kind} for kind in ("time", "milestone", "expense")]
    assert [row["value"] for row in work_rows(masked_rows(Work, rows, NOBODY))] == [MASK, MASK, "€760.00"]
    assert {row["value"] for row in work_rows(masked_rows(Work, rows, FINANCE))} == {"€760.00"}
