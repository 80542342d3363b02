"""Signals: what changed, so that the runs that wait for it wake (E5)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from models.journal.database import wall_now
from models.journal.metadata import micros
from models.journal.statements import insert_many, statements

_SQL = Path(__file__).with_name("signals.sql")
_SEPARATOR = re.compile(r"[/:]")


def what_of(text: str) -> str:
    """The one spelling of what a run waits for: `project:PRJ-1` and `project/PRJ-1` are the same thing."""
    return _SEPARATOR.sub("/", text, count=1)


def raise_signals(connection: sa.Connection, changed: Iterable[str], now: datetime) -> int:
    """Note that these things changed and make the runs that wait for them ready, in the caller's transaction; how many
    woke.
    """
    names = sorted({what_of(name) for name in changed})
    if not names:
        return 0
    sql = statements(_SQL, connection.dialect.name)
    wall = wall_now(connection)
    insert_many(connection, sql["note"], [{"what": name, "changed_wall": wall} for name in names])
    return int(connection.execute(sql["wake"], {"names": json.dumps(names), "now": micros(now)}).rowcount)


def wake_for(connection: sa.Connection, beginning: str, now: datetime) -> int:
    """Make ready the runs that wait for anything whose name begins so, in the caller's transaction; how many."""
    sql = statements(_SQL, connection.dialect.name)
    return int(connection.execute(sql["wake_for"], {"beginning": beginning, "now": micros(now)}).rowcount)


def forget_signals(connection: sa.Connection, seconds: float = 3600.0) -> int:
    """Drop signals that no pause can have missed: a page of runs is never under way that long."""
    sql = statements(_SQL, connection.dialect.name)
    return int(connection.execute(sql["forget"], {"before": wall_now(connection) - int(seconds * 1_000_000)}).rowcount)


def wake_late(connection: sa.Connection, now: datetime) -> int:
    """Make ready the runs whose wait is over; how many."""
    sql = statements(_SQL, connection.dialect.name)
    return int(connection.execute(sql["wake_late"], {"now": micros(now)}).rowcount)


def wake_missed(connection: sa.Connection, now: datetime, seqs: Iterable[int] | None = None) -> int:
    """Make ready the runs, or those of these sequence numbers, whose signal came between look-up and pause; how many.

    On SQLite the transaction that stores a pause misses none after it looked, since there is one writer. On PostgreSQL
    a signal may be committed after the look, so that somebody has to look again later.
    """
    sql, values = statements(_SQL, connection.dialect.name), dict[str, Any](now=micros(now))
    if seqs is None:
        return int(connection.execute(sql["wake_missed"], values).rowcount)
    paused = list(seqs)
    values["seqs"] = json.dumps(paused)
    return int(connection.execute(sql["wake_missed_of"], values).rowcount) if paused else 0
