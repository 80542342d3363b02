"""Does of each flow come what is to be expected of it (X7)? A table of all, and the last week of one, hour by hour."""

from __future__ import annotations

import streamlit as st

from app.console.asking import read, world_now
from app.console.operations import volume as present
from app.console.widgets.heading import zone
from app.console.widgets.paging import paged
from app.readings.viewer import Viewer
from app.readings.volume import reading


@st.fragment(run_every="30s")
def volume(viewer: Viewer) -> None:
    """Each flow and source beside its own past; nothing where none has taken anything in."""
    volumes = read(viewer, reading.volumes)
    if not volumes:
        return
    st.header("Expected and came", anchor=False)
    paged(present.VOLUMES, present.volume_rows(volumes, world_now(), zone()), "volume_page", 10)
    named = {present.title(one): one for one in volumes}
    name = st.selectbox("Hour by hour, last 7 days", list(named), key="volume_of")
    one = named.get(str(name), volumes[0])
    hours = read(viewer, reading.hours, one.flow, one.system, one.instance, one.legal_entity)
    st.plotly_chart(
        present.band(hours),
        key="volume_band",
        config={"displayModeBar": False},
        alt=f"{name}: what came in each hour of the last week, and what is usual",
    )
