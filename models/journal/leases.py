"""Leases of jobs: one runner of a job at a time across processes and machines (E9), by the database's clock."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import sqlalchemy as sa

from models.action_log import action
from models.domain.clock import Clock
from models.journal import tables
from models.journal.database import wall_now

_LOG = logging.getLogger("tieout.journal")
_FRESH = sa.text("insert into lease (name, owner, until_wall) values (:name, :owner, :until) on conflict do nothing")


class Leases:
    """A lease that is not renewed ends by itself, so a runner that died is replaced."""

    def __init__(self, engine: sa.Engine, clock: Clock) -> None:
        self._engine, self._clock = engine, clock

    def hold(self, name: str, owner: str, seconds: float) -> bool:
        """Take or renew the lease for so many wall seconds; False while another owner has it."""
        lease = tables.lease
        with self._engine.begin() as connection:
            wall = wall_now(connection)
            until = wall + int(seconds * 1_000_000)
            renewed = sa.update(lease).where(lease.c.name == name).values(owner=owner, until_wall=until)
            if connection.execute(renewed.where(lease.c.owner == owner)).rowcount:
                return True
            taken = connection.execute(renewed.where(lease.c.until_wall < wall)).rowcount
            if not taken:
                values = {"name": name, "owner": owner, "until": until}
                taken = connection.execute(_FRESH, values).rowcount
        if taken:
            action(_LOG, logging.INFO, "lease.taken", lease=name, owner=owner)
        return bool(taken)

    def turn(self, name: str, owner: str, seconds: float, every: float) -> bool:
        """Take or renew the lease and begin a turn; False while another owner has it, or where anybody began the last
        turn less than `every` wall seconds ago. So a job that rests longer than a lease lasts has one turn an interval
        among all owners.
        """
        if not self.hold(name, owner, seconds):
            return False
        lease = tables.lease
        with self._engine.begin() as connection:
            wall = wall_now(connection)
            due = sa.or_(lease.c.turn_wall.is_(None), lease.c.turn_wall <= wall - int(every * 1_000_000))
            mine = sa.and_(lease.c.name == name, lease.c.owner == owner, due)
            return bool(connection.execute(sa.update(lease).where(mine).values(turn_wall=wall)).rowcount)

    def end(self, owners: Sequence[str]) -> int:
        """End all leases of owners that are known to be no more; how many."""
        lease = tables.lease
        theirs = sa.and_(lease.c.owner.in_(owners), lease.c.until_wall > 0)
        with self._engine.begin() as connection:
            return int(connection.execute(sa.update(lease).where(theirs).values(until_wall=0)).rowcount)

    def release(self, name: str, owner: str) -> None:
        """Give the lease back, if it is still this owner's."""
        with self._engine.begin() as connection:
            mine = sa.and_(tables.lease.c.name == name, tables.lease.c.owner == owner)
            released = connection.execute(sa.update(tables.lease).where(mine).values(until_wall=0)).rowcount
        if released:
            action(_LOG, logging.INFO, "lease.released", lease=name, owner=owner)
