"""The pages of the console by their paths: those that a person may open are shown, the others say why not."""

from __future__ import annotations

from functools import partial

import streamlit as st

from app.console.view import View, views
from app.readings.viewer import Viewer


def navigation(person: Viewer) -> dict[str, st.Page]:
    """Every page by path; one that this person may not open is hidden and, asked for, says who can grant it. A hidden
    home leads to the first that they may open, so that every page has a path of its own.
    """
    return {view.path: _page(view, person, person.may_ask(view.question)) for view in views()}


def _page(view: View, person: Viewer, allowed: bool) -> st.Page:
    waiting = view.waiting(person) if allowed else 0
    title = f"{view.title} ({waiting})" if waiting else view.title
    return st.Page(
        partial(view.draw, person),
        title=title,
        icon=view.icon,
        url_path=view.path,
        visibility="visible" if allowed else "hidden",
    )
