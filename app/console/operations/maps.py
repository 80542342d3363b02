"""Value maps, their words, and the words that wait for a row, as rows of tables; knows no Streamlit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from app.console.widgets import formats
from app.console.widgets.markup import Column, dot, joined, link, span
from app.readings.maps.rows import MapLine, Untold
from models.domain.team import Teams, team

MAPS = (
    Column("map", "Map"),
    Column("version", "Version", "right", "Each run keeps the version that it was told in"),
    Column("waiting", "Records that wait", "right", "For a row that the map does not have"),
    Column("amount", "Their money", "right"),
    Column("owner", "Owner", "nw"),
    Column("between", "From and to", "nw"),
    Column("words", "Words", "right"),
    Column("field", "Field", "spare"),
    Column("default", "Any other word", "spare"),
)
UNTOLD = (
    Column("word", "Word without a row"),
    Column("map", "Map", "nw"),
    Column("records", "Records that wait", "right"),
    Column("amount", "Their money", "right"),
    Column("since", "Since", "right"),
    Column("case", "Case", "nw"),
)
WORDS = (
    Column("said", "Is said"),
    Column("means", "Means", "nw"),
    Column("since", "Of facts from", "right"),
)


def map_rows(maps: Iterable[MapLine], teams: Teams, currency: str) -> list[dict[str, object]]:
    """One line a map."""
    return [
        {
            "map": joined([dot("warn" if one.waiting else "good"), span(one.map, "t-b")], ""),
            "version": formats.count(one.version),
            "field": one.field,
            "between": f"{one.source} → {one.target}",
            "words": formats.count(one.words),
            "default": one.default or "pauses its run",
            "waiting": formats.count(one.waiting),
            "amount": formats.by_kind(one.amounts, currency) if one.waiting else "",
            "owner": team(one.owner, teams),
        }
        for one in maps
    ]


def untold_rows(words: Sequence[Untold], now: datetime, currency: str) -> list[dict[str, object]]:
    """One line a word that waits; `now` is the world's."""
    return [
        {
            "word": one.word,
            "map": one.map,
            "records": formats.count(one.records),
            "amount": formats.by_kind(one.amounts, currency),
            "since": formats.since(one.since, now),
            "case": link(one.case_id, "/exceptions", case=one.case_id),
        }
        for one in words
    ]


def word_rows(rows: Iterable[MapLine]) -> list[dict[str, object]]:
    """The rows of one map, as they stand in its file."""
    return [
        {
            "said": one.said,
            "means": one.means or span("waits for a row", "t-warn"),
            "since": f"{one.since:%Y-%m-%d}" if one.since else "",
        }
        for one in rows
    ]
