"""Running the page again from a panel that may lie in a dialog."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

Reopen = Callable[[], None] | None
"""What brings back the dialog around a panel, which a run of the whole page closes."""


def page_again(reopen: Reopen) -> None:
    """The whole page: of a fragment alone, what the last run drew would stay below the new."""
    if reopen:
        reopen()
    st.rerun()
