"""A transaction that writes: what it appends to the feed is logged, once it is committed and so has happened.

Every transition of a run, a case and a request appends its record in its own transaction. So this is the one place that
logs them, and nothing is said of what was rolled back.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from models.action_log import action
from models.domain.record import Record, RecordKind
from models.domain.states import RunState

_LOG = logging.getLogger("tieout.journal")
_APPENDED = "appended_records"
_LEVELS = {
    RecordKind.SETTLEMENT: logging.INFO,
    RecordKind.OPERATOR_ACTION: logging.INFO,
    RecordKind.FINDING: logging.INFO,
    RecordKind.CATALOGUE: logging.INFO,
}
_STEPS = (RecordKind.TRANSFORMATION, RecordKind.ACKNOWLEDGEMENT)


@contextmanager
def writing(engine: sa.Engine) -> Iterator[sa.Connection]:
    """One transaction, committed at the end of the block, or undone by what is raised in it."""
    appended: list[Record] = []
    with engine.begin() as connection:
        connection.info[_APPENDED] = appended
        try:
            yield connection
        finally:
            del connection.info[_APPENDED]
    log_records(appended)


def note_appended(connection: sa.Connection, records: Iterable[Record]) -> None:
    """Remember what was appended to the feed, to be logged after the commit of `writing`."""
    if (appended := connection.info.get(_APPENDED)) is not None:
        appended.extend(records)


def log_records(records: Iterable[Record]) -> None:
    """One line for each record whose level is logged: INFO for an end, WARNING for a dead letter, DEBUG for the way."""
    threshold = _LOG.getEffectiveLevel()
    for record in records:
        if (level := level_of(record)) >= threshold:
            action(
                _LOG,
                level,
                name_of(record),
                run_id=record.run_id,
                correlation_id=record.correlation_id,
                flow=record.flow,
                step=record.step,
                key=record.business_key,
                system=record.system,
                trace_id=record.trace_id,
                actor=record.actor,
                why=_why(record),
            )


def level_of(record: Record) -> int:
    """A failure of a run is one try of several; one of a stream stands until somebody mends it."""
    if record.kind is RecordKind.SETTLEMENT and record.status == RunState.DEAD:
        return logging.WARNING
    if record.kind is RecordKind.FAILURE and record.run_id is None:
        return logging.WARNING
    return _LEVELS.get(record.kind, logging.DEBUG)


def name_of(record: Record) -> str:
    """What happened to what: run.settled, run.dead, step.done, request.requested, case.assigned, stream.failed."""
    if record.kind in _STEPS:
        return f"step.{record.status}"
    if record.kind is RecordKind.SOURCE_EVENT:
        return f"event.{record.status}"
    if record.kind is RecordKind.FINDING:
        return f"case.{record.status}"
    if record.kind is RecordKind.CATALOGUE:
        return "catalogue.changed"
    thing = "run" if record.run_id else record.entity or ("flow" if record.flow else "stream")
    return f"{thing}.failed" if record.kind is RecordKind.FAILURE else f"{thing}.{record.status}"


def _why(record: Record) -> object:
    body = record.body if isinstance(record.body, dict) else {}
    return record.error_code or body.get("because") or body.get("reason")
