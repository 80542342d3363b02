"""Leases of jobs: one runner of a job at a time across processes and machines (E9), by the database's clock."""

from __future__ import annotations

import sqlalchemy as sa

from models.domain.clock import Clock
from models.journal import tables
from models.journal.database import wall_now


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
            mine = sa.or_(lease.c.owner == owner, lease.c.until_wall < wall)
            if connection.execute(
                sa.update(lease).where(lease.c.name == name, mine).values(owner=owner, until_wall=until)
            ).rowcount:
                return True
            fresh = sa.text(
                "insert into lease (name, owner, until_wall) values (:name, :owner, :until) on conflict do nothing"
            )
            return bool(connection.execute(fresh, {"name": name, "owner": owner, "until": until}).rowcount)

    def release(self, name: str, owner: str) -> None:
        """Give the lease back, if it is still this owner's."""
        with self._engine.begin() as connection:
            connection.execute(
                sa.delete(tables.lease).where(tables.lease.c.name == name, tables.lease.c.owner == owner)
            )
