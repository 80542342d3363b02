"""The engine's side of the inbox: what waits there, and what became of it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson
import sqlalchemy as sa

from models.domain.clock import Clock
from models.journal.database import reading
from models.journal.inbox import SQL, Item
from models.journal.metadata import instant, micros
from models.journal.sealing import keys_of, text_of, value_of
from models.journal.statements import statements
from models.keys.keyring import Keyring

PAGE = 8 << 20
"""How many characters of bodies are taken in hand at once."""
_REMEMBERED = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Waiting:
    """An item that is not admitted yet."""

    position: int
    item: Item


class InboxQueue:
    """An item leaves the queue in the transaction that admits it: whatever ends in between, it is admitted once."""

    def __init__(self, engine: sa.Engine, clock: Clock) -> None:
        self._engine, self._clock = engine, clock
        self._sql = statements(SQL, engine.dialect.name)

    def waiting(self, limit: int, resting: Sequence[str] = (), characters: int = PAGE) -> list[Waiting]:
        """Up to `limit` items in order of arrival, but for those of sources that rest: no more than fill so many
        characters with their bodies, and always one.
        """
        asked = {"limit": limit, "resting": json.dumps(list(resting))}
        with reading(self._engine) as connection:
            keys = keys_of(connection)
            rows = connection.execution_options(stream_results=True, max_row_buffer=8).execute(
                self._sql["waiting"], asked
            )
            return [_waiting(row, keys) for row in _filling(rows, characters)]

    def admitted(self, connection: sa.Connection, positions: Sequence[int]) -> None:
        """Let these items go, in the transaction that admits them. Safe to repeat."""
        values = {"positions": json.dumps(list(positions)), "now": micros(self._clock.now())}
        connection.execute(self._sql["admitted"], values)

    def tidy(self) -> int:
        """Forget the ids of items that were admitted long ago; how many."""
        with self._engine.begin() as connection:
            before = {"before": micros(self._clock.now() - _REMEMBERED)}
            return int(connection.execute(self._sql["forget"], before).rowcount)


def put_back(connection: sa.Connection, source: str, item_id: str, body: Mapping[str, Any], now: datetime) -> None:
    """Let a body that could not be read be admitted again, in the caller's transaction. Safe to repeat."""
    values = {
        "source": source,
        "item_id": item_id,
        "body": text_of(keys_of(connection), body, str(body.get("subject") or "")),
        "now": micros(now),
    }
    connection.execute(statements(SQL, connection.dialect.name)["put_back"], values)


def _filling(rows: Iterable[Any], characters: int) -> Iterator[Any]:
    """The first rows, until their bodies have filled so many characters."""
    for row in rows:
        yield row
        characters -= len(row.body)
        if characters <= 0:
            return


def _waiting(row: Any, keys: Keyring | None) -> Waiting:
    refusal = None if row.refusal is None else tuple(orjson.loads(row.refusal))
    item = Item(row.source, row.item_id, instant(row.received_at), value_of(keys, row.body), row.traceparent, refusal)
    return Waiting(row.position, item)
