"""The entry script of the console: who is there, which pages they may open, and the page they asked for."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from app.console.asking import stores
from app.console.navigation import navigation
from app.console.sign_in import viewer
from app.console.view import views
from app.console.widgets.playback import playback, playing_line
from models.domain.clock import SystemClock

WIDGETS = Path(__file__).resolve().parent / "widgets"


def main() -> None:
    st.set_page_config(page_title="Tieout", page_icon=str(WIDGETS / "icon.svg"), layout="wide")
    st.html(WIDGETS / "console.css")
    st.logo(str(WIDGETS / "logo.svg"), size="large")
    person = viewer(stores().settings, SystemClock().now(), stores().catalogue.domains)
    pages = navigation(person)
    first = next((pages[view.path] for view in views() if person.may_ask(view.question)), None)
    if first is None:
        st.error(f"Your roles open no page. {person.granted_by}", icon=":material/lock:")
        st.stop()
    playing_line(playback(stores().clock))
    home = st.Page(lambda: st.switch_page(first), title="Tieout", url_path="home", default=True, visibility="hidden")
    st.navigation([home, *pages.values()], position="top").run()


main()
