"""Who was told of what, and whether an audience can be reached (X10)."""

from __future__ import annotations

from datetime import UTC, datetime

import streamlit as st

from app.console.asking import read_now, stores
from app.console.operations.alerts import ALERTS, alert_rows
from app.console.widgets.heading import draw, zone
from app.console.widgets.markup import empty
from app.console.widgets.paging import paged
from app.console.widgets.plain import plain
from app.readings.alerts import reading, trying
from app.readings.page import Page
from app.readings.viewer import ANYWHERE, Viewer

LATEST = Page(200)


@st.fragment(run_every="5s")
def alerts(viewer: Viewer) -> None:
    """The latest alerts and how each fares on its road."""
    st.header("Alerts", anchor=False)
    audiences = [one for one in stores().catalogue.audiences if one.roads]
    rows = alert_rows(read_now(viewer, reading.listed, LATEST), datetime.now(UTC), zone())
    if rows:
        paged(ALERTS, rows, "alerts_page", 10)
    elif audiences:
        draw(empty("Nobody was told of anything yet", "An alert shows here as soon as there is something to tell."))
    else:
        advice = "Name audiences.toml and roads.toml in the catalogue: until then cases wait for somebody who looks."
        draw(empty("No audience is to be told", advice))


@st.fragment
def attempt(viewer: Viewer) -> None:
    """Send a test to an audience. Without a clock of its own, so that the choice is not lost."""
    audiences = sorted(one.name for one in stores().catalogue.audiences if one.roads)
    if not audiences:
        return
    why_not = viewer.why_not(trying.TRIES, ANYWHERE)
    with st.popover(
        "Try an audience",
        icon=":material/notifications:",
        disabled=why_not is not None,
        help=why_not,
        key="try_alerts",
    ):
        audience = st.selectbox("Audience", audiences, key="try_audience")
        st.caption("A test goes out by each of its roads; how it fared shows in the table.")
        if st.button("Send a test", key="do_try_alerts", icon=":material/send:"):
            _send(viewer, str(audience))


def _send(viewer: Viewer, audience: str) -> None:
    try:
        sent = trying.attempt(stores(), viewer, audience)
    except ValueError as refusal:
        st.toast(plain(refusal), icon=":material/error:")
        return
    roads = "one road" if len(sent) == 1 else f"{len(sent)} roads"
    st.toast(plain(f"A test for {audience} goes out by {roads}."), icon=":material/send:")
