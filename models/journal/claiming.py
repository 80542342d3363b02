"""Claims: a page of due runs under lease, fair over lanes, with a suspect kept away from the others."""

from __future__ import annotations

import json
from datetime import datetime

import sqlalchemy as sa

from models.journal.admitting import SQL
from models.journal.metadata import micros
from models.journal.run import Run, run_of
from models.journal.statements import statements

CRASHES = 3
"""Claims that ended with a dead worker after which a run goes to the dead letters untried."""
_SUSPECT_PAGE = 25


def claim(connection: sa.Connection, owner: str, limit: int, until: int, now: datetime) -> list[Run]:
    """Lease up to `limit` due runs until `until` (wall microseconds), round-robin over lanes, each lane in order.

    A run whose worker died is claimed in a small page, the second time alone: one that kills its worker
    takes the others down once or twice, not for ever.
    """
    sql = statements(SQL, connection.dialect.name)
    lanes = list(connection.scalars(sql["lanes"]))
    if not lanes:
        return []
    share = -(-limit // len(lanes))
    found = [
        list(connection.execute(sql["due"], {"lane": lane, "now": micros(now), "limit": share}))
        for lane in lanes
    ]  # fmt: skip
    seqs = _page([run for lane in found for run in lane])[:limit]
    if not seqs:
        return []
    parameters = {"seqs": json.dumps(seqs), "owner": owner, "until": until}
    return sorted((run_of(row) for row in connection.execute(sql["claim"], parameters)), key=lambda run: run.seq)


def _page(found: list[tuple[int, int]]) -> list[int]:
    """Sequence numbers that may share a page, from (sequence, claims): all untried, else few suspects, else one."""
    if not found:
        return []
    worst = max(claims for _, claims in found)
    if worst == 0:
        return [seq for seq, _ in found]
    if worst == 1:
        return [seq for seq, claims in found if claims == 1][:_SUSPECT_PAGE]
    return [min(seq for seq, claims in found if claims == worst)]
