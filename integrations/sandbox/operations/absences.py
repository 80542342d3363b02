"""What people and HR enter of days on which nobody works: holidays of each company, and time off."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from integrations.sandbox.vendors.workday.emulator import Workday
from integrations.sandbox.world.firm import ENTITIES
from integrations.sandbox.world.plan import Plan
from integrations.sandbox.world.timesheets import Sheet

FIXED = {
    "DE": {(1, 1): "New Year", (5, 1): "Labour Day", (10, 3): "Unity Day", (12, 25): "Christmas", (12, 26): "Boxing"},
    "GB": {(1, 1): "New Year", (12, 25): "Christmas", (12, 26): "Boxing Day"},
    "US": {(1, 1): "New Year", (7, 4): "Independence Day", (11, 11): "Veterans Day", (12, 25): "Christmas"},
}
MOVING = {"GB": {(8, -1, 0): "Summer Bank Holiday"}, "US": {(9, 1, 0): "Labor Day", (11, 4, 3): "Thanksgiving"}}
"""Month, which one in it (−1: the last) and weekday -> the holiday on it."""
KINDS = ("Vacation", "Vacation", "Sick leave")


class Absences:
    """Operations in Workday; each answers whether it could be done now."""

    def __init__(self, hcm: Workday, plan: Plan) -> None:
        self._hcm, self._plan = hcm, plan

    def holidays(self, at: datetime, year: str) -> bool:
        """The public holidays of a year, as each company's calendar has them."""
        for entity in ENTITIES:
            for day, name in sorted(holidays_of(entity.country, int(year)).items()):
                self._hcm.enter("holidays", f"{entity.id}-{day}", {"Company": entity.id, "Date": day, "Holiday": name})
        return True

    def absence(self, at: datetime, week: str) -> bool:
        """Time off in a week: the days of it that somebody who has a timesheet did not work."""
        for sheet in self._plan.sheets.values():
            if sheet.week == int(week):
                for number, day in enumerate(self._days_off(sheet)):
                    worker = sheet.worker
                    kind = KINDS[(int(worker.number[2:]) + number) % len(KINDS)]
                    fields = {"Employee_ID": worker.number, "Company": worker.entity.id, "Date": day.isoformat()}
                    hours = str(worker.weekly_hours // 5)
                    key = f"{worker.number}-{day.isoformat()}"
                    self._hcm.enter("time_off", key, {**fields, "Units": hours, "Time_Off_Type": kind})
        return True

    def _days_off(self, sheet: Sheet) -> list[date]:
        monday = (self._plan.start + timedelta(weeks=sheet.week)).date()
        week = [monday + timedelta(days=day) for day in range(5)]
        closed = holidays_of(sheet.worker.entity.country, monday.year)
        return [day for day in week if day not in sheet.days and day.isoformat() not in closed]


def holidays_of(country: str, year: int) -> dict[str, str]:
    """The public holidays of a country by ISO date."""
    fixed = {date(year, *day).isoformat(): name for day, name in FIXED[country].items()}
    moving = {_nth(year, *place).isoformat(): name for place, name in MOVING.get(country, {}).items()}
    return fixed | moving


def _nth(year: int, month: int, place: int, weekday: int) -> date:
    first = date(year, month, 1)
    days = [first + timedelta(days=day) for day in range(31) if (first + timedelta(days=day)).month == month]
    wanted = [day for day in days if day.weekday() == weekday]
    return wanted[place if place < 0 else place - 1]
