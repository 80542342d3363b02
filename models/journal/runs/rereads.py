"""Rereads: rows that no connector could map, asked for again; the dead letter of one stays until its row has come (N4).

A source need not have a row any more: an event feed keeps some days, a file is rotated. So the answer to the asking is
what the pages show, read from the stream's beginning: a row that came, mapped or refused anew, closes its dead letter;
when the end is reached without it, the dead letter says so. Should the row come later after all, it closes then.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from models.domain.record import Record, RecordKind
from models.journal.metadata import micros
from models.journal.runs.records import run_record
from models.journal.runs.run import Run, run_of
from models.journal.runs.succession import supersede
from models.journal.sealing import keys_of
from models.journal.statements import statements

INTAKE = "intake"
"""Flow name of rows that no connector could map: quarantined, replayed by reading their stream again from its
beginning.
"""
STALE = timedelta(days=1)
"""Age of a stream's last reading to its end from which on it is not begun again."""
_SQL = Path(__file__).with_name("rereads.sql")

_GONE = (
    "shows the row no longer, so a replay cannot bring it back: change and save it there, so that it is sent anew, "
    "or do by hand what it asks for and cancel this with a reason. The row as it came is kept here"
)
_UNREAD = "had not been read for long, so that its stream had to be read on from where it stood: replay this once more"


def row_key(system: str, stream: str, source_id: str) -> str:
    """The business key of a row that no connector could map."""
    return f"{stream}:{system}:{source_id}"


def ask(connection: sa.Connection, run: Run, now: datetime) -> None:
    """Let a dead letter of the intake wait for its row, in the caller's transaction. Safe to repeat."""
    said = (run.error_message or "").removesuffix(run.waiting_because or "").rstrip()
    values = {"row": f"row/{run.business_key}", "message": said, "seq": run.seq, "now": micros(now)}
    connection.execute(statements(_SQL, connection.dialect.name)["ask_again"], values)


def asked(run: Run) -> bool:
    """Whether a dead letter was asked for again and its stream was not read to the end since."""
    return run.flow == INTAKE and run.waiting_for is not None and run.waiting_because is None


def shown(
    connection: sa.Connection, system: str, stream: str, rows: Collection[str], ended: bool, now: datetime
) -> list[Record]:
    """Take in what a page of a stream showed (`rows`: source ids; `ended`: nothing follows it), in the caller's
    transaction after the page's admission; the records of it. The cursor's move tells apart pages that were
    read before the asking.
    """
    dead = _waiting(connection, system, stream)
    came = [one for one in dead if one.payload["source_id"] in rows]
    records = supersede(connection, came, now, {})
    for one in dead if ended else ():
        if one not in came and asked(one):
            records.append(_missed(connection, one, _GONE, now))
    return records


def read_on(connection: sa.Connection, system: str, stream: str, now: datetime) -> list[Record]:
    """Let a stream that was begun again go on from where it stood, if it could not be read for long since: that mark
    alone tells its connector what was missed. The rows that were asked for are not shown then; the records of
    it.
    """
    values = {"system": system, "stream": stream, "stale": micros(now - STALE)}
    if not connection.execute(statements(_SQL, connection.dialect.name)["read_on"], values).rowcount:
        return []
    return [_missed(connection, run, _UNREAD, now) for run in _waiting(connection, system, stream) if asked(run)]


def _waiting(connection: sa.Connection, system: str, stream: str) -> list[Run]:
    found = connection.execute(
        statements(_SQL, connection.dialect.name)["asked_again"], {"stream": row_key(system, stream, "")}
    )
    dead = [run_of(row, keys_of(connection)) for row in found]
    return [
        one for one in dead if (one.payload["system"], one.payload["stream"]) == (system, stream)
    ]  # a name may hold a colon


def _missed(connection: sa.Connection, run: Run, because: str, now: datetime) -> Record:
    run.waiting_because = f"Asked for again on {now:%Y-%m-%d %H:%M} UTC, {run.payload['system']} {because}."
    run.error_message = f"{run.error_message or ''} {run.waiting_because}".lstrip()
    values = {"because": run.waiting_because, "message": run.error_message, "seq": run.seq, "now": micros(now)}
    connection.execute(statements(_SQL, connection.dialect.name)["missed"], values)
    body = {"error": {"code": run.error_code, "message": run.error_message, "field": run.error_field}}
    return run_record(
        run,
        RecordKind.FAILURE,
        now,
        system=run.payload["system"],
        status="reread",
        error_code=run.error_code,
        body=body,
    )
