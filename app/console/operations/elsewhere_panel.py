"""Flows that others run, and a rule tried on what came in the last hour before it is switched on (C9)."""

from __future__ import annotations

from datetime import UTC, datetime

import streamlit as st

from app.console.asking import read, read_now, stores
from app.console.operations import elsewhere as present
from app.console.widgets.heading import draw
from app.console.widgets.markup import empty
from app.console.widgets.paging import paged
from app.console.widgets.plain import plain
from app.readings.elsewhere import reading, trying
from app.readings.systems import reading as systems
from app.readings.viewer import Viewer

MOST = 25
"""Runs of a trial on the page; `tieout rules try` shows all."""


@st.fragment(run_every="5s")
def elsewhere(viewer: Viewer) -> None:
    """Each flow of which rules read anything; nothing where there is none."""
    if flows := read(viewer, reading.flows):
        st.header("Flows that others run", anchor=False)
        rows = present.flow_rows(flows, datetime.now(UTC), read(viewer, systems.teams))
        paged(present.FLOWS, rows, "elsewhere_page", 20)


@st.fragment
def trial(viewer: Viewer) -> None:
    """Choose a rule, switched on or not, and see what it would make of the last hour. Nothing is kept."""
    with st.expander("Try a rule on what came in the last hour", icon=":material/science:"):
        names = [rule.name for rule in stores().catalogue.rules]
        name = st.selectbox("Rule", names, key="trial_rule", help="Of rules.toml, the packaged presets among them.")
        if not st.button("Try", key="do_trial", icon=":material/play_arrow:", disabled=not name):
            return
        found = read_now(viewer, trying.trial, (str(name),))
        for line in trying.told(found):
            st.caption(plain(line))
        if found.runs:
            paged(present.RUNS, present.run_rows(found.runs, MOST), "trial_page", MOST)
        else:
            draw(empty("No run", "Nothing that came in the last hour fits this rule."))
