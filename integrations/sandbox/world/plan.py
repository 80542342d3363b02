"""The plan of the world: everything that will happen, worked out from a seed and the day the scenario ends.

It begins on a Monday twelve weeks before the week of `anchor` (the real date of the first start) and goes on two weeks
beyond it, so that a demonstration that keeps running keeps living. The same seed and anchor give the same plan.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from integrations.sandbox.world.exchange import months
from integrations.sandbox.world.fault import Fault
from integrations.sandbox.world.people import Worker
from integrations.sandbox.world.portfolio import WEEKS, Client, Deal
from integrations.sandbox.world.timesheets import Entry, Sheet

BEYOND = 2
HEADLINE = "PRJ-1017"
TEAM = 11
TICKS = ((0, 11, 0), (1, 15, 0), (2, 10, 30), (3, 19, 0), (4, 17, 40))
"""Weekday, hour and minute at which fast history stops to let the engine work off what has happened."""


OPEN_AT_FIRST = timedelta(days=17, hours=18)
"""How long the month in which everything begins stays open at least: the first weeks' time waits for set-ups that lack
a dimension, and only planted work may come too late, on whichever day of a month the first week falls."""


@dataclass(frozen=True, order=True)
class Happening:
    """Something people or vendors do at a moment; `kind` names an operation of `Life`, `args` are its words."""

    at: datetime
    kind: str
    args: tuple[str, ...]

    @property
    def key(self) -> str:
        return f"{self.kind}:{'|'.join(self.args)}"


@dataclass
class Plan:
    """The whole scenario. `happenings` are in order of time."""

    seed: int
    anchor: datetime
    start: datetime
    people: list[Worker]
    clients: list[Client]
    deals: dict[str, Deal]
    sheets: dict[str, Sheet]
    happenings: list[Happening] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    stops: list[datetime] = field(default_factory=list)
    """Further moments at which fast history stops."""

    def sheets_of(self, code: str, weeks: Iterable[int]) -> list[Sheet]:
        wanted = set(weeks)
        return [sheet for sheet in self.sheets.values() if sheet.deal.code == code and sheet.week in wanted]

    def moment(self, week: int, day: int, hour: int, minute: int = 0) -> datetime:
        return self.start + timedelta(weeks=week, days=day, hours=hour, minutes=minute)

    def add(self, at: datetime, kind: str, *args: str) -> None:
        self.happenings.append(Happening(at, kind, args))

    def settle(self) -> None:
        self.happenings.sort()

    def ticks(self) -> list[datetime]:
        """The moments of fast history: one as the scenario begins, then five a week, at last the anchor."""
        moments = [self.start + timedelta(hours=8)]
        moments += [self.moment(week, *tick) for week in range(WEEKS + 1) for tick in TICKS]
        return [*sorted(moment for moment in (*moments, *self.stops) if moment < self.anchor), self.anchor]

    @property
    def last_week(self) -> int:
        """The last week whose timesheets were decided by Monday of the anchor's week."""
        return WEEKS - 1 if self.anchor >= self.moment(WEEKS, 0, 11) else WEEKS - 2


def enlivened(plan: Plan) -> None:
    """Turn the plan's people, deals and sheets into happenings."""
    for deal in plan.deals.values():
        plan.add(deal.won_at, "win", deal.code)
        for name, day in deal.lacks.items():
            if day is not None:
                plan.add(day, "fill", deal.code, name)
        for milestone in deal.milestones:
            done = datetime.combine(milestone.due, datetime.min.time(), plan.start.tzinfo) + timedelta(
                hours=9, minutes=30
            )
            plan.add(done, "milestone", deal.code, milestone.name)
    current = WEEKS
    for sheet in plan.sheets.values():
        if sheet.week == current:
            for worked in sheet.days:
                plan.add(logged_at(worked, plan.start), "log", sheet.key, worked.isoformat())
        plan.add(sheet.submit_at, "submit", sheet.key)
        if sheet.decide_at is not None:
            plan.add(sheet.decide_at, "decide", sheet.key)
    for week in range(1, WEEKS + BEYOND):
        plan.add(plan.moment(week, 3, 18, 30), "bill", str(week))
    _managed(plan)
    for month in _months(plan.start, plan.moment(WEEKS + BEYOND, 0, 0)):
        first = (month.year, month.month) == (plan.start.year, plan.start.month)
        closes = max(closing(month), plan.start + OPEN_AT_FIRST) if first else closing(month)
        plan.add(closes, "close", f"{month:%Y-%m}")
    plan.settle()


def _managed(plan: Plan) -> None:
    """What offices enter by the calendar: rates of months, targets of quarters, holidays of years, weekly estimates and
    leave.
    """
    end = plan.moment(WEEKS + BEYOND, 0, 0)
    for month in months(plan.start.date() + timedelta(days=32), end.date()):
        plan.add(datetime.combine(month, time(6), plan.start.tzinfo), "rates", f"{month:%Y-%m}")
    for quarter in sorted({_quarter(plan.start), _quarter(plan.anchor), _quarter(end)}):
        plan.add(plan.moment(0, 0, 7, 30), "target", quarter)
    for year in sorted({plan.start.year, end.year}):
        plan.add(plan.moment(0, 0, 7, 31), "holidays", str(year))
    for week in range(WEEKS + BEYOND):
        plan.add(plan.moment(week, 0, 8, 20), "absence", str(week))
        plan.add(plan.moment(week, 0, 9, 10), "forecast", str(week))


def _quarter(moment: datetime) -> str:
    """The first day of a moment's quarter."""
    return f"{moment.year}-{(moment.month - 1) // 3 * 3 + 1:02d}-01"


def logged_at(day: date, anywhen: datetime) -> datetime:
    """When people log a day of the current week: at its end, in the zone of the story."""
    return datetime.combine(day, datetime.min.time(), anywhen.tzinfo) + timedelta(hours=17)


def _months(start: datetime, end: datetime) -> list[datetime]:
    month, found = (start.replace(day=1) - timedelta(days=1)).replace(day=1), []
    while closing(month) < end:
        found.append(month)
        month = (month + timedelta(days=32)).replace(day=1)
    return found


def closing(month: datetime) -> datetime:
    """A month closes at 18:00 on the tenth of the next."""
    return (month.replace(day=1) + timedelta(days=32)).replace(day=10, hour=18, minute=0)


def bill_rate(sheet: Sheet) -> Decimal:
    """What an hour of this person bills on this deal; zero where milestones are billed instead."""
    return sheet.deal.rates[sheet.worker.role] if sheet.deal.billable_time else Decimal(0)


def worth(sheet: Sheet, entries: Iterable[Entry]) -> Decimal:
    """The billing value of entries of a sheet, in the deal's currency."""
    return sum((bill_rate(sheet) * entry.minutes / 60 for entry in entries), Decimal(0)).quantize(Decimal("0.01"))
