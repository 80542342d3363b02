"""Retention: what ended long ago leaves the journal, as far as the audit lake is proven to hold it (C6, N3).

A run keeps its row: how it ended, its keys, its money. What it carried leaves: payload, answers, corrections, and its
event's body. So every count and every comparison stays what it was, an event that comes again is known, and only a
replay is told that there is nothing to begin with. No transaction holds more than a few rows.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import sqlalchemy as sa

from models.domain.approval import content_hash
from models.domain.clock import Clock
from models.journal.database import reading
from models.journal.metadata import instant, micros
from models.journal.sealing import value_of
from models.journal.statements import statements
from models.keys.keyring import Keyring

_SQL = Path(__file__).with_name("retention.sql")
_LOOK, _ROWS = 500, 50
"""Rows in one look, which holds up nobody, and rows in one transaction that writes."""
MARGIN = timedelta(hours=1)
"""How much older than what is proven a run must be: its end may have been stamped before and committed after."""


class Retention:
    """`prune` may end anywhere, or run twice: what it has not come to is found the next time."""

    def __init__(self, engine: sa.Engine, clock: Clock) -> None:
        self._engine, self._clock = engine, clock
        self._sql = statements(_SQL, engine.dialect.name)

    def prune(self, days: float, going: Callable[[], bool] = lambda: True) -> int:
        """Let go of what ended more than so many days ago of the world's time; how many runs and events that were.
        Nothing where no collector has proven anything. `going` is asked between transactions.
        """
        proven = self._proven()
        if proven is None:
            return 0
        before = min(self._clock.now() - timedelta(days=days), proven - MARGIN)
        values = {"before": micros(before), "now": micros(self._clock.now())}
        pruned = 0
        for work in (self._runs, self._events, self._previews):
            for count in work(values):
                pruned += count
                if not going():
                    return pruned
        return pruned

    def _proven(self) -> datetime | None:
        with reading(self._engine) as connection:
            found = connection.execute(self._sql["proven"]).scalar()
        return None if found is None else instant(int(found))

    def _runs(self, values: Mapping[str, int]) -> Iterator[int]:
        after = 0
        while rows := self._look("runs", {"after": after, "before": values["before"], "limit": _LOOK}):
            after, over = rows[-1].seq, [row.seq for row in rows if row.over]
            for start in range(0, len(over), _ROWS):
                yield self._of_runs({**values, "seqs": json.dumps(over[start : start + _ROWS])})

    def _of_runs(self, values: Mapping[str, Any]) -> int:
        with self._engine.begin() as connection:
            count = int(connection.execute(self._sql["prune_runs"], dict(values)).rowcount)
            if count and connection.dialect.name == "sqlite":
                connection.execute(self._sql["set_aside"], {"seqs": values["seqs"]})
                connection.execute(self._sql["set_back"])
        return count

    def _events(self, values: Mapping[str, int]) -> Iterator[int]:
        at = {"source": "", "event_id": ""}
        while rows := self._look("events", {**at, "before": values["before"], "limit": _LOOK}):
            at = {"source": rows[-1].source, "event_id": rows[-1].event_id}
            for source in dict.fromkeys(row.source for row in rows):
                old = [row.event_id for row in rows if row.source == source and row.old]
                for start in range(0, len(old), _ROWS):
                    yield self._unneeded(source, old[start : start + _ROWS], values["now"])

    def _unneeded(self, source: str, ids: list[str], now: int) -> int:
        found = self._look("unneeded", {"source": source, "ids": json.dumps(ids)})
        said = [{"event_id": row.event_id, "body": json.dumps(pruned_body(row.body))} for row in found]
        with self._engine.begin() as connection:
            values = [{**one, "source": source, "now": now} for one in said]
            return sum(int(connection.execute(self._sql["prune_event"], one).rowcount) for one in values)

    def _previews(self, values: Mapping[str, int]) -> Iterator[int]:
        gone = 1
        while gone:
            with self._engine.begin() as connection:
                sql, limit = self._sql["prune_previews"], {"before": values["before"], "limit": _ROWS}
                gone = int(connection.execute(sql, limit).rowcount)
            yield gone

    def _look(self, name: str, values: Mapping[str, Any]) -> list[Any]:
        with reading(self._engine) as connection:
            return list(connection.execute(self._sql[name], dict(values)))


def pruned_body(text: str) -> dict[str, str]:
    """What stays of an event: by what another one is known that says the same. Of what it said as it lay here, sealed:
    of clear values anybody could find a rate by trying.
    """
    return {"said": _hashed(orjson.loads(text))}


def same_said(keys: Keyring | None, *texts: str) -> bool:
    """Whether two events, given as they lie here, say the same, their bodies being there or not."""
    one, other = (value_of(keys, text) for text in texts)
    if "said" in one or "said" in other:
        return bool(set.intersection(*({_hashed(orjson.loads(text)), _hashed(value_of(keys, text))} for text in texts)))
    return bool(one.get("data") == other.get("data"))


def _hashed(body: Mapping[str, Any]) -> str:
    return str(body["said"]) if "said" in body else content_hash(body.get("data") or {})
