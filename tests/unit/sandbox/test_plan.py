"""The plan of the sandbox's world: the same for the same seed, big enough, and with the faults it promises (S1, N1)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from hashlib import sha256

import pytest

from integrations.sandbox.faults.kinds import FIRST, planted
from integrations.sandbox.world.plan import HEADLINE, Plan, bill_rate
from integrations.sandbox.world.portfolio import WEEKS
from integrations.sandbox.world.scenario import drawn

ANCHOR = datetime(2026, 11, 20, 9, 55, tzinfo=UTC)
DIGEST = "1fbdaccfd4531bd75acb4b5ebba52a6e2a7b02c4e93c5afe008c2b1ca748ed7a"
CALENDAR = {"rates", "target", "holidays", "absence", "forecast"}


@pytest.fixture(scope="module")
def plan() -> Plan:
    return drawn(2026, ANCHOR, planted)


def shown(plan: Plan) -> list[object]:
    sheets = [
        (sheet.key, sheet.submit_at, sheet.decide_at, sheet.verdict, sheet.entries, sheet.expenses)
        for sheet in plan.sheets.values()
    ]
    return [plan.people, plan.clients, plan.deals, sheets, plan.happenings, plan.faults]


def test_the_same_seed_and_anchor_draw_the_same_plan(plan: Plan) -> None:
    assert shown(drawn(2026, ANCHOR, planted)) == shown(plan)
    assert shown(drawn(2027, ANCHOR, planted)) != shown(plan)


def test_a_seed_draws_what_it_drew_in_every_release(plan: Plan) -> None:
    """A home goes on after an upgrade only if the plan, drawn afresh at each start, is the one its vendors hold; what
    offices enter by the calendar is not drawn, and a home that was begun without it catches up.
    """
    first = drawn(2026, ANCHOR, partial(planted, kinds=FIRST))
    drawn_now = repr([(str(one.at), one.kind, one.args) for one in first.happenings if one.kind not in CALENDAR])
    assert sha256(drawn_now.encode()).hexdigest() == DIGEST
    assert set(first.happenings) < set(plan.happenings)
    assert shown(first)[3] == shown(plan)[3], "timesheets are drawn once"


def test_the_firm_is_as_big_as_the_demonstration_needs(plan: Plan) -> None:
    """Three legal entities, 25 customers with hierarchies, 80 projects, 150 people, twelve weeks of time."""
    history = [sheet for sheet in plan.sheets.values() if sheet.week < WEEKS]
    assert {person.entity.currency for person in plan.people} == {"EUR", "GBP", "USD"}
    assert len(plan.people) >= 156 and len({person.email for person in plan.people}) == len(plan.people)
    assert len(plan.clients) >= 25 and sum(client.group is not None for client in plan.clients) >= 15
    assert sum(deal.won_at < ANCHOR for deal in plan.deals.values()) >= 84
    assert 10_000 <= sum(len(sheet.entries) for sheet in history) <= 14_000
    assert 700 <= sum(len(sheet.expenses) for sheet in history) <= 1_100
    assert plan.ticks() == sorted(plan.ticks()) and plan.ticks()[-1] == ANCHOR


@pytest.mark.finding("C1c")
def test_numbers_have_letters_and_two_customers_are_told_apart_by_them_alone(plan: Plan) -> None:
    numbers = [client.number for client in plan.clients]
    by_digits: dict[str, list[str]] = {}
    for number in numbers:
        by_digits.setdefault("".join(letter for letter in number if letter.isdigit()), []).append(number)
    assert len(set(numbers)) == len(numbers)
    assert [len(set(alike)) for alike in by_digits.values() if len(alike) > 1] == [2]
    assert all(not worker.number.isdigit() for worker in plan.people)


def test_projects_earn_what_such_firms_earn_and_a_few_do_not(plan: Plan) -> None:
    """Gross margins of 15 to 45 % on sold time, with a few projects eroded below (O4)."""
    margins = {}
    for deal in plan.deals.values():
        rows = [
            (bill_rate(sheet), sheet.worker.cost_rate, entry.minutes)
            for sheet in plan.sheets.values()
            if sheet.deal.code == deal.code
            for entry in sheet.entries
        ]
        revenue = sum((rate * minutes for rate, _, minutes in rows), Decimal(0))
        if revenue:
            margins[deal.code] = 1 - sum((cost * minutes for _, cost, minutes in rows), Decimal(0)) / revenue
    usual = [code for code, margin in margins.items() if Decimal("0.15") <= margin <= Decimal("0.45")]
    eroded = [code for code, margin in margins.items() if margin < Decimal("0.15")]
    assert len(usual) > 0.7 * len(margins)
    assert 2 <= len(eroded) <= 0.25 * len(margins)


@pytest.mark.req("X1", "X11")
def test_the_deleted_project_holds_back_what_the_plan_says(plan: Plan) -> None:
    fault = next(fault for fault in plan.faults if fault.id == "F01")
    deed = next(happening for happening in plan.happenings if happening.kind == "delete_job")
    assert (fault.subject, fault.entries) == (HEADLINE, 214)
    assert fault.money["EUR"] == Decimal("184200.00")
    assert deed.at.weekday() == 4 and (deed.at.hour, deed.at.minute) == (17, 39)
    held = [
        entry for sheet in plan.sheets_of(HEADLINE, range(WEEKS)) if sheet.fault == "F01" for entry in sheet.entries
    ]
    assert {entry.day.isocalendar().week for entry in held} == {
        deed.at.isocalendar().week,
        deed.at.isocalendar().week + 1,
    }


def test_every_kind_of_fault_is_planted_and_says_how_to_mend_it(plan: Plan) -> None:
    kinds = {fault.kind for fault in plan.faults}
    assert kinds >= {
        "project-deleted-in-erp",
        "project-closed-in-psa",
        "orphan-in-psa",
        "missing-dimension",
        "unknown-charge-code",
        "inactive-charge-code",
        "foreign-charge-code",
        "closed-period",
        "late-approval",
        "rejected-time",
        "missing-rate",
        "duplicate-customer",
        "project-missing-in-ppm",
        "customer-hierarchy",
        "expired-sow",
        "schema-drift",
        "vendor-faults",
        "credited-invoice",
        "partly-credited",
        "partly-invoiced",
        "billed-twice",
        "wrong-customer",
        "cut-after-invoice",
        "raised-after-invoice",
        "beyond-cap",
        "order-number-lost",
        "acceptance-refused",
        "second-sale",
        "recoded",
        "moved-company",
        "one-number-two-people",
        "late-correction",
    }
    lawful = {fault.kind for fault in plan.faults if fault.lawful}
    assert lawful == {
        "allowance",
        "discounted-invoice",
        "prepayment",
        "acceptance-granted",
        "merged-customer",
        "renamed-customer",
        "negative-hours",
        "night-work",
        "near-cap",
    }
    assert all(fault.how_to_fix and fault.cause for fault in plan.faults)
    assert sum(fault.kind == "missing-dimension" and not fault.heals for fault in plan.faults) == 3
    assert sum(fault.entries for fault in plan.faults) >= 300
    held = sorted(
        (fault for fault in plan.faults if fault.entries and fault.money), key=lambda fault: -sum(fault.money.values())
    )
    assert sum(held[0].money.values()) > sum(sum(fault.money.values()) for fault in held[1:])


@pytest.mark.finding("F15")
def test_no_entry_comes_too_late_for_its_month_unless_planted(plan: Plan) -> None:
    """Only the planted closed period is refused as closed, whatever the anchor's place in the month."""
    for anchor in (ANCHOR, datetime(2026, 12, 9, 15, 0, tzinfo=UTC), datetime(2027, 1, 4, 8, 0, tzinfo=UTC)):
        history = drawn(5, anchor, planted)
        closed = {happening.args[0]: happening.at for happening in history.happenings if happening.kind == "close"}
        for sheet in history.sheets.values():
            if sheet.decide_at is None or sheet.fault or sheet.week >= WEEKS:
                continue
            for entry in sheet.entries:
                shut = closed.get(f"{entry.day:%Y-%m}")
                assert shut is None or sheet.decide_at < shut - timedelta(hours=12), (sheet.key, entry.day)


