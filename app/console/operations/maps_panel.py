"""Value maps on the page: whose words, which version, and what waits for a row (M8). Read only: the file is the map."""

from __future__ import annotations

import streamlit as st

from app.console.asking import read, reporting_currency, world_now
from app.console.operations import maps as present
from app.console.widgets.paging import paged
from app.readings.maps import reading
from app.readings.maps.question import MapsQuestion
from app.readings.systems import reading as systems
from app.readings.viewer import Viewer


@st.fragment(run_every="5s")
def value_maps(viewer: Viewer) -> None:
    """Each map, and the words without a row; nothing where there is no map."""
    maps, currency = read(viewer, reading.maps), reporting_currency()
    if not maps:
        return
    st.header("Words between systems", anchor=False)
    paged(present.MAPS, present.map_rows(maps, read(viewer, systems.teams), currency), "maps_page", 20)
    if words := read(viewer, reading.untold):
        paged(present.UNTOLD, present.untold_rows(words, world_now(), currency), "untold_page", 20)


@st.fragment
def map_words(viewer: Viewer) -> None:
    """The rows of a chosen map; nothing where there is no map."""
    if not (maps := read(viewer, reading.maps)):
        return
    with st.expander("The words of a map", icon=":material/translate:"):
        name = st.selectbox("Map", [one.map for one in maps], key="map", bind="query-params")
        rows = read(viewer, reading.listed, MapsQuestion(str(name)))
        paged(present.WORDS, present.word_rows(rows), "words_page", 50)
