"""The outbox of alerts (X10): what each audience has been told, and what is on its way by which road.

Who holds the lease decides and sends: what it decides is refused once another holds it. What is sent is marked after
it was sent, so an alert may arrive twice, by the same id. Times are the database's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import sqlalchemy as sa

from models.domain.alert import DEAD, DELIVERED, PENDING, Alert, Delivery, Opening
from models.domain.audience import Audience
from models.domain.clock import Clock
from models.journal.cases.filter import CaseFilter
from models.journal.cases.reading import CaseReading
from models.journal.cases.tables import case_, case_event
from models.journal.database import reading, wall_now
from models.journal.leases import Leases
from models.journal.metadata import instant, micros
from models.journal.tables import alert, alert_told, lease

LEASE = "alerts"
KEPT = timedelta(days=30)
"""How long delivered and dead alerts can be looked at, and what was told is remembered."""
_TELL = sa.text(
    "insert into alert_told (audience, topic, episode, told_wall) values (:audience, :topic, :episode, :told_wall) "
    "on conflict (audience, topic) do update set episode = excluded.episode, told_wall = excluded.told_wall"
)
_COLUMNS = tuple(
    alert.c[name]
    for name in (
        "alert_id",
        "audience",
        "road",
        "state",
        "made_wall",
        "attempts",
        "tried_wall",
        "next_wall",
        "fault",
        "kind",
        "body",
    )
)


class AlertReading:
    """The outbox, to look at."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def recent(self, limit: int = 50, offset: int = 0) -> list[Delivery]:
        """Alerts and how each fares on its road, the newest first."""
        query = sa.select(*_COLUMNS).order_by(alert.c.made_wall.desc(), alert.c.alert_id).limit(limit).offset(offset)
        with reading(self._engine) as connection:
            return [_delivery(row) for row in connection.execute(query)]

    def count(self) -> int:
        """How many `recent` pages through."""
        with reading(self._engine) as connection:
            return connection.scalar(sa.select(sa.func.count()).select_from(alert)) or 0

    def get(self, alert_ids: Iterable[str]) -> list[Delivery]:
        """These alerts."""
        with reading(self._engine) as connection:
            query = sa.select(*_COLUMNS).where(alert.c.alert_id.in_(list(alert_ids)))
            return [_delivery(row) for row in connection.execute(query)]

    def failing(self) -> dict[str, str]:
        """Each road whose last attempt failed, unless that was an alert's first, with why."""
        last = sa.select(alert.c.road, sa.func.max(alert.c.tried_wall).label("at")).group_by(alert.c.road).subquery()
        query = (
            sa.select(alert.c.road, alert.c.fault)
            .join(last, sa.and_(last.c.road == alert.c.road, last.c.at == alert.c.tried_wall))
            .where(alert.c.fault.is_not(None), alert.c.attempts > 1)
            .order_by(alert.c.road)
        )
        with reading(self._engine) as connection:
            return {road: fault for road, fault in connection.execute(query)}


