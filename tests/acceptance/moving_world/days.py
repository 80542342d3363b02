"""What an amount is worth in euros on its day, and to which period of its company that day belongs: told from the raw
exchange rates and by plain arithmetic; nothing of the product is imported here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from tests.acceptance.moving_world.oracle import Raw, cents

HOME = "EUR"
ZONES = {"NOV-DE": "Europe/Berlin", "NOV-UK": "Europe/London"}
WEEKS = (4, 4, 5) * 4
"""Of the periods of a year in the books of the company in London; each year ends on the last Saturday of December."""


def period_of(company: str | None, day: str) -> str:
    """The accounting period of a day: a month, or in London one of so many weeks."""
    if company != "NOV-UK":
        return day[:7]
    at = date.fromisoformat(day)
    year = at.year + (at > _ends(at.year))
    begins, number = _ends(year - 1) + timedelta(days=1), 1
    for weeks in WEEKS[:-1]:
        if at < begins + timedelta(weeks=weeks):
            break
        begins, number = begins + timedelta(weeks=weeks), number + 1
    return f"{year}-{number:02d}"


def _ends(year: int) -> date:
    last = date(year, 12, 31)
    return last - timedelta(days=(last.weekday() - 5) % 7)


def day_of(moment: str, company: str | None) -> str:
    """The day on which something happened where its company is."""
    return datetime.fromisoformat(moment).astimezone(ZoneInfo(ZONES.get(company or "", "UTC"))).date().isoformat()


class Rates:
    """The ERP's exchange rates as they stand, and which of its months are closed, each since when."""

    def __init__(self, rates: Iterable[Raw], periods: Mapping[str, Raw]) -> None:
        self._rates: dict[str, dict[str, tuple[int, Decimal]]] = defaultdict(dict)
        for row in rates:
            entered = int(row["id"]), Decimal(str(row["exchangeRate"]))
            at = self._rates[str(row["transactionCurrency"])]
            at[str(row["effectiveDate"])[:10]] = max(at.get(str(row["effectiveDate"])[:10], entered), entered)
        self._periods = periods

    @property
    def currencies(self) -> frozenset[str]:
        """Those that have a rate of some day."""
        return frozenset(self._rates)

    def closing(self, day: str) -> str | None:
        """Since when the month of a day is closed; None while it is open."""
        row = self._periods.get(day[:7]) or {}
        return str(row["lastModifiedDate"]) if row.get("closed") else None

    def worth(self, amount: Decimal, currency: str | None, day: str) -> Decimal | None:
        """In euros, at the rate of the day: the last one entered until then, before the first one that one."""
        if currency == HOME:
            return amount
        known = self._rates.get(currency or "")
        if not known:
            return None
        held = max((since for since in known if since <= day), default=min(known))
        return cents(amount * known[held][1])
