"""What happens to a case between the first finding and the evidence that closes it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
import sqlalchemy as sa

from models.domain.finding import Cause, Finding
from models.domain.fingerprint import case_id_of, fingerprint
from models.domain.record import RecordKind
from models.journal.cases import CaseFilter, report
from models.journal.cases.cases import Cases
from models.journal.cases.tables import finding

RATES = {"EUR": Decimal(1), "GBP": Decimal("1.20")}
MISSING = Cause(
    "project-missing",
    "Project PRJ-1012 is missing in the ERP",
    "why",
    "create it",
    "erp",
    "billing_blocked",
    flow="time-to-bill",
    system="netsuite",
    root=True,
    subject=("project", "PRJ-1012"),
)
PRINT = fingerprint("project-missing", "erp", "PRJ-1012")
CASE = case_id_of(PRINT, "NOV-DE")


def entry(
    number: int, amount: str = "100.00", currency: str = "EUR", cause: Cause = MISSING, text: str = PRINT
) -> Finding:
    return Finding(
        text,
        cause,
        "time_entry",
        f"TE-kantata-{number}",
        Decimal(amount),
        currency,
        run_id=f"run-{number}",
        trace_id=f"trace-{number}",
        legal_entity="NOV-DE",
        project_key="PRJ-1012",
        customer_key="C-100",
    )


@pytest.mark.req("X8", "X11", "M4")
def test_findings_with_one_fingerprint_are_one_case_with_money_in_each_currency_and_in_all(cases):
    cases.report("orphaned_project", [entry(1), entry(2, "50.10"), entry(3, "10.01", "GBP")], RATES)
    page = cases.page()
    assert page.total == 1
    (case,) = page.rows
    assert case["fingerprint"] == "project-missing|erp|PRJ-1012|NOV-DE" and case["case_id"] == CASE
    assert case["amounts"] == {"EUR": Decimal("150.10"), "GBP": Decimal("10.01")}
    assert case["amount_reporting"] == Decimal("162.11")
    assert (case["occurrences"], case["status"], set(case["run_ids"])) == (3, "open", {"run-1", "run-2", "run-3"})


@pytest.mark.req("X8")
def test_a_cause_that_can_name_no_thing_to_mend_leaves_the_case_with_what_was_found(cases):
    nameless = replace(MISSING, subject=("project", None))
    cases.report("unsold_project", [replace(entry(1, cause=nameless), project_key=None)], RATES)
    case = cases.get(CASE)
    assert (case["subject_entity"], case["subject_key"]) == ("time_entry", "TE-kantata-1")


@pytest.mark.req("X11")
def test_a_subject_that_two_detectors_found_counts_once_and_the_root_gives_the_words(cases):
    effect = replace(MISSING, title="Refused: project not found", root=False)
    cases.report("dead_letter", [entry(1, cause=effect), entry(2, cause=effect)], RATES)
    cases.report("orphaned_project", [entry(1)], RATES)
    cases.report("dead_letter", [entry(1, cause=effect), entry(2, cause=effect)], RATES)
    case = cases.get(CASE)
    assert (case["occurrences"], case["amount_reporting"]) == (2, Decimal("200.00"))
    assert (case["title"], case["detector"]) == (MISSING.title, "orphaned_project")


@pytest.mark.req("X8", "X16")
def test_what_is_no_longer_found_resolves_by_itself_and_reopens_when_found_again(cases, clock, feed):
    cases.report("orphaned_project", [entry(1), entry(2)], RATES)
    clock.pass_by(hours=1)
    cases.report("orphaned_project", [entry(1)], RATES)
    assert cases.get(CASE)["amount_reporting"] == Decimal("100.00")
    cases.report("orphaned_project", [], RATES)
    resolved = cases.get(CASE)
    assert (resolved["status"], resolved["occurrences"], resolved["resolved_at"]) == ("resolved", 0, clock.now())
    assert cases.page().total == 0
    clock.pass_by(hours=1)
    cases.report("orphaned_project", [entry(1)], RATES)
    again = cases.get(CASE)
    assert (again["status"], again["resolved_at"], again["opened_at"]) == ("open", None, clock.now())
    assert [event["action"] for event in cases.events(CASE)] == ["reopened", "resolved", "opened"]
    told = [(record.status, record.body["occurrences"]) for record in feed.records if record.kind is RecordKind.FINDING]
    assert told == [("open", 2), ("resolved", 0), ("open", 1)]


@pytest.mark.req("X8")
def test_trouble_that_comes_back_is_as_old_as_its_return(cases, clock):
    first, again = clock.now(), clock.now() + timedelta(days=3)
    cases.report("orphaned_project", [replace(entry(1), since=first)], RATES)
    clock.pass_by(hours=1)
    cases.report("orphaned_project", [replace(entry(1, "150.00"), since=clock.now())], RATES)
    assert cases.get(CASE)["first_seen"] == first
    cases.report("orphaned_project", [], RATES)
    clock.pass_by(days=3)
    cases.report("orphaned_project", [replace(entry(1), since=again)], RATES)
    assert cases.get(CASE)["first_seen"] == again
    assert cases.get(CASE)["first_sight"] == first, "when it was seen for the first time of all is kept"
    cases.report("orphaned_project", [], RATES)
    assert (cases.get(CASE)["first_seen"], cases.get(CASE)["first_sight"]) == (again, first)


@pytest.mark.req("X8")
def test_one_detector_never_resolves_what_another_still_finds(cases):
    cases.report("orphaned_project", [entry(1)], RATES)
    cases.report("dead_letter", [entry(2, cause=replace(MISSING, root=False))], RATES)
    cases.report("orphaned_project", [], RATES)
    case = cases.get(CASE)
    assert (case["status"], case["occurrences"]) == ("open", 1)


@pytest.mark.req("X8")
def test_a_subject_that_moves_between_detectors_in_one_report_leaves_the_case_open(cases):
    cases.report_all({"dead_letter": [entry(1, cause=replace(MISSING, root=False))], "orphaned_project": []}, RATES)
    cases.report_all({"dead_letter": [], "orphaned_project": [entry(1)]}, RATES)
    assert [event["action"] for event in cases.events(CASE)] == ["opened"]


@pytest.mark.req("X8")
def test_an_unchanged_report_writes_nothing(cases, feed):
    cases.report("orphaned_project", [entry(1)], RATES)
    before, told = cases.get(CASE), len(feed.records)
    cases.report("orphaned_project", [entry(1)], RATES)
    assert cases.get(CASE) == before and len(feed.records) == told


@pytest.mark.req("X8")
def test_severity_follows_money_and_count_and_rises_once_overdue(cases, clock):
    cases.report("orphaned_project", [entry(1, "9999.99")], RATES)
    assert cases.get(CASE)["severity"] == "medium"
    cases.report("orphaned_project", [entry(1, "10000.00")], RATES)
    case = cases.get(CASE)
    assert (case["severity"], case["sla_due"]) == ("high", clock.now() + timedelta(hours=8))
    clock.pass_by(hours=9)
    cases.report("orphaned_project", [entry(1, "10000.00")], RATES)
    assert (cases.get(CASE)["severity"], cases.page(CaseFilter(overdue=True)).total) == ("critical", 1)
    cases.report("orphaned_project", [entry(n, "1.00") for n in range(100)], RATES)
    assert cases.get(CASE)["occurrences"] == 100 and cases.get(CASE)["severity"] == "critical"


@pytest.mark.req("M6", "X19")
def test_an_amount_counts_at_the_rate_of_its_own_day_where_it_has_one(cases):
    old, today = replace(entry(1, "100.00", "GBP"), reporting=Decimal("117.03")), entry(2, "10.01", "GBP")
    cases.report("orphaned_project", [old, today], RATES)
    case = cases.get(CASE)
    assert case["amounts"] == {"GBP": Decimal("110.01")}
    assert case["amount_reporting"] == Decimal("117.03") + (Decimal("10.01") * RATES["GBP"]).quantize(Decimal("0.01"))
    cases.report("orphaned_project", [replace(old, reporting=Decimal("117.04")), today], RATES)
    assert cases.get(CASE)["amount_reporting"] - case["amount_reporting"] == Decimal("0.01")


@pytest.mark.req("X19")
def test_a_case_whose_detector_falls_silent_is_told_by_the_one_that_still_finds_it(cases):
    """Else its money would be of a kind that nothing in it is, and count nothing."""
    before = replace(MISSING, money_kind="revenue_at_risk", root=False)
    cases.report_all({"of_before": [entry(1, cause=before)], "of_now": []}, RATES)
    cases.report_all({"of_before": [], "of_now": [entry(1, cause=replace(MISSING, root=False))]}, RATES)
    case = cases.get(CASE)
    assert (case["detector"], case["money_kind"]) == ("of_now", "billing_blocked")
    assert case["amount_reporting"] == Decimal("100.00")


@pytest.mark.req("X19")
def test_the_thing_to_mend_is_none_of_the_records_that_hang_on_it(cases):
    """A missing project and two entries that wait for it are two records; a project alone is one."""
    itself = replace(entry(0), subject_entity="project", subject_key="PRJ-1012", amount=None, currency=None)
    cases.report("orphaned_project", [itself], RATES)
    assert cases.get(CASE)["occurrences"] == 1
    cases.report("orphaned_project", [itself, entry(1), entry(2)], RATES)
    assert (cases.get(CASE)["occurrences"], cases.count_findings(CASE)) == (2, 3)
    cases.report("orphaned_project", [], RATES)
    assert (cases.count_findings(CASE), cases.count_findings(CASE, resolved=True)) == (0, 3)


@pytest.mark.req("M4", "X8")
def test_a_currency_without_a_rate_stays_out_of_the_sum_until_its_rate_is_known(cases):
    cases.report("orphaned_project", [entry(1), entry(2, "10.00", "USD")], RATES)
    assert cases.get(CASE)["amount_reporting"] == Decimal("100.00")
    cases.report("orphaned_project", [entry(1), entry(2, "10.00", "USD")], {**RATES, "USD": Decimal("0.9")})
    assert cases.get(CASE)["amount_reporting"] == Decimal("109.00")


@pytest.mark.req("X9")
def test_every_triage_action_is_kept_with_who_when_and_why_and_handed_to_the_audit_lake(cases, clock, feed):
    cases.report("orphaned_project", [entry(1)], RATES)
    assert cases.acknowledge(CASE, "ada") == [CASE]
    cases.assign([CASE], "ada", "bob", "knows the customer")
    cases.comment(CASE, "bob", "asked the ERP team")
    case = cases.get(CASE)
    assert (case["status"], case["assignee"]) == ("acknowledged", "bob")
    history = [(event["actor"], event["action"]) for event in cases.events(CASE)]
    assert history == [("bob", "commented"), ("ada", "assigned"), ("ada", "acknowledged"), ("detector", "opened")]
    audited = [
        (r.actor, r.status, r.body.get("reason") or r.body.get("text"))
        for r in feed.records
        if r.kind is RecordKind.OPERATOR_ACTION
    ]
    assert audited == [
        ("ada", "acknowledged", None),
        ("ada", "assigned", "knows the customer"),
        ("bob", "commented", "asked the ERP team"),
    ]


@pytest.mark.req("X9")
def test_a_snooze_ends_by_itself_and_an_ignored_case_stays_accepted(cases, clock):
    cases.report("orphaned_project", [entry(1)], RATES)
    cases.snooze(CASE, "ada", clock.now() + timedelta(hours=2), "waits for the month end")
    assert cases.page().total == 0
    clock.pass_by(hours=3)
    cases.report("orphaned_project", [entry(1)], RATES)
    assert cases.get(CASE)["status"] == "open" and cases.get(CASE)["snoozed_until"] is None
    cases.ignore(CASE, "ada", "written off with finance")
    cases.report("orphaned_project", [], RATES)
    cases.report("orphaned_project", [entry(1)], RATES)
    assert cases.get(CASE)["status"] == "ignored" and cases.page().total == 0
    assert cases.reopen(CASE, "ada") == [CASE] and cases.page().total == 1


@pytest.mark.req("X9")
@pytest.mark.parametrize(
    "act",
    [
        lambda cases, clock: cases.ignore(CASE, "ada", " "),
        lambda cases, clock: cases.comment(CASE, "ada", ""),
        lambda cases, clock: cases.snooze(CASE, "ada", clock.now() + timedelta(hours=1), ""),
        lambda cases, clock: cases.snooze(CASE, "ada", clock.now() - timedelta(hours=1), "late"),
    ],
)
def test_a_triage_action_without_its_reason_is_refused_and_changes_nothing(cases, clock, act):
    cases.report("orphaned_project", [entry(1)], RATES)
    with pytest.raises(ValueError):
        act(cases, clock)
    assert [event["action"] for event in cases.events(CASE)] == ["opened"]


@pytest.mark.req("X8", "O1")
def test_pages_filter_search_and_order_in_the_store(cases, clock):
    other = replace(
        MISSING,
        subject=None,
        cause="dead-letter",
        title="Refused by workday",
        system="workday",
        owner="hcm",
        root=False,
    )
    findings = [
        replace(
            entry(n, f"{n}.00", text=fingerprint("dead-letter", str(n)), cause=other),
            subject_key=f"S-{n}",
            legal_entity="NOV-UK",
        )
        for n in range(1, 8)
    ]
    cases.report_all({"orphaned_project": [entry(1)], "dead_letter": findings}, RATES)
    first, second = cases.page(limit=5), cases.page(limit=5, offset=5)
    assert (first.total, [row["amount_reporting"] for row in first.rows]) == (
        8,
        [Decimal(n) for n in (100, 7, 6, 5, 4)],
    )
    assert [row["amount_reporting"] for row in second.rows] == [Decimal(n) for n in (3, 2, 1)]
    assert cases.page(CaseFilter(systems=("workday",))).total == 7
    assert cases.page(CaseFilter(legal_entities=("NOV-DE",))).total == 1
    assert (
        cases.page(CaseFilter(text="prj-1012|-")).total == 0 and cases.page(CaseFilter(text="erp|prj-1012")).total == 1
    )
    assert cases.page(CaseFilter(text="S-3")).total == 1, "a case is found by the subject of its finding"
    assert cases.page(CaseFilter(text="run-4")).total == 1, "and by its run"
    assert cases.page(CaseFilter(status=("resolved",))).total == 0
    assert cases.page(CaseFilter(older_than_hours=1)).total == 0
    clock.pass_by(hours=2)
    assert cases.page(CaseFilter(older_than_hours=1)).total == 8
    groups = [(group.cause, group.cases, group.occurrences, group.amount_reporting) for group in cases.groups()]
    assert groups == [("project-missing", 1, 1, Decimal(100)), ("dead-letter", 7, 7, Decimal(28))]
    assert cases.facets("owner") == [("hcm", 7), ("erp", 1)]


def test_findings_of_a_case_are_paged_oldest_first(cases, clock):
    cases.report(
        "orphaned_project", [replace(entry(n), since=clock.now() - timedelta(hours=n)) for n in range(300)], RATES
    )
    case = cases.get(CASE)
    assert len(case["run_ids"]) == 200 and len(case["trace_ids"]) == 20 and len(cases.run_ids(CASE)) == 300
    assert case["first_seen"] == clock.now() - timedelta(hours=299)
    assert [row["subject_key"] for row in cases.findings(CASE, limit=2, offset=1)] == [
        "TE-kantata-298",
        "TE-kantata-297",
    ]


@pytest.mark.req("X19")
def test_a_month_of_a_case_adds_no_two_kinds_of_money(cases):
    ours = replace(entry(1), period="2026-07")
    cases.report("orphaned_project", [ours, replace(entry(2, "50.00"), period="2026-07")], RATES)
    with cases._engine.begin() as connection:
        second = finding.c.subject_key.endswith("2")
        connection.execute(sa.update(finding).where(second).values(money_kind="another"))
    rows = cases.periods(CASE)
    assert sorted((row["period"], row["money_kind"], row["amount"]) for row in rows) == sorted(
        [("2026-07", cases.get(CASE)["money_kind"], 100), ("2026-07", "another", 50)]
    )


@pytest.mark.req("X19")
def test_a_case_is_of_one_legal_entity_and_knows_the_month_of_its_findings(cases):
    july, august = replace(entry(1), period="2026-07"), replace(entry(2, "50.00"), period="2026-08")
    british = replace(entry(3, "10.00", "GBP"), legal_entity="NOV-UK", period="2026-08")
    cases.report("orphaned_project", [july, british], RATES)
    rows = {row["legal_entity"]: row for row in cases.page().rows}
    assert {name: row["amounts"] for name, row in rows.items()} == {"NOV-DE": {"EUR": 100}, "NOV-UK": {"GBP": 10}}
    assert (rows["NOV-DE"]["period"], rows["NOV-UK"]["period"]) == ("2026-07", "2026-08")
    cases.report("orphaned_project", [july, august], RATES)
    assert cases.get(CASE)["period"] is None, "a missing project is one case for all its months"
    assert [(row["period"], row["amount"]) for row in cases.periods(CASE)] == [("2026-07", 100), ("2026-08", 50)]


@pytest.mark.finding("F8a")
@pytest.mark.req("X19")
def test_money_of_another_kind_is_not_added(cases):
    sold = replace(MISSING, money_kind="sold_not_set_up", root=False)
    cases.report_all({"one": [entry(1)], "two": [entry(2, "5000.00", cause=sold)]}, RATES)
    assert (cases.get(CASE)["money_kind"], cases.get(CASE)["amount_reporting"]) == ("billing_blocked", Decimal(100))


@pytest.mark.req("X8", "X19")
def test_a_resolved_case_keeps_its_worth_its_age_and_its_gravity(cases, clock):
    begun = clock.now() - timedelta(days=9)
    cases.report("orphaned_project", [replace(entry(1, "60000.00"), since=begun), entry(2, "70.00")], RATES)
    cases.report("orphaned_project", [entry(2, "70.00")], RATES)
    assert cases.get(CASE)["amount_reporting"] == 70
    cases.report("orphaned_project", [], RATES)
    case = cases.get(CASE)
    assert (case["worth"], case["worth_reporting"]) == ({"EUR": Decimal(60070)}, Decimal("60070.00"))
    assert (case["first_seen"], case["amount_reporting"]) == (begun, 0)
    cases.report("orphaned_project", [entry(2, "70.00")], RATES)
    assert cases.get(CASE)["worth_reporting"] == 70, "what was recovered before is not recovered twice"


@pytest.mark.req("X8")
def test_a_large_report_is_written_in_short_transactions(cases, engine):
    """No other writer waits for all of it: each transaction has at most a hundred cases or five hundred findings."""
    begun: list[int] = []
    sa.event.listen(engine, "commit", lambda _: begun.append(1))
    found = [entry(n, text=f"{PRINT}-{n}") for n in range(1000)]
    cases.report("orphaned_project", found, RATES)
    assert cases.page().total == 1000 and len(begun) >= 10


def _written(engine, work) -> int:
    """How many rows `work` writes, whatever the statements."""
    rows = []

    def count(_connection, cursor, statement, parameters, _context, many):
        if statement.split(maxsplit=1)[0].upper() in ("INSERT", "UPDATE", "DELETE"):
            rows.append(len(parameters) if many else cursor.rowcount)

    sa.event.listen(engine, "after_cursor_execute", count)
    work()
    sa.event.remove(engine, "after_cursor_execute", count)
    return sum(rows)


@pytest.mark.req("X8", "N3")
def test_a_turn_writes_rows_for_what_changed_alone(cases, engine):
    """Beside 2,000 open cases as beside 20: the finding, its case, and what marks the report."""
    written = {}
    for size in (20, 2000):
        found = [entry(n, text=f"{PRINT}-{n}") for n in range(size)]
        cases.report("orphaned_project", found, RATES)
        other = [replace(one, amount=Decimal(7)) if n < 5 else one for n, one in enumerate(found)]
        written[size] = [
            _written(engine, lambda found=found: cases.report("orphaned_project", found, RATES)),
            _written(engine, lambda other=other: cases.report("orphaned_project", other, RATES)),
        ]
    assert written[20] == written[2000] and written[20][0] == 0 and 10 <= written[20][1] <= 30


@pytest.mark.req("X8")
def test_a_report_that_another_collector_overtakes_is_looked_at_again(cases, engine, clock, feed, monkeypatch):
    """The other wrote between this one's look and its first transaction: nothing of either is lost or doubled."""
    other, looked = Cases(engine, clock, feed), []
    once = report.Difference

    def meanwhile(*given):
        looked.append(1)
        made = once(*given)
        if len(looked) == 1:
            other.report("orphaned_project", [entry(1), entry(2)], RATES)
        return made

    monkeypatch.setattr(report, "Difference", meanwhile)
    cases.report("orphaned_project", [entry(1)], RATES)
    assert cases.get(CASE)["occurrences"] == 1
    assert [event["action"] for event in cases.events(CASE)] == ["opened"]
