"""One missing ERP project explains 214 time entries and two milestones: one case, the right money, and it closes by
itself.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from collectors.detectors import run
from models.derivation.refresh import refresh
from models.domain.fingerprint import id_of
from models.journal import open_journal
from models.journal.cases import CaseFilter
from tests.detecting import reported
from tests.unit.cases.lakes import NOW, Lake, hours_ago, money

FINGERPRINT = "project-missing|erp|PRJ-1012|NOV-UK"
CASE = id_of(FINGERPRINT)
HERE = CaseFilter(projects=("PRJ-1001",))
LONG_AGO = hours_ago(900)
DONE = {"completed_at": "2026-09-26T09:00:00Z", "accepted": True}
MILESTONES = [
    {"milestone_id": "M1", "name": "Design accepted", "due": "2026-09-10", "amount": money("20000.00", "GBP"), **DONE},
    {"milestone_id": "M2", "name": "Build accepted", "due": "2026-09-25", "amount": money("30000.00", "GBP"), **DONE},
    {"milestone_id": "M3", "name": "Go-live", "due": "2026-12-01", "amount": money("40000.00", "GBP")},
]


class HandClock:
    def __init__(self) -> None:
        self.moment: datetime = NOW

    def now(self) -> datetime:
        return self.moment


class World:
    """A firm with two sold projects, one of which never reached the ERP."""

    def __init__(self, path) -> None:
        self.clock, self.lake = HandClock(), Lake()
        self.journal = open_journal(f"sqlite:///{path / 'journal.sqlite'}", self.clock)
        self.lake.observe("netsuite", "exchange_rate", "GBP", currency="GBP", rate="1.17", as_of="2026-09-01")
        for code in ("PRJ-1001", "PRJ-1012"):
            for system in ("salesforce", "kantata", "planview"):
                self.project(system, code)
        self.project("netsuite", "PRJ-1001")
        self.code("PRJ-1001.010", "PRJ-1001")
        self.lake.record(
            "source_event",
            hours_ago(900),
            {"data": {"project_code": "PRJ-1012", "milestones": MILESTONES}},
            flow="quote-to-project",
            business_key="project:PRJ-1012",
            legal_entity="NOV-UK",
        )

    def project(self, system: str, code: str, at: datetime = LONG_AGO) -> None:
        self.lake.observe(
            system,
            "project",
            code,
            at,
            legal_entity="NOV-UK",
            name="Data platform",
            status="active",
            currency="GBP",
            value=money("90000.00", "GBP"),
            closed_at=hours_ago(1000).isoformat(),
            customer_key="C-100",
            missing=[],
        )

    def code(self, code: str, project: str) -> None:
        self.lake.observe("netsuite", "charge_code", code, project_code=project, active=True, billable=True)

    def entry(self, number: int, project: str = "PRJ-1012", **changed: object) -> None:
        self.lake.observe(
            "kantata",
            "time_entry",
            f"TE-kantata-{number}",
            legal_entity="NOV-UK",
            **self.fields(number, project, **changed),
        )

    def fields(self, number: int, project: str, **changed: object) -> dict[str, object]:
        return {
            "time_entry_id": f"TE-kantata-{number}",
            "project_code": project,
            "charge_code": f"{project}.010",
            "resource_number": "E-7",
            "work_date": "2026-09-14",
            "hours": "7.50",
            "billable": True,
            "bill_rate": money("110.10", "GBP"),
            "cost_rate": money("60.00", "GBP"),
            "approval": "approved",
            "submitted_at": hours_ago(90).isoformat(),
            "approved_at": hours_ago(80).isoformat(),
            **changed,
        }

    def posted(self, number: int, project: str = "PRJ-1012") -> None:
        fields = {
            **self.fields(number, project),
            "posting_id": f"TE-kantata-{number}-v1",
            "created_at": NOW.isoformat(),
        }
        self.lake.observe("netsuite", "time_entry", f"TE-kantata-{number}-v1", legal_entity="NOV-UK", **fields)

    def refused(self, number: int, code: str = "project-not-found") -> None:
        self.lake.run(
            f"run-{number}",
            f"time_entry:TE-kantata-{number}",
            "dead",
            hours_ago(70),
            error_code=code,
            error_field="customer",
            system="netsuite",
            amount="825.75",
            currency="GBP",
            legal_entity="NOV-UK",
            payload='{"project_id": "PRJ-1012"}',
        )

    def look(self) -> None:
        refresh(self.lake.connection, "EUR", self.clock)
        reported(self.lake.connection, self.journal, self.clock)


@pytest.fixture
def world(tmp_path) -> World:
    return World(tmp_path)


@pytest.mark.req("X1", "X8", "X11", "M4")
def test_one_missing_project_is_one_case_with_all_it_blocks_and_closes_after_the_entries_post(world):
    for number in range(214):
        world.entry(
            number, approval="rejected" if number < 100 else "approved"
        )  # the flow sent some back to the PSA with the reason
        if number < 200:
            world.refused(number)
    world.entry(900, "PRJ-1001")
    world.posted(900, "PRJ-1001")
    world.look()

    page = world.journal.cases.page()
    assert [row["fingerprint"] for row in page.rows] == [FINGERPRINT]
    case = page.rows[0]
    assert case["title"] == "Project PRJ-1012 “Data platform” is missing in the ERP"
    assert (case["subject_entity"], case["subject_key"], case["project_key"], case["customer_key"]) == (
        "project",
        "PRJ-1012",
        "PRJ-1012",
        "C-100",
    )
    work = 214 * Decimal("825.75")
    assert case["amounts"] == {"GBP": work + Decimal("50000.00")}
    each = (Decimal("825.75") * Decimal("1.17")).quantize(Decimal("0.01"))
    assert case["amount_reporting"] == 214 * each + 50000 * Decimal("1.17"), "each at the rate of its day, to the cent"
    assert (case["occurrences"], case["severity"], case["money_kind"], case["owner"]) == (
        216,
        "critical",
        "billing_blocked",
        "netsuite",
    )
    assert len(world.journal.cases.run_ids(CASE)) == 200
    subjects = [row["subject_entity"] for row in world.journal.cases.findings(CASE, limit=1000)]
    assert (subjects.count("time_entry"), subjects.count("milestone"), subjects.count("project")) == (214, 2, 1)
    (group,) = world.journal.cases.groups()
    assert (group.title, group.cases, group.occurrences) == ("Project missing in a system", 1, 216)
    blocked = world.lake.rows(
        "SELECT sum(items) AS n, sum(bill_reporting) AS money FROM mart_billing WHERE blocker = 'project-missing'"
    )[0]
    assert (blocked["n"], blocked["money"]) == (case["occurrences"], case["amount_reporting"]), (
        "the waterfall and the case tell of the same work and money"
    )

    world.clock.moment += timedelta(hours=1)
    world.project("netsuite", "PRJ-1012", world.clock.moment)
    world.code("PRJ-1012.010", "PRJ-1012")
    world.lake.observe(
        "netsuite",
        "contract",
        "CT-PRJ-1012",
        project_code="PRJ-1012",
        value=money("90000.00", "GBP"),
        milestones=MILESTONES,
    )
    world.look()
    still = world.journal.cases.get(CASE)
    assert (still["status"], still["occurrences"]) == ("open", 200), (
        "what was refused stays refused until it is replayed"
    )
    assert "Replay" in still["next_action"]

    world.lake.forget_runs()
    for number in range(214):
        if number < 100:
            world.entry(number)  # approved again: what is posted and rejected since is a case of its own
        world.posted(number)
    world.look()
    closed = world.journal.cases.get(CASE)
    assert (closed["status"], closed["occurrences"]) == ("resolved", 0)
    assert closed["worth"] == {"GBP": Decimal("226710.50")}, "what was recovered"
    assert {row["cause"] for row in world.journal.cases.page().rows} == {
        "unexplained",  # the contract that the ERP still lacks
        "over-contract",
    }, "now that it can be posted, the next gates say what may not be billed"
    assert [event["action"] for event in world.journal.cases.events(CASE)] == ["resolved", "opened"]
    states = {
        row["kind"]: row["n"]
        for row in world.lake.rows("SELECT kind, count(*) AS n FROM mart_work WHERE state = 'ready' GROUP BY kind")
    }
    assert states == {"time": 109}, "108 times 825.75 of the 90,000 that were sold, and the one of PRJ-1001"


@pytest.mark.req("X2", "X8", "X16")
def test_a_mistyped_code_is_one_case_with_its_correction_from_before_approval_until_the_replay_has_posted(world):
    world.entry(1, "PRJ-1001", charge_code="PRJ-1001.0l0", approval="submitted", submitted_at=hours_ago(5).isoformat())
    world.look()
    (case,) = world.journal.cases.page(HERE).rows
    assert (case["fingerprint"], case["suggestion"]) == (
        "charge-code-unknown|PRJ-1001.0l0|NOV-UK",
        {"charge_code": "PRJ-1001.010"},
    )
    world.entry(1, "PRJ-1001", charge_code="PRJ-1001.0l0")
    world.refused(1, "charge-code-unknown")
    world.look()
    (case,) = world.journal.cases.page(HERE).rows
    assert (case["occurrences"], case["amounts"], case["run_ids"]) == (1, {"GBP": Decimal("825.75")}, ["run-1"])
    world.lake.forget_runs()
    world.posted(1, "PRJ-1001")
    world.look()
    (case,) = world.journal.cases.page(HERE).rows
    assert case["cause"] == "posting-differs", "the PSA still has the wrong code: the two differ until it is corrected"
    world.entry(1, "PRJ-1001")
    world.look()
    assert (
        world.journal.cases.page(HERE).total == 0
        and world.journal.cases.page(CaseFilter(status=("resolved",), projects=("PRJ-1001",))).total == 2
    )


@pytest.mark.req("X8")
def test_a_detector_that_fails_leaves_its_cases_as_they_are_and_the_others_go_on(world, monkeypatch):
    world.entry(1)
    world.look()
    assert world.journal.cases.get(CASE)["status"] == "open"
    real = run.findings_of
    monkeypatch.setattr(
        run,
        "findings_of",
        lambda detector, *rest: 1 / 0 if detector.name == "stranded_work" else real(detector, *rest),
    )
    world.lake.run(
        "run-x",
        "customer:salesforce:001",
        flow="master-data",
        error_code="permission",
        system="salesforce",
        payload="{}",
    )
    world.look()
    assert world.journal.cases.get(CASE)["status"] == "open"
    assert {row["cause"] for row in world.journal.cases.page().rows} == {"project-missing", "permission"}