def test_a_quiet_plan_has_no_faults() -> None:
    quiet = drawn(2026, ANCHOR)
    assert quiet.faults == []
    assert {happening.kind for happening in quiet.happenings} <= {
        "win",
        "log",
        "submit",
        "decide",
        "bill",
        "close",
        "milestone",
        *CALENDAR,
    }


@pytest.mark.parametrize("day", range(16, 23))
def test_history_can_end_on_any_day_of_the_week(day: int) -> None:
    history = drawn(11, datetime(2026, 11, day, 10, 0, tzinfo=UTC), planted)
    fault = next(fault for fault in history.faults if fault.id == "F01")
    assert fault.entries == 214 and fault.money["EUR"] == Decimal("184200.00")
    assert len({fault.id for fault in history.faults}) == len(history.faults) == 56


def test_a_night_in_which_clocks_go_back_is_worked_where_the_twelve_weeks_have_one(plan: Plan) -> None:
    [night] = [one for one in plan.happenings if one.kind == "night"]
    assert night.args[1] == "2026-10-24" and night.at == datetime(2026, 10, 25, 0, 40, tzinfo=UTC)


@pytest.mark.finding("F15")
@pytest.mark.parametrize("week", range(10))
def test_the_first_weeks_work_comes_in_time_whatever_the_day(week: int) -> None:
    """The month of the first day closes after the first weeks' late set-ups are made good and their time decided."""
    drawn_then = drawn(2026, ANCHOR + timedelta(weeks=week), planted)
    first = f"{drawn_then.start:%Y-%m}"
    [closes] = [one.at for one in drawn_then.happenings if one.kind == "close" and one.args == (first,)]
    filled = {one.args[0]: one.at for one in drawn_then.happenings if one.kind == "fill"}
    begun = [
        max(sheet.decide_at, filled.get(sheet.deal.code, sheet.decide_at) + timedelta(days=4))
        for sheet in drawn_then.sheets.values()
        if sheet.decide_at and sheet.week == 0 and any(f"{entry.day:%Y-%m}" == first for entry in sheet.entries)
    ]
    assert begun and max(begun) < closes


