"""What the books hold of each project by accounting period: statements, summed from postings, invoices and credit
memos.

By the clock every open period is stated again, and of the closed ones those that something was booked in since; in
between, at once, each period that finance closed or opened. A statement that says the same as before is the same
event, so that it starts nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from integrations.connectors.digest import digest
from integrations.connectors.netsuite.events import Raw, row_of
from integrations.connectors.watermark import millis
from integrations.contracts.connector import Observation, Page
from models.canonical.actuals import Actual
from models.canonical.events import CloudEvent, dataschema
from models.domain.errors import Misconfigured, TieoutError, Unmappable
from models.domain.keys import business_key
from models.domain.money import CENT, Money
from models.domain.statements import statement_of

STREAM = "actuals"
SUMMED = ("time_entry", "expense", "invoice", "credit_memo")
VOID = frozenset({"void", "draft"})
TAX = "tax"
Key = tuple[str, str, str]
"""Project, legal entity, currency."""
Booked = tuple[Observation, str]
"""A record, and which version of it: a figure that goes and comes back is two changes."""
Asked = Callable[[str, str], Iterator[Booked]]
"""The records of an entity under a condition."""
Touched = Callable[[str, datetime | None], Iterator[date]]
"""The days of which something of an entity was booked or changed since a moment; None: ever."""


@dataclass(frozen=True, slots=True)
class Period:
    """An accounting period; `told` changes whenever it is closed or opened."""

    id: str
    name: str
    first: date
    last: date
    closed: bool
    told: str
    changed: datetime

    @classmethod
    def of(cls, raw: Raw) -> Period:
        row = row_of(raw)
        closed, changed = bool(row.opt_flag("closed")), row.instant("lastmodifieddate")
        told = f"{'closed' if closed else 'open'}@{changed.isoformat()}"
        name = row.opt_text("periodname") or row.text("id")
        return cls(row.text("id"), name, row.day("startdate"), row.day("enddate"), closed, told, changed)


@dataclass(frozen=True, slots=True)
class Place:
    """How far the stream was read: the last reading by the clock, how each period was told, and which are still due."""

    swept: datetime | None = None
    told: Mapping[str, str] = field(default_factory=dict)
    left: Sequence[str] = ()

    @classmethod
    def parse(cls, text: str | None) -> Place:
        """Raises Misconfigured for what `text()` did not write."""
        if not text:
            return cls()
        try:
            body = json.loads(text)
            swept = datetime.fromisoformat(body["swept"]) if body["swept"] else None
            return cls(swept, dict(body["told"]), list(body["left"]))
        except (ValueError, KeyError, TypeError) as error:
            raise Misconfigured(
                f"the cursor {text[:80]!r} is unreadable ({error}): reset the stream's cursor to begin again"
            ) from error

    def text(self) -> str:
        swept = self.swept.isoformat() if self.swept else None
        return json.dumps({"swept": swept, "told": self.told, "left": list(self.left)}, separators=(",", ":"))


@dataclass(slots=True)
class Sums:
    """One project in one period, company and currency."""

    cost: Decimal = Decimal(0)
    revenue: Decimal = Decimal(0)
    billed: Decimal = Decimal(0)
    hours: Decimal = Decimal(0)
    records: list[str] = field(default_factory=list)
    """Which versions of which records were summed."""


class Actuals:
    """The stream. A page is one period; `every` is the time between two readings by the clock."""

    def __init__(
        self, system: str, every: timedelta, periods: Callable[[], Sequence[Raw]], asked: Asked, touched: Touched
    ) -> None:
        self._system, self._every = system, every
        self._periods, self._asked, self._touched = periods, asked, touched

    def poll(self, cursor: str | None, now: datetime) -> Page:
        place, periods = Place.parse(cursor), [Period.of(raw) for raw in self._periods()]
        rejected: list[tuple[str, Mapping[str, Any], Exception]] = []
        if not place.left:
            place = self._due(place, periods, now, rejected)
        known = {one.id: one for one in periods}
        here, left = (known.get(place.left[0]), place.left[1:]) if place.left else (None, ())
        events: list[CloudEvent] = []
        seen = [f"day:{one.first:%Y-%m}" for one in periods]
        if here is not None:
            try:
                events = list(self._stated(here, now))
                seen.append(f"period:{here.id}")
            except TieoutError as error:
                rejected.append((f"period:{here.id}", {"period": here.name}, error))
        return Page(events, replace(place, left=left).text(), bool(left), rejected, seen)

    def _due(
        self,
        place: Place,
        periods: Sequence[Period],
        now: datetime,
        rejected: list[tuple[str, Mapping[str, Any], Exception]],
    ) -> Place:
        """The place with the periods that are to be stated now."""
        begun = [one for one in periods if one.first <= now.date()]
        due = {one.id for one in begun if place.told.get(one.id) not in (None, one.told)}
        swept = place.swept
        if swept is None or now - swept >= self._every:
            days = sorted({day for entity in SUMMED for day in self._touched(entity, swept)})
            for day in days:
                found = next((one for one in periods if one.first <= day <= one.last), None)
                if found:
                    due.add(found.id)
                else:
                    rejected.append((f"day:{day:%Y-%m}", {"day": day.isoformat()}, _periodless(self._system, day)))
            due |= {one.id for one in begun if not one.closed}
            swept = now
        order = [one.id for one in sorted(begun, key=lambda one: one.first) if one.id in due]
        return Place(swept, {one.id: one.told for one in periods}, order)

    def _stated(self, period: Period, now: datetime) -> Iterator[CloudEvent]:
        for (project, entity, currency), sums in sorted(self._summed(period).items()):
            yield self._event(period, project, entity, currency, sums, now)

    def _summed(self, period: Period) -> dict[Key, Sums]:
        """Raises Unmappable for a record that cannot be read: a sum that lacks it is never stated."""
        within = f"trandate >= '{period.first}' AND trandate <= '{period.last}'"
        found: dict[Key, Sums] = {}
        for entity in SUMMED:
            for one, version in self._asked(entity, within):
                if "unreadable" in one.fields:
                    where = f"{entity} {one.system_id}"
                    raise Unmappable(
                        f"{where} cannot be read ({one.fields['error']}), so nothing is stated of {period.name}",
                        str(one.fields["unreadable"]),
                        code="bad-row",
                    )
                _add(found, entity, one, version)
        return found

    def _event(self, period: Period, project: str, entity: str, currency: str, sums: Sums, now: datetime) -> CloudEvent:
        stated = Actual(
            project_code=project,
            legal_entity_id=entity,
            period=period.name,
            period_starts_on=period.first,
            period_ends_on=period.last,
            period_closed=period.closed,
            currency=currency,
            cost=Money(amount=sums.cost, currency=currency),
            revenue=Money(amount=sums.revenue, currency=currency),
            billed=Money(amount=sums.billed, currency=currency),
            hours=sums.hours,
            stated_at=now,
        )
        key = statement_of(period.first.isoformat(), currency, entity, project)
        said = [stated.model_dump(mode="json", exclude={"stated_at"}), period.told, sorted(sums.records)]
        return CloudEvent(
            id=f"{self._system}:actual:{key}:{digest(said)}",
            source=self._system,
            type="tieout.actual.stated",
            subject=business_key(Actual.entity, key),
            time=now,
            dataschema=dataschema(Actual.entity),
            data=stated.model_dump(mode="json"),
            sourceversion=millis(now),
            legalentity=entity,
        )


def _add(found: dict[Key, Sums], entity: str, one: Observation, version: str) -> None:
    """Put what one record says where it belongs; without a project it is no project's."""
    fields = one.fields
    project, company = fields.get("project_code"), one.legal_entity
    if not project or not company:
        return
    for measure, amount, currency, hours in _said(entity, fields):
        sums = found.setdefault((str(project), company, currency), Sums())
        setattr(sums, measure, getattr(sums, measure) + amount)
        sums.hours += hours
        if version not in sums.records[-1:]:
            sums.records.append(version)


