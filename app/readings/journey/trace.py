"""The journey of one thing as rows, for who asks outside the console (O2, O8)."""

from __future__ import annotations

from app.readings import ids
from app.readings.clear import asked_clear
from app.readings.journey import reading, search
from app.readings.journey.domains import of_journey
from app.readings.journey.question import TraceQuestion
from app.readings.journey.rows import Span, Step
from app.readings.journey.search import Candidate
from app.readings.stores import Stores
from app.readings.viewer import Viewer
from models.domain.errors import TieoutError

NAMED = 12
"""As many as an error names of the things that a word may mean."""


class NotOne(TieoutError):
    """What was asked for names several things: ask again for one of them by its key."""

    code = "reading.not-one"


def trace(stores: Stores, viewer: Viewer, asked: TraceQuestion) -> tuple[Step, ...] | tuple[Span, ...]:
    """Every record of the journeys of what `asked` names, in order; of a trace without records its spans.

    Asking for clear values is kept in the audit lake, with why. Raises NotOne where several things are named so, and
    for clear values what `asked_clear` does.
    """
    one = _one(stores, viewer, search.asked(asked.key))
    if one is None:
        return ()
    if asked.clear:
        asked_clear(stores, viewer, one.key, asked.reason, of_journey(stores, viewer, one))
    steps = reading.steps(stores, viewer, one, asked.clear)
    return steps or reading.spans(stores, viewer, one.key, asked.clear)


def _unseen(q: str, found: tuple[Candidate, ...]) -> Candidate | None:
    """A trace that came without spans: no search shows it, but records may name it."""
    digits = ids.compact(q)
    return Candidate("trace", digits, digits, "") if ids.is_id(digits) and not found else None


def _one(stores: Stores, viewer: Viewer, q: str) -> Candidate | None:
    found = reading.exact(stores, viewer, q) if q else ()
    one = search.chosen(q, found)
    if one is None and q:
        found = reading.candidates(stores, viewer, q)
        one = search.chosen(q, found) or _unseen(q, found)
    if one is None and found:
        named = "; ".join(f"{each.key} ({each.title})" for each in found[:NAMED])
        raise NotOne(f"{search.counted(len(found), 'thing')} are named {q!r}: ask for one of {named}")
    return search.subject(one) if one is not None and one.kind == "case" else one
