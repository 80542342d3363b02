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
    pages = -(-len(rows) // size)
    number = min(int(st.session_state.get(key) or 1), max(pages, 1))
    shown = list(rows[(number - 1) * size : number * size])
    draw(table(columns, [*shown, *([total] if total else [])]))
    if pages > 1:
        st.caption(formats.part_of((number - 1) * size, len(shown), len(rows)))
        st.pagination(pages, key=key)
