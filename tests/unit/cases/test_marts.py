"""What each mart says of a small hand-made lake."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from models.derivation.refresh import refresh
from models.domain.errors import Misconfigured
from tests.catalogues import packaged
from tests.unit.cases.lakes import NOW, Lake, hours_ago, money

D = Decimal


class Stopped:
    def now(self):
        return NOW


@pytest.fixture
def lake() -> Lake:
    made = Lake()
    made.observe("netsuite", "exchange_rate", "GBP", currency="GBP", rate="1.20", as_of="2026-09-01")
    for system in ("salesforce", "netsuite", "kantata"):
        made.observe(
            system,
            "project",
            "PRJ-1001",
            hours_ago(500),
            name="Portal",
            currency="EUR",
            customer_key="C-1",
            service_line="Engineering",
            value=money("50000.00"),
            target_margin="0.35",
            closed_at=hours_ago(524).isoformat(),
            missing=[],
        )
    made.observe("salesforce", "customer", "C-1", name="Halden Grid", country="DE", active=True)
    for number, active in ((1, True), (2, False)):
        made.observe("netsuite", "charge_code", f"PRJ-1001.0{number}0", project_code="PRJ-1001", active=active)
    made.observe("netsuite", "charge_code", "PRJ-2.010", project_code="PRJ-2", active=True)
    return made


def entry(lake: Lake, number: int, **changed) -> str:
    key = f"TE-kantata-{number}"
    fields = {
        "time_entry_id": key,
        "project_code": "PRJ-1001",
        "charge_code": "PRJ-1001.010",
        "resource_number": "E-7",
        "work_date": "2026-09-20",
        "hours": "8.00",
        "billable": True,
        "bill_rate": money("100.00"),
        "cost_rate": money("60.00"),
        "approval": "approved",
        "submitted_at": "2026-09-21T08:00:00Z",
        "approved_at": "2026-09-22T08:00:00Z",
    }
    lake.observe("kantata", "time_entry", key, **{**fields, **changed})
    return key


def posted(lake: Lake, number: int, version: int = 1, **changed) -> None:
    posting = f"TE-kantata-{number}-v{version}{'-R' if changed.get('reversal') else ''}"
    fields = {
        "posting_id": posting,
        "time_entry_id": f"TE-kantata-{number}",
        "project_code": "PRJ-1001",
        "charge_code": "PRJ-1001.010",
        "work_date": "2026-09-20",
        "hours": "8.00",
        "billable": True,
        "bill_rate": money("100.00"),
        "cost_rate": money("60.00"),
        "created_at": "2026-09-22T10:00:00Z",
    }
    lake.observe("netsuite", "time_entry", posting, **{**fields, **changed})


def work(lake: Lake) -> dict[str, tuple[str, str | None]]:
    refresh(lake.connection, "EUR", Stopped())
    return {
        row["item_key"]: (row["state"], row["blocker"])
        for row in lake.rows("SELECT item_key, state, blocker FROM mart_work")
    }


@pytest.mark.finding("F9d")
@pytest.mark.req("O3", "X8")
def test_each_item_has_one_state_and_one_primary_reason(lake):
    expected = {}

    def case(state, blocker, post=None, run=None, **changed):
        number = len(expected) + 1
        expected[entry(lake, number, **changed)] = (state, blocker)
        if post is not None:
            posted(lake, number, **post)
        if run is not None:
            lake.run(f"run-{number}", f"time_entry:TE-kantata-{number}", payload="{}", **run)

    case("not_approved", "not-submitted", approval="open")
    case("not_approved", "approval-pending", approval="submitted")
    case("not_approved", "rejected", approval="rejected")
    lake.observe("salesforce", "project", "PRJ-3", name="Sold")
    case("blocked", "project-missing", project_code="PRJ-3")
    case("blocked", "project-unsold", project_code="PRJ-9")
    case("blocked", "charge-code-unknown", charge_code="PRJ-1001.0l0")
    case("blocked", "charge-code-inactive", charge_code="PRJ-1001.020")
    case("blocked", "charge-code-of-other-project", charge_code="PRJ-2.010")
    case("blocked", "charge-code-missing", charge_code=None)
    refused = {"error_code": "project-not-found", "system": "netsuite", "at": hours_ago(600)}
    case("blocked", "project-missing", run=refused)  # before the project came
    case("blocked", "closed-period", run={"error_code": "closed-period", "system": "netsuite"})
    case(
        "blocked", "closed-period", run={"error_code": "closed-period", "system": "netsuite"}, approval="rejected"
    )  # our own refusal, told to the PSA
    case("blocked", "paused", run={"state": "waiting", "waiting_for": "resource:E-7", "waiting_owner": "hcm"})
    case("moving", "in-flight", run={"state": "ready"})
    case("moving", "in-flight")
    case("blocked", "rate-missing", post={"bill_rate": None}, bill_rate=None)
    case("ready", None, post={}, bill_rate=None)  # the PSA left the rate open, and the flow took the one that was sold
    case("ready", None, post={})
    case("not_approved", "rejected", post={}, approval="rejected")  # posted, and sent back since
    case("billed", None, post={"invoiced": True, "invoice_number": "INV-1"})
    assert work(lake) == expected


@pytest.mark.req("F5", "O3")
def test_a_reversed_posting_is_no_posting_and_its_correction_is(lake):
    entry(lake, 1)
    posted(lake, 1)
    posted(lake, 1, reversal=True, hours="-8.00")
    assert work(lake) == {"TE-kantata-1": ("moving", "in-flight")}
    posted(lake, 1, version=2, hours="6.00")
    assert work(lake) == {"TE-kantata-1": ("blocked", "posting-differs")}, "6 hours stand where 8 were approved"
    (margin,) = lake.rows("SELECT erp_margin_reporting, psa_margin_reporting, difference_reporting FROM mart_margin")
    assert margin == {
        "erp_margin_reporting": D("240.00"),
        "psa_margin_reporting": D("320.00"),
        "difference_reporting": D("80.00"),
    }


@pytest.mark.req("M4", "M6")
def test_money_is_exact_and_converted_by_the_rate_of_its_day(lake):
    entry(lake, 1, hours="7.25", bill_rate=money("110.10", "GBP"), cost_rate=money("60.33", "GBP"))
    refresh(lake.connection, "EUR", Stopped())
    (row,) = lake.rows("SELECT bill_amount, cost_amount, currency, bill_reporting, cost_reporting FROM mart_work")
    assert row == {
        "bill_amount": D("798.22"),
        "cost_amount": D("437.39"),
        "currency": "GBP",
        "bill_reporting": D("957.86"),
        "cost_reporting": D("524.87"),
    }
    kinds = {
        r["data_type"]
        for r in lake.rows(
            "SELECT data_type FROM duckdb_columns() WHERE database_name = 'marts' "
            "AND (column_name LIKE '%amount' OR column_name LIKE '%reporting')"
        )
    }
    assert kinds == {"DECIMAL(18,2)"}
    for number, (day, rate) in enumerate((("2026-09-20", "1.00"), ("2026-09-21", "1.10")), 2):
        fields = {"base": "EUR", "quote": "GBP", "rate": rate, "effective_date": day}
        lake.observe("netsuite", "exchange_rate", str(number), NOW + timedelta(hours=1), **fields)
    refresh(lake.connection, "EUR", Stopped())
    assert lake.rows("SELECT bill_reporting FROM mart_work") == [{"bill_reporting": D("798.22")}]


@pytest.mark.req("M4", "O3")
def test_the_cost_of_a_person_lent_across_companies_is_converted_by_its_own_currency(lake):
    entry(lake, 1, cost_rate=money("50.00", "GBP"))
    posted(lake, 1, cost_rate=money("50.00", "GBP"))
    refresh(lake.connection, "EUR", Stopped())
    (row,) = lake.rows("SELECT bill_reporting, cost_amount, cost_currency, cost_reporting FROM mart_work")
    assert row == {
        "bill_reporting": D("800.00"),
        "cost_amount": D("400.00"),
        "cost_currency": "GBP",
        "cost_reporting": D("480.00"),
    }
    (margin,) = lake.rows("SELECT cost_reporting, erp_margin_reporting, psa_margin_reporting FROM mart_margin")
    assert margin == {
        "cost_reporting": D("480.00"),
        "erp_margin_reporting": D("320.00"),
        "psa_margin_reporting": D("320.00"),
    }


@pytest.mark.req("C4")
def test_the_latest_observation_counts_and_what_is_gone_is_gone(lake):
    entry(lake, 1, approval="submitted")
    assert work(lake)["TE-kantata-1"][0] == "not_approved"
    entry(lake, 1)
    assert work(lake)["TE-kantata-1"] == ("moving", "in-flight")
    lake.observe(
        "kantata", "time_entry", "TE-kantata-1", hours_ago(5), approval="submitted"
    )  # an older snapshot that arrives late
    assert work(lake)["TE-kantata-1"] == ("moving", "in-flight")
    lake.observe("kantata", "time_entry", "TE-kantata-1", NOW + timedelta(minutes=1), present=False)
    assert work(lake) == {}


@pytest.mark.req("X5", "O3")
def test_a_milestone_counts_when_the_erp_says_it_is_done_and_until_an_invoice_bills_it(lake):
    stones = [
        {
            "milestone_id": "M1",
            "name": "Design",
            "due": "2026-09-01",
            "amount": money("1000.00"),
            "completed_at": None,
            "accepted": False,
        }
    ]
    lake.record(
        "source_event",
        body={"data": {"project_code": "PRJ-1001", "milestones": stones}},
        business_key="project:PRJ-1001",
        flow="quote-to-project",
    )
    assert work(lake) == {}, "sold and due is not yet done: nobody has said so"
    lake.observe(
        "netsuite", "contract", "CT-PRJ-1001", milestones=stones, hold=False
    )  # its job is gone: the order's own number tells
    assert work(lake) == {}, "the ERP knows better: not completed"
    done = [{**stones[0], "completed_at": "2026-09-12"}]
    lake.observe("netsuite", "contract", "CT-PRJ-1001", NOW, project_code="PRJ-1001", milestones=done, hold=True)
    assert work(lake) == {"MS-PRJ-1001-M1": ("blocked", "billing-hold")}
    lake.observe("netsuite", "contract", "CT-PRJ-1001", NOW, project_code="PRJ-1001", milestones=done, hold=False)
    lake.observe(
        "netsuite",
        "invoice",
        "INV-1",
        status="open",
        total=money("1000.00"),
        lines=[{"milestone_id": "M1", "posting_id": None}],
    )
    assert work(lake) == {"MS-PRJ-1001-M1": ("billed", None)}, "the one milestone of that name"


@pytest.mark.req("X5", "O3")
def test_work_after_the_statement_of_work_ended_is_blocked_until_it_is_extended(lake):
    def sold(until: str) -> None:
        lake.record(
            "source_event",
            business_key="project:PRJ-1001",
            flow="quote-to-project",
            body={
                "data": {
                    "project_code": "PRJ-1001",
                    "milestones": [],
                    "statement_of_work": {"number": "SOW-1", "expires_on": until},
                }
            },
        )

    sold("2026-09-19")
    entry(lake, 1)
    posted(lake, 1)
    entry(lake, 2, work_date="2026-09-19")
    posted(lake, 2, work_date="2026-09-19")
    assert work(lake) == {"TE-kantata-1": ("blocked", "sow-expired"), "TE-kantata-2": ("ready", None)}
    sold("2026-12-31")
    assert work(lake) == {"TE-kantata-1": ("ready", None), "TE-kantata-2": ("ready", None)}


@pytest.mark.req("O3", "X12")
def test_reconciliation_says_what_named_blockers_explain_and_what_nothing_explains(lake):
    for number in (1, 2, 3):
        entry(lake, number)
    posted(lake, 1)
    posted(lake, 2, hours="7.00")  # somebody changed the ERP behind our back
    refresh(lake.connection, "EUR", Stopped())
    (row,) = lake.rows("SELECT * FROM mart_reconciliation")
    assert (row["psa_hours"], row["erp_hours"], row["difference_hours"]) == (D("24.00"), D("15.00"), D("9.00"))
    assert (row["psa_reporting"], row["erp_reporting"], row["explained_reporting"], row["unexplained_reporting"]) == (
        D(2400),
        D(1500),
        D(800),
        D(100),
    )


@pytest.mark.req("O1", "O5")
def test_flow_hours_lags_failures_and_replays(lake):
    for number, seconds in ((1, 60), (2, 120), (3, 600)):
        run = {
            "flow": "time-to-bill",
            "run_id": f"run-{number}",
            "lineage_id": "run-1" if number == 2 else f"run-{number}",
        }
        lake.record("source_event", hours_ago(2), system="kantata", status="admitted", **run)
        at = hours_ago(2) + timedelta(seconds=seconds)
        lake.record(
            "acknowledgement",
            at,
            system="netsuite",
            entity="time_entry",
            attempt=number,
            source_changed_at=hours_ago(2),
            **run,
        )
        lake.record("settlement", at, status="settled" if number < 3 else "dead", **run)
    lake.run("run-3", "time_entry:TE-3", "dead", hours_ago(30), amount="10.00", currency="GBP")
    lake.run("run-2", "time_entry:TE-2", "settled", replay_of="run-1")
    refresh(lake.connection, "EUR", Stopped())
    (hour,) = lake.rows("SELECT * FROM mart_flow_hour")
    assert (hour["admitted"], hour["settled"], hour["dead"], hour["retries"], hour["replays"]) == (3, 2, 1, 2, 1)
    assert (hour["lag_p50_s"], hour["lag_max_s"], hour["run_p50_ms"]) == (
        330,
        600,
        90_000,
    )  # the replay's 120 s are no lag of the flow
    (pair,) = lake.rows("SELECT * FROM mart_pair_lag")
    assert (
        pair["source_system"],
        pair["target_system"],
        pair["acknowledged"],
        pair["lag_p50_s"],
        pair["oldest_pending_s"],
    ) == ("kantata", "netsuite", 3, 120, None), "a dead run is on its way nowhere"
    assert lake.rows("SELECT bucket, failures, amount_reporting FROM mart_failure_age") == [
        {"bucket": "1–3 d", "failures": 1, "amount_reporting": D("12.00")}
    ]
    assert lake.rows("SELECT hours, acknowledged, lag_p50_s FROM mart_pair_window ORDER BY 1") == [
        {"hours": hours, "acknowledged": 3, "lag_p50_s": 120} for hours in (6, 24, 168, 2016)
    ]
    assert lake.rows("SELECT * EXCLUDE (hour) FROM mart_replay") == [
        {"flow": "time-to-bill", "replays": 1, "delivered": 1, "failed": 0}
    ]
    lake.record("settlement", hours_ago(2), status="settled", flow="time-to-bill", run_id="run-9", lineage_id="run-9")
    refresh(lake.connection, "EUR", Stopped())
    assert lake.rows("SELECT settled, admitted FROM mart_flow_hour") == [{"settled": 3, "admitted": 3}], (
        "an hour that gets more records is derived again"
    )


@pytest.mark.req("O5")
def test_a_lag_is_over_all_acknowledgements_not_over_the_entities(lake):
    for number, (entity, seconds) in enumerate(
        [("time_entry", 10)] * 18 + [("expense", 1000)] * 2 + [("expense", None)]
    ):
        run = {"flow": "time-to-bill", "run_id": f"run-{number}"}
        lake.record("source_event", hours_ago(2), system="kantata", **run)
        changed = None if seconds is None else hours_ago(2)
        lake.record(
            "acknowledgement",
            hours_ago(2) + timedelta(seconds=seconds or 0),
            system="netsuite",
            entity=entity,
            source_changed_at=changed,
            **run,
        )
    refresh(lake.connection, "EUR", Stopped(), packaged().service_levels)
    kpi = {row["name"]: (row["value"], row["n"], row["target"]) for row in lake.rows("SELECT * FROM mart_kpi")}
    assert kpi["sync_lag_psa_erp"] == (D("1000.00"), 20, packaged().service_levels["time-to-bill"]) and kpi[
        "sync_lag_psa_erp_p50"
    ][:2] == (D("10.00"), 20)
    assert lake.rows("SELECT sum(acknowledged) AS n FROM mart_pair_lag") == [{"n": 21}]


@pytest.mark.req("E4", "O5")
def test_a_replay_counts_once_it_has_ended_and_gives_way_without_failing(lake):
    for number, state in enumerate(["settled", "settled", "settled", "dead", "waiting", "superseded", "running"]):
        lake.run(f"again-{number}", f"time_entry:TE-{number}", state, replay_of=f"run-{number}")
    refresh(lake.connection, "EUR", Stopped())
    assert lake.rows("SELECT * EXCLUDE (hour) FROM mart_replay") == [
        {"flow": "time-to-bill", "replays": 7, "delivered": 3, "failed": 1}
    ]
    assert lake.rows("SELECT value, n FROM mart_kpi WHERE name = 'replay_success'") == [{"value": D("75.00"), "n": 4}]


@pytest.mark.req("M4")
def test_a_contract_of_hundreds_of_millions_fits(lake):
    """Its product with the exchange rate would overflow 64 bits, and that would stop every mart."""
    lake.observe("salesforce", "project", "PRJ-9", name="Railway", currency="GBP", value=money("250000000.00", "GBP"))
    refresh(lake.connection, "EUR", Stopped())
    assert lake.rows("SELECT contract_value_reporting AS value FROM mart_project WHERE project_key = 'PRJ-9'") == [
        {"value": D("300000000.00")}
    ]


@pytest.mark.req("M4", "O5")
def test_money_among_the_figures_is_exact(lake):
    for number in range(3):
        entry(lake, number, hours="1.00", bill_rate=money("33333333333333.33"))
    refresh(lake.connection, "EUR", Stopped())
    assert lake.rows("SELECT value FROM mart_kpi WHERE name = 'unbilled_work_in_progress'") == [
        {"value": D("99999999999999.99")}
    ]


@pytest.mark.req("O5")
def test_figures_rest_on_their_definitions(lake):
    entry(lake, 1)
    posted(lake, 1)
    entry(lake, 2, charge_code="PRJ-1001.020")
    refresh(lake.connection, "EUR", Stopped())
    kpi = {row["name"]: row["value"] for row in lake.rows("SELECT name, value FROM mart_kpi")}
    assert kpi["project_setup_cycle_time"] == 24
    assert (
        kpi["billing_readiness"] == 50
        and kpi["unbilled_work_in_progress"] == 1600
        and kpi["utilisation_visibility"] == 50
    )
    assert kpi["project_gross_margin"] == 40 and kpi["margin_consistency"] == 100 and kpi["approval_lag"] == 24


@pytest.mark.req("O5")
def test_effort_is_what_people_did_and_not_what_the_engine_made_of_it(lake):
    """Three acts of one person within four minutes; what became of the request is nobody's work."""
    entry(lake, 1)
    posted(lake, 1)
    lake.record("settlement", flow="time-to-bill", status="settled", run_id="r")
    made = [
        ("request", "done"),
        ("request", "failed"),
        ("request", "expired"),
        ("time_entry", "replayed"),
        ("view", "x"),
    ]
    people = [("request", "requested"), ("case", "commented"), ("request", "approved")]
    for number, (entity, status) in enumerate([*people, *made]):
        at = NOW + timedelta(minutes=2 * number)
        lake.record("operator_action", at, actor="ada", entity=entity, status=status, business_key="k")
    refresh(lake.connection, "EUR", Stopped())
    (acted,) = lake.rows("SELECT count(*) AS n, sum(minutes) AS minutes FROM derived.state.acted")
    assert (acted["n"], acted["minutes"]) == (3, 5)