def _said(entity: str, fields: Mapping[str, Any]) -> Iterator[tuple[str, Decimal, str, Decimal]]:
    """Measure, amount, currency, and the hours that go with it: those of an hour stand with its cost, where it has
    one.
    """
    none = Decimal(0)
    if entity in ("invoice", "credit_memo"):
        sign = 1 if entity == "invoice" else -1
        lines = [] if fields["status"] in VOID else [line for line in fields["lines"] if line.get("kind") != TAX]
        for line in lines:
            if line.get("amount"):
                yield "billed", sign * _amount(line["amount"]), line["amount"]["currency"], none
        return
    hours = Decimal(fields.get("hours") or 0)
    untold = hours
    rates = {"cost": fields.get("cost_rate"), "revenue": fields.get("bill_rate")}
    if entity == "expense":
        rates = dict.fromkeys(rates, fields.get("amount"))
    for measure, rate in rates.items():
        if rate and (measure == "cost" or fields["billable"]):
            whole = _amount(rate) if entity == "expense" else _times(hours, rate)
            yield measure, whole, rate["currency"], untold
            untold = none


def _amount(money: Mapping[str, Any]) -> Decimal:
    return Decimal(money["amount"]).quantize(CENT, ROUND_HALF_EVEN)


def _times(hours: Decimal, rate: Mapping[str, Any]) -> Decimal:
    return (hours * Decimal(rate["amount"])).quantize(CENT, ROUND_HALF_EVEN)


def _periodless(system: str, day: date) -> TieoutError:
    return Unmappable(
        f"{system} has bookings on {day} and no accounting period that holds it: set the period up there",
        "trandate",
        code="period-unknown",
    )