class Alerts(AlertReading):
    """The outbox, for whoever decides what is told and sends it."""

    def __init__(self, engine: sa.Engine, clock: Clock) -> None:
        super().__init__(engine)
        self._leases, self._cases = Leases(engine, clock), CaseReading(engine, clock)

    def hold(self, owner: str, seconds: float) -> bool:
        """Whether this owner is the one that decides and sends, from now for so many wall seconds."""
        return self._leases.hold(LEASE, owner, seconds)

    def release(self, owner: str) -> None:
        """Let another go on."""
        self._leases.release(LEASE, owner)

    def now(self) -> datetime:
        """The database's wall time."""
        with reading(self._engine) as connection:
            return instant(wall_now(connection))

    def newest_event(self) -> int:
        """A number that grows with everything that happens to cases."""
        with reading(self._engine) as connection:
            return connection.scalar(sa.select(sa.func.max(case_event.c.event_id))) or 0

    def untold(self, audience: Audience, now: datetime) -> list[Opening]:
        """The cases of which an audience is to be told, the gravest first: those that opened since it was told of them,
        and of which it was told nothing within its period.
        """
        return self._cases.openings(_filter(audience, now - audience.period))

    def cases(self, opened: Sequence[Opening]) -> Sequence[Mapping[str, Any]]:
        """These cases in full."""
        return self._cases.some([one.case_id for one in opened])

    def standing(self, audience: Audience, limit: int) -> tuple[Sequence[Mapping[str, Any]], int, Mapping[str, Any]]:
        """What stands of an audience's cases, the gravest first, how many there are, and their money by kind."""
        where = _filter(audience)
        page = self._cases.page(where, "severity", limit)
        money: dict[str, Any] = {}
        for group in self._cases.groups(where):
            money[group.money_kind] = money.get(group.money_kind, 0) + group.amount_reporting
        return page.rows, page.total, money

    def told(self, audience: str, topics: Iterable[str]) -> dict[str, datetime]:
        """When an audience was told of these topics last."""
        row = alert_told.c
        query = sa.select(row.topic, row.told_wall).where(row.audience == audience, row.topic.in_(list(topics)))
        with reading(self._engine) as connection:
            return {topic: at for topic, at in connection.execute(query)}

    def rings(self, audience: str, since: datetime) -> int:
        """How often an audience was told of cases after that moment."""
        of = sa.and_(alert.c.audience == audience, alert.c.kind == "case", alert.c.made_wall > since)
        query = sa.select(sa.func.count(alert.c.ring.distinct())).where(of)
        with reading(self._engine) as connection:
            return connection.scalar(query) or 0

    def put(
        self,
        audience: Audience,
        what: Alert,
        topics: Mapping[str, datetime | None],
        owner: str | None = None,
    ) -> list[str]:
        """Put an alert on each road of an audience and remember what it is told by it: topics, a case with the moment
        it opened. The ids are given back; none, and nothing is done, where the owner's lease has passed on.
        """
        with self._engine.begin() as connection:
            wall = instant(wall_now(connection))
            if owner is not None and not _holds(connection, owner, wall):
                return []
            ring = uuid4().hex
            rows = [_row(what, audience.name, road, ring, wall) for road in audience.roads]
            if rows:
                connection.execute(sa.insert(alert), rows)
            about = {"audience": audience.name, "told_wall": micros(wall)}
            if known := [{**about, "topic": name, "episode": at and micros(at)} for name, at in topics.items()]:
                connection.execute(_TELL, known)
        return [row["alert_id"] for row in rows]

    def due(self, limit: int = 50) -> list[Delivery]:
        """What is to be sent now: of lost pulses first, then the oldest first."""
        first = sa.case((alert.c.kind == "pulse", 0), else_=1)
        with reading(self._engine) as connection:
            ready = sa.and_(alert.c.state == PENDING, alert.c.next_wall <= instant(wall_now(connection)))
            query = sa.select(*_COLUMNS).where(ready).order_by(first, alert.c.made_wall, alert.c.alert_id).limit(limit)
            return [_delivery(row) for row in connection.execute(query)]

    def delivered(self, alert_id: str) -> None:
        """Its receiver has it."""
        self._tried(alert_id, {"state": DELIVERED, "fault": None})

    def failed(self, alert_id: str, why: str, again_in: timedelta) -> None:
        """It could not be delivered; it is tried again after that time."""
        self._tried(alert_id, {"fault": why}, again_in)

    def gave_up(self, alert_id: str, why: str) -> None:
        """It could not be delivered in time, and is tried no more."""
        self._tried(alert_id, {"state": DEAD, "fault": why})

    def postpone(self, road: str, by: timedelta) -> None:
        """Try nothing on this road for that time."""
        with self._engine.begin() as connection:
            until = instant(wall_now(connection)) + by
            waiting = sa.and_(alert.c.road == road, alert.c.state == PENDING, alert.c.next_wall < until)
            connection.execute(sa.update(alert).where(waiting).values(next_wall=until))

    def tidy(self) -> None:
        """Forget what is over for long."""
        with self._engine.begin() as connection:
            before = instant(wall_now(connection)) - KEPT
            connection.execute(sa.delete(alert).where(alert.c.state != PENDING, alert.c.made_wall < before))
            open_still = sa.exists().where(case_.c.case_id == alert_told.c.topic, case_.c.active == 1)
            connection.execute(sa.delete(alert_told).where(alert_told.c.told_wall < before, ~open_still))

    def _tried(self, alert_id: str, values: Mapping[str, Any], again_in: timedelta = timedelta(0)) -> None:
        with self._engine.begin() as connection:
            wall = instant(wall_now(connection))
            told = {"tried_wall": wall, "next_wall": wall + again_in, "attempts": alert.c.attempts + 1, **values}
            connection.execute(sa.update(alert).where(alert.c.alert_id == alert_id).values(told))


def _filter(audience: Audience, since: datetime | None = None) -> CaseFilter:
    return CaseFilter(
        severities=() if audience.severity == "low" else audience.severities,
        flows=audience.flows,
        causes=audience.causes,
        money_kinds=audience.money_kinds,
        at_least=audience.at_least,
        legal_entities=audience.legal_entities,
        owners=audience.owners,
        untold=None if since is None else (audience.name, since),
    )


def _holds(connection: sa.Connection, owner: str, wall: datetime) -> bool:
    """Whether the lease is this owner's, and stays so until the transaction ends."""
    mine = sa.and_(lease.c.name == LEASE, lease.c.owner == owner, lease.c.until_wall > micros(wall))
    return connection.scalar(sa.select(lease.c.name).where(mine).with_for_update()) is not None


def _row(what: Alert, audience: str, road: str, ring: str, wall: datetime) -> dict[str, Any]:
    return {
        "alert_id": f"alert_{uuid4().hex}",
        "ring": ring,
        "kind": what.kind,
        "audience": audience,
        "road": road,
        "body": {"title": what.title, "text": what.text, "data": what.data},
        "state": PENDING,
        "made_wall": wall,
        "next_wall": wall,
        "attempts": 0,
    }


def _delivery(row: sa.Row[Any]) -> Delivery:
    *way, kind, body = tuple(row)
    alert_id, audience, road, state, made, attempts, tried, again, fault = way
    what = Alert(kind, body["title"], body["text"], body["data"])
    return Delivery(alert_id, audience, road, state, made, attempts, tried, again, fault, what)