@pytest.mark.finding("F16l")
@pytest.mark.req("O3", "O5")
def test_a_billing_period_is_ready_when_the_last_of_its_work_is(lake):
    """Not the lag of each posting: from the end of the month's last day of delivery until all of it can be billed."""
    for number, day, at in (
        (1, "2026-08-11", "2026-08-12"),
        (2, "2026-08-20", "2026-08-22"),
        (3, "2026-09-20", "2026-09-21"),
    ):
        entry(lake, number, work_date=day, approved_at=f"{at}T08:00:00Z")
        posted(lake, number, work_date=day, created_at=f"{at}T10:00:00Z")
    refresh(lake.connection, "EUR", Stopped())
    asked = "SELECT value, low, high, n FROM mart_kpi WHERE name = 'invoice_readiness_time'"
    assert lake.rows(asked) == [{"value": D("34.00"), "low": D("34.00"), "high": D("34.00"), "n": 1}]
    entry(lake, 4, work_date="2026-08-12", charge_code="PRJ-1001.020")
    refresh(lake.connection, "EUR", Stopped())
    assert lake.rows(asked) == [{"value": None, "low": D("972.00"), "high": D("972.00"), "n": 0}], "it waits until now"


def test_an_unchanged_lake_leaves_the_marts_untouched(lake):
    entry(lake, 1)
    refresh(lake.connection, "EUR", Stopped())
    lake.connection.execute("DELETE FROM marts.main.mart_work")
    refresh(lake.connection, "EUR", Stopped())
    asked = "SELECT count(*) AS n FROM marts.main.mart_work"
    assert lake.rows(asked) == [{"n": 0}], "nothing changed, so nothing was written"
    entry(lake, 2)
    refresh(lake.connection, "EUR", Stopped())
    assert lake.rows(asked) == [{"n": 1}], "and of what came only that"


