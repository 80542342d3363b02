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
    found = {lane: _due(connection, lane, share, now) for lane in lanes}
    room = limit - sum(len(runs) for runs in found.values())
    full = [lane for lane in lanes if len(found[lane]) == share]
    if room > 0 and full:  # what quiet lanes leave over is the busy ones'
        found |= {lane: _due(connection, lane, share + room // len(full), now) for lane in full}
    seqs = _page([run for lane in lanes for run in found[lane]])[:limit]
    if not seqs:
        return []
    parameters = {"seqs": json.dumps(seqs), "owner": owner, "until": until}
    return sorted((run_of(row) for row in connection.execute(sql["claim"], parameters)), key=lambda run: run.seq)


def _due(connection: sa.Connection, lane: str, limit: int, now: datetime) -> list[tuple[int, int]]:
    due = statements(SQL, connection.dialect.name)["due"]
    return [
        (row.seq, row.claims) for row in connection.execute(due, {"lane": lane, "now": micros(now), "limit": limit})
    ]


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
