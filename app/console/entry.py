"""The entry script of the console: who is there, which pages they may open, and the page they asked for."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import streamlit as st

from app.console.asking import stores
from app.console.sign_in import viewer
from app.console.view import View, views
from app.console.widgets.playback import playback, playing_line
from app.readings.viewer import Viewer

WIDGETS = Path(__file__).resolve().parent / "widgets"


def navigation(person: Viewer) -> dict[str, st.Page]:
    """The pages this person may open, by path. A hidden home leads to the first, so that every page has a path of its
    own.
    """
    allowed = [view for view in views() if person.may_ask(view.question)]
    return {view.path: _page(view, person) for view in allowed}


def _page(view: View, person: Viewer) -> st.Page:
    waiting = view.waiting(person)
    title = f"{view.title} ({waiting})" if waiting else view.title
    return st.Page(partial(view.draw, person), title=title, icon=view.icon, url_path=view.path)


def main() -> None:
    st.set_page_config(page_title="Tieout", page_icon=str(WIDGETS / "icon.svg"), layout="wide")
    st.html(WIDGETS / "console.css")
    st.logo(str(WIDGETS / "logo.svg"), size="large")
    person = viewer(stores().settings, stores().clock.now())
    pages = navigation(person)
    if not pages:
        st.error("Your roles open no page. Ask your administrator for a role in Tieout.", icon=":material/lock:")
        st.stop()
    playing_line(playback(stores().clock))
    first = next(iter(pages.values()))
    home = st.Page(lambda: st.switch_page(first), title="Tieout", url_path="home", default=True, visibility="hidden")
    st.navigation([home, *pages.values()], position="top").run()


main()