def test_marts_that_cannot_be_written_say_what_to_do(lake):
    lake.connection.execute("USE memory")
    lake.connection.execute("DETACH marts")
    with pytest.raises(Misconfigured, match='marts="write"'):
        refresh(lake.connection, "EUR", Stopped())


@pytest.mark.req("O3", "X2")
def test_a_wrong_code_is_for_those_who_booked_it_and_a_closed_one_for_the_erp(lake):
    wrong, closed = entry(lake, 1, charge_code="PRJ-1001.0l0"), entry(lake, 2, charge_code="PRJ-1001.020")
    refresh(lake.connection, "EUR", Stopped())
    owners = {
        row["item_key"]: row["blocker_owner"] for row in lake.rows("SELECT item_key, blocker_owner FROM mart_work")
    }
    assert owners == {wrong: "kantata", closed: "netsuite"}


@pytest.mark.req("G1", "O1")
def test_open_failures_are_each_companys_and_each_rounded_to_the_cent(lake):
    """What has no rate or no company counts among the failures, and no money is made of it."""
    lake.observe("netsuite", "exchange_rate", "GBP", currency="GBP", rate="1.1666", as_of="2026-09-30")
    dead = [("NOV-UK", "1.01", "GBP")] * 3 + [("NOV-DE", "1.01", "EUR"), ("NOV-DE", "5.00", "CHF"), (None, None, None)]
    for number, (firm, amount, currency) in enumerate(dead):
        lake.run(f"run-{number}", f"time_entry:TE-{number}", legal_entity=firm, amount=amount, currency=currency)
    refresh(lake.connection, "EUR", Stopped())
    asked = "SELECT legal_entity, failures, amount_reporting FROM mart_failure_age ORDER BY legal_entity NULLS LAST"
    assert [tuple(row.values()) for row in lake.rows(asked)] == [
        ("NOV-DE", 2, D("1.01")),
        ("NOV-UK", 3, D("3.54")),
        (None, 1, D("0.00")),
    ]
