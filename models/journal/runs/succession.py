"""Succession: a later run takes over from an earlier one, or gets its turn behind it (E7, X16)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa

from models.domain.record import Record
from models.domain.states import RunState
from models.journal.metadata import micros
from models.journal.runs.records import settlement
from models.journal.runs.run import Run, run_of
from models.journal.sealing import keys_of
from models.journal.statements import statements

_SQL = Path(__file__).with_name("succession.sql")


def overtaken(connection: sa.Connection, settled: Sequence[Run], now: datetime) -> list[Record]:
    """Close the dead runs of facts that settled in the same or a later version (X16); the records of it."""
    if not settled:
        return []
    sql = statements(_SQL, connection.dialect.name)
    newest: dict[tuple[str, str, str], Run] = {}
    for run in settled:
        if run.fact not in newest or newest[run.fact].source_version < run.source_version:
            newest[run.fact] = run
    keys = json.dumps(sorted({run.business_key for run in settled}))
    dead = [run_of(row, keys_of(connection)) for row in connection.execute(sql["overtaken"], {"keys": keys})]
    over = [run for run in dead if (by := newest.get(run.fact)) and run.source_version <= by.source_version]
    return supersede(connection, over, now, {run.seq: newest[run.fact].run_id for run in over})


def supersede(connection: sa.Connection, runs: Sequence[Run], now: datetime, by: dict[int, str]) -> list[Record]:
    """Mark runs superseded by later ones (their sequence -> run id); the records of it. A run that another transaction
    moved since it was looked at goes its way and keeps the state that it has here.
    """
    if not runs:
        return []
    sql = statements(_SQL, connection.dialect.name)
    values = {"seqs": json.dumps([run.seq for run in runs]), "now": micros(now)}
    done = set(connection.scalars(sql["supersede"], values))
    closed = [run for run in runs if run.seq in done]
    for run in closed:
        run.state, run.settled_at = RunState.SUPERSEDED, now
    return [settlement(run, now, superseded_by=by.get(run.seq)) for run in closed]


def release(connection: sa.Connection, aggregates: Iterable[str]) -> None:
    """Let the next run of each of these aggregates go on, if one is held."""
    names = sorted(set(aggregates))
    sql = statements(_SQL, connection.dialect.name)
    if names and connection.execute(sql["any_held"]).first():
        connection.execute(sql["release"], {"aggregates": json.dumps(names)})


def release_all(connection: sa.Connection) -> int:
    """Let the next run of every aggregate go on whose earlier ones are gone; how many."""
    sql = statements(_SQL, connection.dialect.name)
    if connection.execute(sql["any_held"]).first() is None:
        return 0
    return int(connection.execute(sql["release_all"]).rowcount)
