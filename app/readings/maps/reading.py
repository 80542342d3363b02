"""The value maps of the installation, and what waits for a row in one of them (M8)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from app.readings.cases import reading as cases
from app.readings.cases.question import Status
from app.readings.maps.question import MapsQuestion
from app.readings.maps.rows import MapLine, Untold
from app.readings.page import Page
from app.readings.stores import Stores
from app.readings.viewer import Viewer
from models.domain.value_map import UNMAPPED, Entry, ValueMap
from models.journal.cases import CaseFilter

_MOST = 500


def untold(stores: Stores, viewer: Viewer) -> tuple[Untold, ...]:
    """The words that have no row, the most money first, at most 500."""
    where = CaseFilter(status=Status.unresolved.states, causes=(UNMAPPED,))
    return tuple(
        Untold(
            one.subject_key,
            one.fingerprint.split("|")[2],
            one.occurrences,
            {one.money_kind: one.amount_reporting},
            one.first_seen,
            one.case_id,
        )
        for one in cases.page(stores, viewer, where, part=Page(_MOST)).rows
    )


def maps(stores: Stores, viewer: Viewer) -> tuple[MapLine, ...]:
    """Every map in the order of the file, the same for all viewers but for what waits."""
    return tuple(_line(one, None, _of(one, untold(stores, viewer))) for one in stores.catalogue.maps)


def listed(stores: Stores, viewer: Viewer, words: MapsQuestion) -> tuple[MapLine, ...]:
    """The maps; of one that is named its rows, those first that are missing."""
    found = next((one for one in stores.catalogue.maps if one.name == words.name), None)
    if not words.name or found is None:
        return () if words.name else maps(stores, viewer)
    return tuple(_rows(found, _of(found, untold(stores, viewer))))


def _rows(one: ValueMap, waiting: Sequence[Untold]) -> Iterator[MapLine]:
    yield from (_line(one, Entry(word.word, ""), (word,)) for word in waiting)
    yield from (_line(one, entry, ()) for entry in one.entries)


def _of(one: ValueMap, waiting: Sequence[Untold]) -> tuple[Untold, ...]:
    return tuple(word for word in waiting if word.map == one.name)


def _money(waiting: Sequence[Untold]) -> dict[str, Decimal]:
    found: dict[str, Decimal] = {}
    for kind, amount in (pair for word in waiting for pair in word.amounts.items()):
        found[kind] = found.get(kind, Decimal(0)) + amount
    return found


def _line(one: ValueMap, entry: Entry | None, waiting: Sequence[Untold]) -> MapLine:
    return MapLine(
        one.name,
        one.version,
        one.field,
        one.source,
        one.target,
        one.owner,
        len(one.entries),
        one.default,
        entry.said if entry else None,
        (entry.means or None) if entry else None,
        entry.since if entry else None,
        sum(word.records for word in waiting),
        _money(waiting),
    )
