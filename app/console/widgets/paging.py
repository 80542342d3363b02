"""A long table a page at a time, which says how much of it is shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from app.console.widgets import formats
from app.console.widgets.heading import draw
from app.console.widgets.markup import Column, table

SIZE = 25


def paged(
    columns: Sequence[Column],
    rows: Sequence[Mapping[str, object]],
    key: str,
    size: int = SIZE,
    total: Mapping[str, object] | None = None,
) -> None:
    """Draw a page of the rows, `total` under each as the sum of all; `key` tells tables of a page apart."""
    number = turned_to(len(rows), size, key)
    shown = list(rows[(number - 1) * size : number * size])
    draw(table(columns, [*shown, *([total] if total else [])]))
    pages(len(rows), size, key)


def turned_to(whole: int, size: int, key: str) -> int:
    """The page of a list of `whole` rows that is looked at; the first is number 1."""
    return min(int(st.session_state.get(key) or 1), max(-(-whole // size), 1))


def pages(whole: int, size: int, key: str) -> None:
    """Below a page: which rows of how many it shows, and the way to the others; nothing where it shows them all."""
    if whole <= size:
        return
    before = (turned_to(whole, size, key) - 1) * size
    st.caption(formats.part_of(before, min(size, whole - before), whole))
    st.pagination(-(-whole // size), key=key)
