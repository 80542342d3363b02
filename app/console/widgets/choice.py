"""One of a few, chosen by a row of buttons and kept in the page's address."""

from __future__ import annotations

from collections.abc import Iterable

import streamlit as st


def choice(label: str, options: Iterable[str], usual: str, key: str) -> str:
    """The option that is chosen; `key` is its name in the address."""
    chosen = st.segmented_control(
        label,
        list(options),
        default=usual,
        required=True,
        key=key,
        bind="query-params",
        label_visibility="collapsed",
    )
    return chosen or usual