EVENING = timedelta(hours=10)


@pytest.mark.parametrize("after", [*(timedelta(days=day) for day in range(7)), timedelta(days=3) + EVENING], ids=str)
def test_what_hangs_on_a_closed_code_counts_what_still_waits_for_its_approval(after: timedelta) -> None:
    """On a Sunday the week's time is handed in and undecided, on a Monday evening some of it still is, and the detector
    finds it wrong already.
    """
    then = drawn(2026, ANCHOR + after, planted)
    [fault] = [one for one in then.faults if one.kind == "inactive-charge-code"]
    [off] = [one.at for one in then.happenings if one.kind == "switch" and one.args == (fault.subject, "off")]
    logged = {one.args: one.at for one in then.happenings if one.kind == "log"}
    hanging = [
        entry
        for sheet in then.sheets.values()
        for entry in sheet.entries
        if entry.code == fault.subject and sheet.submit_at >= off - timedelta(hours=1)
        if min(sheet.submit_at, logged.get((sheet.key, entry.day.isoformat()), sheet.submit_at)) <= then.anchor
    ]
    assert fault.entries == len(hanging) > 0


@pytest.mark.parametrize("after", [timedelta(days=3) + EVENING, timedelta(days=4) + EVENING], ids=["Monday", "Tuesday"])
def test_what_is_booked_on_a_wrong_code_counts_what_still_waits_for_its_approval(after: timedelta) -> None:
    then = drawn(2026, ANCHOR + after, planted)
    wrong = [one for one in then.faults if one.kind in ("unknown-charge-code", "foreign-charge-code")]
    undecided = 0
    for fault in wrong:
        booked = [
            (sheet, entry)
            for sheet in then.sheets.values()
            for entry in sheet.entries
            if sheet.fault == fault.id and entry.shown != entry.code and sheet.submit_at <= then.anchor
        ]
        assert fault.entries == len(booked) > 0
        undecided += sum(sheet.decide_at is None or sheet.decide_at > then.anchor for sheet, _ in booked)
    assert undecided == sum(fault.undecided for fault in wrong)
    assert undecided > 0 or after.days > 3, "Monday's evening proves nothing"
