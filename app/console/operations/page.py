"""Integration operations (O1): is work flowing, what fails, how late, how much money is held. Refreshes by itself.

The window rules whatever happened; what stands open is told as of now and says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import streamlit as st

from app.console.asking import read, read_now, reporting_currency, stores, world_now
from app.console.figures import firm_figures
from app.console.freshness import fresh
from app.console.operations import alerts_panel, chart, tables
from app.console.operations import presenter as present
from app.console.operations.calls import CALLS, with_calls
from app.console.operations.elsewhere_panel import elsewhere, trial
from app.console.operations.flow_table import FLOWS, ageing, flow_rows
from app.console.operations.health import healths, verdict
from app.console.operations.maps_panel import map_words, value_maps
from app.console.operations.steering_panel import paused, steer
from app.console.operations.volume_panel import volume
from app.console.view import View
from app.console.widgets import markup
from app.console.widgets.figures import INTEGRATION
from app.console.widgets.heading import admitted, draw, heading, zone
from app.console.widgets.markup import Column, empty, metrics, table
from app.console.widgets.paging import paged
from app.console.widgets.playback import playback
from app.readings import processes
from app.readings.cases.causes import causes
from app.readings.operations import QUESTION, reading
from app.readings.operations.rows import Held
from app.readings.viewer import Viewer

REFRESH = "5s"


def page(viewer: Viewer) -> None:
    """Draw the page for one viewer."""
    admitted(viewer, QUESTION)
    heading(viewer, "Operations", fresh(viewer))
    st.segmented_control(
        "Window",
        list(present.WINDOWS),
        default="7 d",
        required=True,
        key="window",
        bind="query-params",
        label_visibility="collapsed",
    )
    paused(viewer)
    _state(viewer)
    steer(viewer)
    _dead_letters(viewer)
    _pairs(viewer)
    _circuits(viewer)
    _quarantine(viewer)
    value_maps(viewer)
    map_words(viewer)
    volume(viewer)
    elsewhere(viewer)
    trial(viewer)
    alerts_panel.alerts(viewer)
    alerts_panel.attempt(viewer)
    firm_figures(viewer, INTEGRATION, "/operations", "Integration figures")


@st.fragment(run_every=REFRESH)
def _state(viewer: Viewer) -> None:
    now, currency, levels = world_now(), reporting_currency(), stores().catalogue.service_levels
    since, step = present.window(st.session_state.get("window"), now)
    flows, held = read(viewer, reading.flows, since), read(viewer, reading.held)
    stopped = {one.flow: one.paused_by for one in read_now(viewer, reading.paused)}
    found, stuck = healths(flows, held, levels, now, stopped), read(viewer, reading.at_stake)
    playing, last = playback(stores().clock).playing() is not None, read(viewer, reading.worked_last)
    dead = next((one.what for one in read(viewer, processes.ailing)), None)
    draw(markup.verdict(*verdict(found, stuck, last, now, currency, playing, dead), "refreshes every 5 s"))
    replays, quarantine = read(viewer, reading.replays, since), read(viewer, reading.quarantine, _received())
    draw(metrics(present.figures(flows, held, stuck, replays, quarantine, currency)))
    if not flows:
        advice = "Choose a longer window, or check that the engine runs: `tieout doctor`."
        draw(empty("No flow has run in this window", advice))
        return
    times, series = chart.slots(since, now, step), read(viewer, reading.series, since, step)
    draw(table(FLOWS, flow_rows(flows, series, times, found, levels, currency)))
    left, right = st.columns([3, 2])
    with left:
        st.header("Throughput and failure rate", anchor=False)
        st.plotly_chart(
            chart.throughput(series, levels, times, step),
            key="throughput",
            config={"displayModeBar": False},
            alt="Finished runs and failure rate over time",
        )
    with right:
        st.header("Dead letters by age", anchor=False)
        _ageing(held, currency)


def _ageing(held: Sequence[Held], currency: str) -> None:
    buckets, rows = ageing(held, currency)
    if not rows:
        draw(empty("Nothing is stuck", "No open failures of any age."))
        return
    ages = [Column(key, title, "heat") for key, title in buckets]
    draw(table([Column("flow", "Flow", "nw"), *ages, Column("total", "All", "right")], rows))


@st.fragment(run_every=REFRESH)
def _pairs(viewer: Viewer) -> None:
    st.header("Lag between systems", anchor=False)
    rows = tables.pair_rows(read(viewer, reading.pairs, present.hours(st.session_state.get("window"))))
    none = empty("No acknowledgement in this window", "Lag shows once a target has answered.")
    paged(tables.PAIRS, rows, "pairs_page", 20) if rows else draw(none)


@st.fragment(run_every=REFRESH)
def _dead_letters(viewer: Viewer) -> None:
    st.header("Dead letters, open now", anchor=False)
    dead, open_now = read(viewer, reading.dead_letters), read(viewer, causes)
    rows = tables.dead_letter_rows(dead, open_now, world_now(), reporting_currency())
    none = empty("No dead letters", "Every record that was taken in has ended or is on its way.")
    paged(tables.DEAD_LETTERS, rows, "dead_letters_page", 50) if rows else draw(none)


@st.fragment(run_every=REFRESH)
def _circuits(viewer: Viewer) -> None:
    st.header("Circuits and rate limits", anchor=False)
    circuits = read_now(viewer, reading.circuits)
    calls = {one.system: one for one in read(viewer, reading.calls)}
    rows = with_calls(tables.circuit_rows(circuits, world_now()), calls, [one.system for one in circuits])
    none = empty("No system has been called yet", "Each connected system shows here with its first call.")
    draw(table([*tables.CIRCUITS, *CALLS], rows) if rows else none)


@st.fragment(run_every=REFRESH)
def _quarantine(viewer: Viewer) -> None:
    st.header("Quarantine", anchor=False)
    rows = tables.quarantine_rows(read(viewer, reading.quarantine, _received()), zone())
    none = empty("Nothing was quarantined in this window", "All input could be read.")
    paged(tables.QUARANTINE, rows, "quarantine_page", 10) if rows else draw(none)


def _received() -> datetime:
    """Since when input is asked for: by the collector's clock, which is not the world's while history is played."""
    return present.window(st.session_state.get("window"), datetime.now(UTC))[0]


PAGE = View(QUESTION, "Operations", ":material/monitoring:", 1, page)
