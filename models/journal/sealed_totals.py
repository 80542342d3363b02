"""Each day's control totals as records of the audit lake: what balanced then, and what was restated since (X12). A day
is a company's, and so are the totals that are sealed at its end (M7).

A total is sealed when it first appears and whenever it has changed since; the last version of each is kept here, so
that a day costs what changed. A total that changes although its period had ended by the last sealed day is *restated*:
the record says what it was, what it is, and what is apart in it, and the older record stays where it is. A day that
passed while no collector ran is *unwatched*: nobody can tell what stood at its end, and its record says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import orjson
import sqlalchemy as sa

from models.domain.clock import Clock
from models.domain.record import Record, RecordKind
from models.journal import tables
from models.journal.database import reading
from models.journal.feed import Feed
from models.journal.writing import writing

GROUP = ("flow", "source", "target", "entity", "legal_entity", "currency", "period")
Total = Mapping[str, Any]
Companies = Callable[[str | None], str]
"""By whose days totals of a legal entity are sealed."""


def _of_all(_: str | None) -> str:
    return ""


class SealedTotals:
    """Days of a company are sealed once each, whoever asks, and never again."""

    def __init__(self, engine: sa.Engine, clock: Clock, feed: Feed) -> None:
        self._engine, self._clock, self._feed = engine, clock, feed

    def last_day(self, company: str = "") -> date | None:
        """The last day of a company that was sealed, else the last one of all; None before the first."""
        with reading(self._engine) as connection:
            found = _last(connection, company)
        return date.fromisoformat(found) if found else None

    def seal(self, day: date, totals: Sequence[Total], company: str = "", companies: Companies = _of_all) -> int:
        """Seal of these control totals those of `company` as they stood at the end of its day; how many records that
        made, 0 where the day is sealed.
        """
        with writing(self._engine) as connection:
            last = _last(connection, company)
            if not self._first(connection, day, company):
                return 0
            missed = [one for one in _between(last, day) if self._first(connection, one, company)]
            known = connection.execute(sa.select(tables.sealed_total))
            before = {row.total: row.body for row in known if companies(row.body["legal_entity"]) == company}
            now = {_name(total): _plain(total) for total in totals if companies(total["legal_entity"]) == company}
            gone = {name: {**body, **_zeros(body), "apart": None} for name, body in before.items() if name not in now}
            changed = [(name, body) for name, body in {**now, **gone}.items() if _figures(body) != _was(before, name)]
            records = [self._record(day, body, before.get(name), last or "") for name, body in changed]
            self._kept(connection, day, changed)
            days = [*(self._unwatched(one, company) for one in missed), self._day(day, company, len(now), records)]
            self._feed.append(connection, [*days, *records])
            return len(days) + len(records)

    def _first(self, connection: sa.Connection, day: date, company: str) -> bool:
        at, named = tables.sealed_day, {"legal_entity": company, "day": day.isoformat()}
        known = sa.select(at.c.day).where(at.c.legal_entity == company, at.c.day == day.isoformat())
        if connection.scalar(known):
            return False
        connection.execute(at.insert().values(**named, sealed_at=self._clock.now()))
        return True

    def _kept(self, connection: sa.Connection, day: date, changed: Sequence[tuple[str, Total]]) -> None:
        at = tables.sealed_total
        if names := [name for name, _ in changed]:
            connection.execute(sa.delete(at).where(at.c.total.in_(names)))
            rows = [{"total": name, "day": day.isoformat(), "body": body} for name, body in changed]
            connection.execute(sa.insert(at), rows)

    def _day(self, day: date, company: str, totals: int, records: Sequence[Record]) -> Record:
        """What says that the day was sealed, also where nothing had changed."""
        restated = sum(record.status == "restated" for record in records)
        body = {"day": day, "totals": totals, "changed": len(records), "restated": restated}
        return self._of(day, status="sealed", entity="day", legal_entity=company or None, body=body)

    def _unwatched(self, day: date, company: str) -> Record:
        body = {"day": day, "reason": "no collector ran"}
        return self._of(day, status="unwatched", entity="day", legal_entity=company or None, body=body)

    def _record(self, day: date, body: Total, before: Total | None, last: str) -> Record:
        over = bool(body["period"]) and _over(body, last)
        was = _figures(before or _zeros(body))
        changes = ", ".join(_changes(was, _figures(body)))
        apart = f"; apart: {body['apart']}" if body.get("apart") else ""
        return self._of(
            day,
            status="restated" if over else "sealed",
            flow=body["flow"],
            system=body["target"],
            entity=body["entity"],
            legal_entity=body["legal_entity"],
            amount=Decimal(body["source_amount"]),
            currency=body["currency"],
            body={"day": day, **body, "before": was, "reason": f"{changes}{apart}" if over else None},
        )

    def _of(self, day: date, **columns: Any) -> Record:
        return Record(RecordKind.TOTALS, self._clock.now(), business_key=f"totals:{day}", **columns)


def _last(connection: sa.Connection, company: str) -> str | None:
    """What was sealed before days were a company's is of all of them."""
    at = tables.sealed_day
    days = {
        row.legal_entity: row.day
        for row in connection.execute(
            sa.select(at.c.legal_entity, sa.func.max(at.c.day).label("day"))
            .where(at.c.legal_entity.in_(("", company)))
            .group_by(at.c.legal_entity)
        )
    }
    return days.get(company) or days.get("")


def _between(last: str | None, day: date) -> Iterator[date]:
    """The days after the last sealed one and before this one; none before the first."""
    one = date.fromisoformat(last) + timedelta(days=1) if last else day
    while one < day:
        yield one
        one += timedelta(days=1)


def _name(total: Total) -> str:
    return orjson.dumps([total[name] for name in GROUP]).decode()


def _over(body: Total, last: str) -> bool:
    """Whether the period of a total had ended by the last sealed day: a month, or where its books say so."""
    ends = body.get("period_ends")
    return bool(last) and (last > ends if ends else last[:7] > body["period"])


def _plain(total: Total) -> dict[str, Any]:
    """Amounts and days as text, as they are kept."""
    return {
        name: str(value) if name.endswith("_amount") or isinstance(value, date) else value
        for name, value in total.items()
    }


def _figures(body: Total) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name.endswith(("_count", "_amount"))}


def _was(before: Mapping[str, Total], name: str) -> Total | None:
    return _figures(before[name]) if name in before else None


def _zeros(body: Total) -> dict[str, Any]:
    return {name: "0.00" if name.endswith("_amount") else 0 for name in _figures(body)}


def _changes(was: Total, figures: Total) -> Iterator[str]:
    for name, value in figures.items():
        if was.get(name) != value:
            yield f"{name} {was.get(name)} → {value}"
