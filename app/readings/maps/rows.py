"""Value maps as rows. Money is a sum over records, open to all, in the reporting currency, each kind for itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Untold:
    """A word that its map has no row for: how many records wait for it, since when, and the case that says so."""

    map: str
    word: str
    records: int
    amounts: Mapping[str, Decimal]
    since: datetime
    case_id: str


@dataclass(frozen=True, slots=True)
class MapLine:
    """A map, and of one that was asked for each row: `said` is told as `means`, of facts from `since` on. A row without
    `means` is a word that waits: `waiting` counts the records, `amounts` are what hangs on them, by kind of money.
    """

    map: str
    version: int
    field: str
    source: str
    target: str
    owner: str
    words: int
    default: str | None
    said: str | None
    means: str | None
    since: date | None
    waiting: int
    amounts: Mapping[str, Decimal]
