"""The figures against an oracle in plain Python that reads what the systems showed and shares no SQL with them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from random import Random
from typing import Any

import pytest

from models.derivation.refresh import refresh
from models.lake.publish import publish
from tests.unit.cases.lakes import NOW, Lake, hours_ago, money

D = Decimal
FIRST = date(2026, 7, 6)
"""A Monday twelve weeks and two days before now, so that the last whole week ends on Sunday the 27th."""
CLOSED = date(2026, 8, 31)
ISSUED = date(2026, 8, 20)
RATES = {"NOV-DE": ("EUR", D(1)), "NOV-UK": ("GBP", D("1.20"))}


class Stopped:
    def now(self) -> datetime:
        return NOW


@dataclass
class Entry:
    key: str
    project: str
    person: str
    day: date
    hours: Decimal
    bill: Decimal
    cost: Decimal
    approved: bool = True
    posted: bool = True
    billed: bool = False
    doubt: str | None = None


@dataclass
class Firm:
    """Two companies, four projects, six people; everything that the systems show and that the oracle adds up."""

    lake: Lake = field(default_factory=Lake)
    entries: list[Entry] = field(default_factory=list)
    leave: list[tuple[str, date, Decimal]] = field(default_factory=list)
    chance: Random = field(default_factory=lambda: Random(20))
    projects: dict[str, str] = field(
        default_factory=lambda: {f"PRJ-{n}": "NOV-DE" if n < 3 else "NOV-UK" for n in (1, 2, 3, 4)}
    )

    def rate(self, project: str) -> Decimal:
        return RATES[self.projects[project]][1]

    def people(self) -> list[tuple[str, str]]:
        return [(f"E-{n}", "NOV-DE" if n < 4 else "NOV-UK") for n in range(1, 7)]

    def shown(self) -> Lake:
        """Everything that a system shows of it."""
        self._masters()
        for place, one in enumerate(self._worked(), 1):
            self.entries.append(one)
            self._entry(place, one)
        self._invoices()
        return self.lake

    def _masters(self) -> None:
        lake = self.lake
        rate = {"currency": "GBP", "transaction": "GBP", "base": "EUR", "quote": "GBP", "rate": "1.20"}
        lake.observe("netsuite", "exchange_rate", "GBP", hours_ago(3000), effective_date="2026-01-01", **rate)
        for project, entity in self.projects.items():
            currency = RATES[entity][0]
            sold = {
                "name": project,
                "currency": currency,
                "customer_key": "C-1",
                "missing": [],
                "legal_entity_id": entity,
            }
            value = money("60000.00", currency)
            for system in ("salesforce", "netsuite", "kantata"):
                won = {"value": value, "closed_at": hours_ago(2200).isoformat()}
                lake.observe(system, "project", project, hours_ago(2100), legal_entity=entity, **sold, **won)
            budget = {"value": value, "cost": money("39000.00", currency), "hours": "600", "target_margin": "0.35"}
            lake.observe("planview", "budget", project, hours_ago(2100), project_code=project, **budget)
            estimate = {
                "baseline_starts_on": "2026-07-06",
                "baseline_ends_on": "2026-10-30",
                "forecast_ends_on": "2026-11-13" if project == "PRJ-2" else "2026-10-30",
                "complete": "55",
                "hours_to_complete": "100",
                "cost_to_complete": money("6500.00", currency),
            }
            lake.observe("planview", "forecast", project, hours_ago(50), project_code=project, **estimate)
            lake.observe("netsuite", "charge_code", f"{project}.010", project_code=project, active=True)
        for number, entity in self.people():
            fields = {
                "name": number,
                "weekly_hours": "40",
                "cost_rate": money("65.00", RATES[entity][0]),
                "active": True,
            }
            lake.observe("workday", "resource", number, hours_ago(2100), legal_entity=entity, **fields)
            day = FIRST + timedelta(days=self.chance.randint(0, 80))
            self.leave.append((number, day, D(8)))
            off = {"resource_number": number, "day": day.isoformat(), "hours": "8", "kind": "Vacation"}
            lake.observe("workday", "leave", f"{number}:{day}", hours_ago(2100), legal_entity=entity, **off)
        shut = {"legal_entity_id": "NOV-UK", "day": CLOSED.isoformat(), "name": "Bank holiday"}
        lake.observe("workday", "holiday", f"NOV-UK:{CLOSED}", hours_ago(2100), legal_entity="NOV-UK", **shut)
        quarter = {"legal_entity_id": "NOV-DE", "starts_on": "2026-07-01", "ends_on": "2026-09-30"}
        lake.observe("planview", "revenue_target", "Q3", hours_ago(2100), revenue=money("250000.00"), **quarter)

    def _worked(self) -> list[Entry]:
        made = []
        for week in range(12):
            for person, entity in self.people():
                mine = [code for code, owner in self.projects.items() if owner == entity]
                day = FIRST + timedelta(weeks=week, days=self.chance.randint(0, 4))
                hours, bill = D(self.chance.choice((4, 8, 7))), D(self.chance.choice((90, 100, 110)))
                one = Entry("", self.chance.choice(mine), person, day, hours, bill, D(65))
                one.billed = week < 6 and self.chance.random() < 0.8
                one.approved = one.billed or self.chance.random() < 0.85
                one.posted = one.billed or (one.approved and self.chance.random() < 0.8)
                if not one.billed and self.chance.random() < 0.5:
                    one.doubt = "time-rejected" if not one.approved else "closed-period"
                made.append(one)
        return made

    def _entry(self, place: int, one: Entry) -> None:
        entity = self.projects[one.project]
        currency = RATES[entity][0]
        one.key = f"TE-kantata-{place}"
        fields: dict[str, Any] = {
            "time_entry_id": one.key,
            "project_code": one.project,
            "charge_code": f"{one.project}.010",
            "resource_number": one.person,
            "work_date": one.day.isoformat(),
            "hours": str(one.hours),
            "billable": True,
            "bill_rate": money(str(one.bill), currency),
            "cost_rate": money(str(one.cost), currency),
        }
        at = datetime(one.day.year, one.day.month, one.day.day, 18, tzinfo=UTC)
        word = "approved" if one.approved else "rejected" if one.doubt else "submitted"
        sent = {
            "approval": word,
            "submitted_at": at.isoformat(),
            "approved_at": at.isoformat() if one.approved else None,
        }
        self.lake.observe("kantata", "time_entry", one.key, at, legal_entity=entity, **fields, **sent)
        if one.posted:
            posting = {"posting_id": f"{one.key}-v1", "created_at": (at + timedelta(hours=2)).isoformat()}
            billed = {"invoiced": one.billed, "invoice_number": "INV-1" if one.billed else None}
            key = f"{one.key}-v1"
            self.lake.observe("netsuite", "time_entry", key, at, legal_entity=entity, **fields, **posting, **billed)
        if one.doubt:
            self._case(place, one)

    def _case(self, place: int, one: Entry) -> None:
        case, finding = {"case_id": f"c{place}", "cause": one.doubt, "status": "open"}, {"finding_id": f"f{place}"}
        self.lake._insert("journal.main.case_", case)
        subject = {"case_id": f"c{place}", "subject_entity": "time_entry", "subject_key": one.key}
        self.lake._insert("journal.main.finding", {**finding, **subject})

    def _invoices(self) -> None:
        for number, project in enumerate(self.projects, 1):
            mine = [one for one in self.entries if one.billed and one.project == project]
            currency = RATES[self.projects[project]][0]
            lines = [
                {"posting_id": f"{one.key}-v1", "amount": money(str(one.hours * one.bill), currency)} for one in mine
            ]
            total = sum((one.hours * one.bill for one in mine), D(0))
            fields = {
                "project_code": project,
                "status": "void" if number == 4 else "open",
                "issued_on": ISSUED.isoformat(),
                "total": money(str(total), currency),
                "lines": lines,
            }
            at, entity = hours_ago(500), self.projects[project]
            self.lake.observe("netsuite", "invoice", f"INV-{number}", at, legal_entity=entity, **fields)
            if number == 4:
                for one in mine:
                    one.billed = False
            if number == 1:
                paid = {"invoice_number": "INV-1", "paid_on": "2026-09-15", "amount": money(str(total - 100), currency)}
                self.lake.observe("netsuite", "payment", "PAY-1", at, legal_entity=entity, **paid)


@pytest.fixture(scope="module")
def firm() -> Firm:
    made = Firm()
    made.shown()
    refresh(made.lake.connection, "EUR", Stopped())
    return made


@pytest.fixture(scope="module")
def kpi(firm: Firm) -> dict[str, dict[str, Any]]:
    return {row["name"]: row for row in firm.lake.rows("SELECT * FROM mart_kpi")}


def two(value: Decimal) -> Decimal:
    return value.quantize(D("0.01"), ROUND_HALF_EVEN)


def near(found: Decimal | None, wanted: Decimal) -> bool:
    return found is not None and abs(found - wanted) <= D("0.01")


def worth(firm: Firm, entries: list[Entry]) -> Decimal:
    return sum((two(one.hours * one.bill * firm.rate(one.project)) for one in entries), D(0))


def spent(firm: Firm, entries: list[Entry]) -> Decimal:
    return sum((two(one.hours * one.cost * firm.rate(one.project)) for one in entries), D(0))


@pytest.mark.finding("F16a")
@pytest.mark.req("O4", "X13")
def test_utilisation_is_of_the_hours_people_have_net_of_holiday_and_leave(firm: Firm, kpi: dict[str, Any]) -> None:
    monday = NOW.date() - timedelta(days=NOW.weekday())
    seen = [one for one in firm.entries if FIRST <= one.day < monday]
    weekdays = sum((FIRST + timedelta(days=n)).weekday() < 5 for n in range((monday - FIRST).days))
    gross = D(8) * weekdays * 6
    away = sum((hours for _, day, hours in firm.leave if FIRST <= day < monday and day.weekday() < 5), D(0))
    twice = {(number, day) for number, day, _ in firm.leave if day == CLOSED and number in ("E-4", "E-5", "E-6")}
    net = gross - away - D(8) * 3 + D(8) * len(twice)
    hours = sum((one.hours for one in seen if one.approved), D(0))
    assert near(kpi["billable_utilisation"]["value"], 100 * hours / net) and kpi["billable_utilisation"]["n"] == 6
    assert near(kpi["billable_utilisation_gross"]["value"], 100 * hours / gross)
    doubted = [one for one in seen if one.doubt and not one.billed]
    least = hours - sum((one.hours for one in doubted if one.approved), D(0))
    most = hours + sum((one.hours for one in doubted if not one.approved), D(0))
    assert near(kpi["billable_utilisation"]["low"], 100 * least / net)
    assert near(kpi["billable_utilisation"]["high"], 100 * most / net)
    assert near(kpi["billable_utilisation"]["adjusted"], 100 * hours / net), "work sent back does not count"


@pytest.mark.req("O4", "X13")
def test_the_margin_lies_between_all_cases_lost_and_all_cases_won(firm: Firm, kpi: dict[str, Any]) -> None:
    posted = [one for one in firm.entries if one.posted]
    revenue, cost = worth(firm, posted), spent(firm, posted)
    assert near(kpi["project_gross_margin"]["value"], 100 * (revenue - cost) / revenue)
    held = [one for one in firm.entries if one.doubt and not one.billed]
    lost = revenue - worth(firm, [one for one in held if one.posted])
    paid = cost + spent(firm, [one for one in held if not one.posted])
    won = revenue + worth(firm, [one for one in held if not one.posted])
    sides = sorted((100 * (lost - paid) / lost, 100 * (won - paid) / won))
    assert near(kpi["project_gross_margin"]["low"], sides[0])
    late = [one for one in held if not one.posted and one.approved]
    stands, costs = revenue + worth(firm, late), cost + spent(firm, late)
    assert near(kpi["project_gross_margin"]["adjusted"], 100 * (stands - costs) / stands)


@pytest.mark.req("O3", "X13")
def test_unbilled_work_is_at_most_all_of_it_and_at_least_what_no_case_is_about(firm: Firm, kpi: dict[str, Any]) -> None:
    open_ = [one for one in firm.entries if not one.billed]
    doubted = [one for one in open_ if one.doubt]
    assert kpi["unbilled_work_in_progress"]["value"] == worth(firm, open_)
    assert kpi["unbilled_work_in_progress"]["low"] == worth(firm, open_) - worth(firm, doubted)
    assert kpi["unbilled_work_in_progress"]["high"] == worth(firm, open_)


@pytest.mark.finding("F16c")
@pytest.mark.req("O3")
def test_invoices_right_the_first_time_and_what_of_them_was_paid(firm: Firm, kpi: dict[str, Any]) -> None:
    assert kpi["billing_accuracy"]["value"] == 75 and kpi["billing_accuracy"]["n"] == 4, "one of four was voided"
    billed = {
        code: worth(firm, [one for one in firm.entries if one.billed and one.project == code]) for code in firm.projects
    }
    total = sum(billed.values())
    assert near(kpi["collection_realisation"]["value"], 100 * (billed["PRJ-1"] - 100) / total)
    assert kpi["billing_realisation"]["value"] == 100
    posted = worth(firm, [one for one in firm.entries if one.posted])
    days = D((NOW.date() - min(one.day for one in firm.entries if one.approved)).days)
    owed = total - (billed["PRJ-1"] - 100)
    assert near(kpi["debtor_days"]["value"], owed / posted * days)
    unbilled = worth(firm, [one for one in firm.entries if not one.billed])
    assert near(kpi["wip_days"]["value"], unbilled / posted * days)
    assert near(kpi["lock_up_days"]["value"], (unbilled + owed) / posted * days)


@pytest.mark.finding("F16b")
@pytest.mark.req("O4")
def test_backlog_is_what_is_sold_and_not_earned(firm: Firm, kpi: dict[str, Any]) -> None:
    sold = sum((D(60000) * firm.rate(code) for code in firm.projects), D(0))
    assert kpi["backlog"]["value"] == sold - worth(firm, [one for one in firm.entries if one.posted])
    assert near(kpi["backlog_coverage"]["value"], 100 * sold / 250000) and kpi["backlog_coverage"]["n"] == 4


@pytest.mark.finding("F16f", "F16g", "F16h")
@pytest.mark.req("O4")
def test_each_projects_margin_erodes_by_parts_that_add_up(firm: Firm, kpi: dict[str, Any]) -> None:
    """Sold at 100 an hour that costs 65: what is billed above or below, and hours more or fewer, are all there is."""
    rows = {row["project_key"]: row for row in firm.lake.rows("SELECT * FROM mart_forecast")}
    end_revenue = end_cost = D(0)
    for code in firm.projects:
        mine, fx, row = (
            [one for one in firm.entries if one.project == code and one.approved],
            firm.rate(code),
            rows[code],
        )
        hours, bill = sum((one.hours for one in mine), D(0)), worth(firm, mine)
        revenue, cost = bill + bill / hours * 100, spent(firm, mine) + 6500 * fx
        assert near(row["revenue_at_completion"], revenue) and near(row["cost_at_completion"], cost)
        assert near(row["erosion"], (60000 - 39000) * fx - (revenue - cost))
        assert near(row["erosion_rate"], (hours + 100) * 100 * fx - revenue)
        assert near(row["erosion_hours"], (600 - hours - 100) * 35 * fx)
        assert abs(row["erosion_mix"]) <= D("0.01") and abs(row["erosion_unexplained"]) <= D("0.03")
        assert row["erosion_unbilled"] == row["erosion_written_off"] == 0
        end_revenue, end_cost = end_revenue + revenue, end_cost + cost
    assert near(kpi["margin_at_completion"]["value"], 100 * (end_revenue - end_cost) / end_revenue)
    sold = D(39000) * sum((firm.rate(code) for code in firm.projects), D(0))
    actual = spent(firm, [one for one in firm.entries if one.approved])
    assert near(kpi["cost_performance_index"]["value"], D("0.55") * sold / actual)
    baseline = [date(2026, 7, 6) + timedelta(days=n) for n in range(117)]
    passed = [day for day in baseline if day.weekday() < 5 and day < NOW.date()]
    planned = D(len(passed)) / sum(day.weekday() < 5 for day in baseline)
    assert near(kpi["schedule_performance_index"]["value"], D("0.55") / planned)
    assert kpi["schedule_slippage"]["value"] == D("3.50"), "one of four is a fortnight late"
    eac = actual + 6500 * sum((firm.rate(code) for code in firm.projects), D(0))
    assert near(kpi["estimate_at_completion"]["value"], eac), "bottom-up: what it cost and what managers estimate"
    assert near(kpi["variance_at_completion"]["value"], sold - eac) and kpi["estimate_at_completion"]["n"] == 4


@pytest.mark.req("X13")
def test_every_figure_has_its_range_around_what_it_is_adjusted_to(kpi: dict[str, Any]) -> None:
    for name, row in kpi.items():
        assert row["definition"], name
        assert row["value"] is None or row["low"] <= row["adjusted"] <= row["high"], name


@pytest.mark.req("X13")
@pytest.mark.parametrize("seed", range(12))
def test_the_truth_lies_within_the_range_however_each_case_is_settled(
    firm: Firm, kpi: dict[str, Any], seed: int
) -> None:
    """Each doubtful entry turns out one way or the other, by chance; the oracle adds up what is true then."""
    chance = Random(seed)
    doubted = [one for one in firm.entries if one.doubt and not one.billed]
    won = {one.key for one in doubted if chance.random() < chance.random()}
    lost = [one for one in doubted if one.key not in won]
    gained = [one for one in doubted if one.key in won]
    unbilled = worth(firm, [one for one in firm.entries if not one.billed]) - worth(firm, lost)
    assert inside(kpi["unbilled_work_in_progress"], unbilled)
    posted = [one for one in firm.entries if one.posted]
    revenue = worth(firm, posted) - worth(firm, [one for one in lost if one.posted])
    revenue += worth(firm, [one for one in gained if not one.posted])
    cost = spent(firm, posted) + spent(firm, [one for one in doubted if not one.posted])
    assert inside(kpi["project_gross_margin"], 100 * (revenue - cost) / revenue)
    monday = NOW.date() - timedelta(days=NOW.weekday())
    seen = [one for one in firm.entries if FIRST <= one.day < monday]
    hours = sum((one.hours for one in seen if one.approved and one not in lost), D(0))
    hours += sum((one.hours for one in seen if not one.approved and one in gained), D(0))
    assert inside(kpi["billable_utilisation"], 100 * hours / kpi["billable_utilisation"]["denominator"])


def inside(figure: dict[str, Any], truth: Decimal) -> bool:
    assert figure["low"] < figure["high"], "a range of nothing proves nothing"
    return bool(figure["low"] - D("0.01") <= truth <= figure["high"] + D("0.01"))


@pytest.mark.req("X13")
def test_a_figure_without_its_source_says_which_and_is_no_number() -> None:
    lake = Lake()
    entry = {"hours": "8", "billable": True, "approval": "approved", "work_date": "2026-09-01", "project_code": "PRJ-1"}
    lake.observe("kantata", "time_entry", "TE-1", hours_ago(30), **entry)
    refresh(lake.connection, "EUR", Stopped())
    rows = {row["name"]: row for row in lake.rows("SELECT * FROM mart_kpi")}
    for name, missing in (
        ("billable_utilisation", "no source yet: holiday, leave, resource"),
        ("collection_realisation", "no source yet: invoice, payment"),
        ("schedule_slippage", "no source yet: forecast"),
    ):
        assert (rows[name]["value"], rows[name]["n"], rows[name]["note"]) == (None, 0, missing)
    assert rows["billing_readiness"]["note"] is None and rows["billing_readiness"]["as_of"] == hours_ago(30)


@dataclass
class Moving:
    at: datetime = NOW

    def now(self) -> datetime:
        return self.at


@pytest.mark.req("O5")
def test_a_day_of_a_figure_is_kept_as_it_was_shown_and_today_is_told_anew() -> None:
    lake, clock = Lake(), Moving(NOW - timedelta(days=1))
    entry = {"hours": "8", "billable": True, "approval": "approved", "work_date": "2026-09-28", "project_code": "PRJ-1"}
    lake.observe("kantata", "time_entry", "TE-1", hours_ago(60), bill_rate=money("100.00"), **entry)
    refresh(lake.connection, "EUR", clock)
    lake.observe("kantata", "time_entry", "TE-2", hours_ago(50), bill_rate=money("50.00"), **entry)
    refresh(lake.connection, "EUR", clock)
    clock.at = NOW
    lake.observe("kantata", "time_entry", "TE-1", hours_ago(1), bill_rate=money("200.00"), **entry)
    refresh(lake.connection, "EUR", clock)
    asked = (
        "SELECT day, value, basis FROM mart_kpi_day WHERE name = 'unbilled_work_in_progress' AND day > '2026-09-28' "
        "ORDER BY day"
    )
    days = [
        {"day": date(2026, 9, 29), "value": D("1200.00"), "basis": "kept"},
        {"day": date(2026, 9, 30), "value": D("2000.00"), "basis": "kept"},
    ]
    assert lake.rows(asked) == days
    lake.connection.execute("DROP SCHEMA derived.state CASCADE")
    publish(lake.connection)
    refresh(lake.connection, "EUR", clock)
    assert lake.rows(asked) == days, "another process goes on where this one ended"


@pytest.mark.req("O5")
def test_days_that_were_sealed_come_back_from_the_lake_with_their_restatements() -> None:
    """The folder of marts is lost: what was shown on a day, and what it was restated as since, stands in the lake."""
    lake = Lake()
    lake.observe("kantata", "project", "PRJ-1", hours_ago(60), name="Portal")
    told = {"adjusted": None, "low": None, "high": None, "numerator": None, "denominator": None, "n": 3, "unit": "EUR"}
    for day, value, status in (
        ("2026-09-28", "1200", "sealed"),
        ("2026-09-29", "1300.5", "sealed"),
        ("2026-09-28", "1100", "restated"),
        ("2026-09-28", "1000", "restated"),
    ):
        body = {"day": day, "name": "unbilled_work_in_progress", "value": value, **told}
        lake.record("figures", status=status, body=body)
    refresh(lake.connection, "EUR", Moving(NOW))
    asked = (
        "SELECT day, value, restated, n, basis FROM mart_kpi_day WHERE name = 'unbilled_work_in_progress' ORDER BY 1"
    )
    assert [tuple(row.values()) for row in lake.rows(asked)][:2] == [
        (date(2026, 9, 28), D("1200"), D("1000"), 3, "kept"),
        (date(2026, 9, 29), D("1300.5"), None, 3, "kept"),
    ]


@pytest.mark.req("O5")
def test_days_that_nobody_watched_are_filled_in_from_the_dates_of_the_records(firm: Firm) -> None:
    rows = firm.lake.rows(
        "SELECT day, value, n FROM mart_kpi_day WHERE name = 'unbilled_work_in_progress' AND basis = 'dated'"
    )
    assert len(rows) > 40
    for row in rows:
        open_ = [one for one in firm.entries if one.day <= row["day"] and not (one.billed and row["day"] >= ISSUED)]
        assert (row["value"], row["n"]) == (worth(firm, open_), len(open_)), row["day"]
