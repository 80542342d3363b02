"""The history of cases, written in pages that every database takes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

import sqlalchemy as sa

from models.journal.cases.tables import case_event

_T = TypeVar("_T")

DETECTOR_ACTOR = "detector"
_CHUNK = 500


def note(
    connection: sa.Connection, case_ids: Iterable[str], at: datetime, actor: str, action: str, body: Mapping[str, Any]
) -> None:
    """Note the same entry in the history of each of these cases."""
    rows = [
        {"case_id": case_id, "at": at, "actor": actor, "action": action, "body": dict(body)} for case_id in case_ids
    ]
    if rows:
        connection.execute(sa.insert(case_event), rows)


def chunks(items: Sequence[_T]) -> Iterator[Sequence[_T]]:
    """Items in pages of at most 500."""
    for start in range(0, len(items), _CHUNK):
        yield items[start : start + _CHUNK]
