"""The figures of each day as records of the audit lake, as they were shown last on it: nothing derives them again (O3).

A figure of a day is sealed once. One that is told otherwise later is *restated*: the record says what it was and what
it is, and the older record stays where it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from models.domain.clock import Clock
from models.domain.record import Record, RecordKind
from models.journal import tables
from models.journal.feed import Feed
from models.journal.writing import writing

TOLD = ("value", "adjusted", "low", "high", "numerator", "denominator", "n", "unit")
Figure = Mapping[str, Any]


class SealedFigures:
    """What was sealed last of each figure and day is kept here, so that a day costs what is new."""

    def __init__(self, engine: sa.Engine, clock: Clock, feed: Feed) -> None:
        self._engine, self._clock, self._feed = engine, clock, feed

    def seal(self, figures: Sequence[Figure]) -> int:
        """Seal these rows of `mart_kpi_day`; how many records that made, 0 where all are sealed as they are."""
        at = tables.sealed_figure
        with writing(self._engine) as connection:
            days = {str(figure["day"]) for figure in figures}
            known = connection.execute(sa.select(at.c.day, at.c.name, at.c.body).where(at.c.day.in_(sorted(days))))
            before = {(row.day, row.name): row.body for row in known}
            changed = list(_changed(figures, before))
            for day, name, body in changed:
                connection.execute(sa.delete(at).where(at.c.day == day, at.c.name == name))
                connection.execute(sa.insert(at).values(day=day, name=name, body=body))
            self._feed.append(connection, [self._record(*one, before.get(one[:2])) for one in changed])
        return len(changed)

    def _record(self, day: str, name: str, body: Figure, before: Figure | None) -> Record:
        return Record(
            RecordKind.FIGURES,
            self._clock.now(),
            business_key=f"figure:{day}:{name}",
            status="sealed" if before is None else "restated",
            entity="figure",
            body={"day": day, "name": name, **body, "before": before},
        )


def _changed(figures: Sequence[Figure], before: Mapping[tuple[str, str], Figure]) -> Iterator[tuple[str, str, Figure]]:
    for figure in figures:
        day, name, body = str(figure["day"]), str(figure["name"]), {part: _plain(figure[part]) for part in TOLD}
        if before.get((day, name)) != body:
            yield day, name, body


def _plain(value: Any) -> Any:
    """Numbers as text, without the zeros at their end, as they are kept."""
    return value if value is None or isinstance(value, int | str) else format(value.normalize(), "f")
