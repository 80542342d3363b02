"""Rates and circuits of the connected systems, shared by every worker on every machine (S7, E3)."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa

from models.journal import tables
from models.journal.circuits import Circuits
from models.journal.database import wall_now


class Throttle(Circuits):
    """Token buckets by the database's clock (tokens a wall second), circuits and holds in world time."""

    def register(self, systems: list[str]) -> None:
        """Make these systems known, circuit closed and bucket full at their first call."""
        with self._engine.begin() as connection:
            statement = sa.text(
                "insert into throttle (system, tokens, refilled_wall, circuit, failures, updated_at) "
                "values (:system, -1, 0, 'closed', 0, 0) on conflict do nothing"
            )
            if systems:
                connection.execute(statement, [{"system": name} for name in sorted(systems)])

    def take(self, system: str, wanted: int, rate: float, burst: int) -> tuple[int, float]:
        """Up to `wanted` tokens of a system's bucket, and the wall seconds until the next one when none was there."""
        row = tables.throttle
        with self._engine.begin() as connection:
            wall = wall_now(connection)
            query = sa.select(row.c.tokens, row.c.refilled_wall).where(row.c.system == system).with_for_update()
            tokens, refilled = connection.execute(query).one()
            filled = (
                float(burst) if tokens < 0 else min(float(burst), tokens + max(0, wall - refilled) / 1_000_000 * rate)
            )
            taken = min(wanted, int(filled))
            left = filled - taken
            connection.execute(sa.update(row).where(row.c.system == system).values(tokens=left, refilled_wall=wall))
        return taken, 0.0 if taken else (1.0 - left) / rate

    def hold(self, system: str, until: datetime) -> None:
        """Call the system no more before `until` (world time): it said so."""
        row = tables.throttle
        with self._engine.begin() as connection:
            later = sa.or_(row.c.held_until.is_(None), row.c.held_until < until)
            connection.execute(
                sa.update(row)
                .where(row.c.system == system, later)
                .values(held_until=until, updated_at=self._clock.now())
            )

    def fail(self, system: str, reason: str, limit: int, seconds: float) -> bool:
        """Count a failed call; True when it opened the circuit (`limit` failures in a row, or a failed probe)."""
        now, row = self._clock.now(), tables.throttle
        with self._engine.begin() as connection:
            query = sa.select(row.c.circuit, row.c.failures).where(row.c.system == system).with_for_update()
            state, failures = connection.execute(query).one()
            opens: bool = state == "half_open" or (state == "closed" and failures + 1 >= limit)
            values: dict[str, object] = {"failures": failures + 1, "reason": reason, "updated_at": now}
            if opens:
                values |= {"circuit": "open", "probe_at": now + timedelta(seconds=seconds)}
            connection.execute(sa.update(row).where(row.c.system == system).values(**values))
        return opens

    def probe(self, system: str, seconds: float) -> bool:
        """Whether the caller may try an open circuit: one probe at a time, the next one `seconds` later at the
        earliest.
        """
        now, row = self._clock.now(), tables.throttle
        due = sa.and_(row.c.circuit.in_(("open", "half_open")), row.c.probe_at <= now)
        with self._engine.begin() as connection:
            changed = connection.execute(
                sa.update(row)
                .where(row.c.system == system, due)
                .values(circuit="half_open", probe_at=now + timedelta(seconds=seconds), updated_at=now)
            )
            return bool(changed.rowcount > 0)

    def succeed(self, system: str) -> bool:
        """A call was answered: the circuit closes; True when it was not closed."""
        row = tables.throttle
        with self._engine.begin() as connection:
            values = {
                "circuit": "closed",
                "failures": 0,
                "probe_at": None,
                "reason": None,
                "updated_at": self._clock.now(),
            }
            was = connection.scalar(sa.select(row.c.circuit).where(row.c.system == system).with_for_update())
            connection.execute(sa.update(row).where(row.c.system == system).values(**values))
        return bool(was != "closed")
