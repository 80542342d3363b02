"""Integration operations (O1): is work flowing, what fails, how late, how much money is held. Refreshes by itself."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from app.console.asking import Row, ask, case_groups, journal, reporting_currency, stores, world_now
from app.console.operations import chart
from app.console.operations import presenter as present
from app.console.view import View
from app.console.widgets.heading import admitted, draw, heading, zone
from app.console.widgets.markup import Column, empty, metrics, table, verdict
from app.console.widgets.playback import playback
from app.readings.rights import Question
from app.readings.viewer import Viewer
from models.sql_statements import statements

SQL = statements(Path(__file__).with_name("operations.sql"))
REFRESH = "5s"

FLOWS = (
    Column("flow", "Flow", "nw"),
    Column("state", "State", "say"),
    Column("volume", "Finished over time", tip="Red ticks mark failures"),
    Column("settled", "Finished", "right"),
    Column("rate", "Failure rate", "right", "Dead ÷ (finished + dead)"),
    Column("retries", "Retries", "right"),
    Column("run", "Run p50 · p95", "right", "From admission to the last step, latest hour with runs"),
    Column(
        "lag", "Lag p50 · p95", "right", "Acknowledged in the target − changed at the source, latest hour with runs"
    ),
    Column("allowed", "Allowed", "right", "Service level for the lag"),
    Column("held", "Open failures", "right"),
)
PAIRS = (
    Column("pair", "From → to", "nw"),
    Column("entity", "What", "nw"),
    Column("flow", "Flow", "nw"),
    Column("acknowledged", "Answers", "right", "Acknowledgements by the target in the last seven days"),
    Column("p50", "p50", "right"),
    Column("p95", "p95", "right"),
    Column("max", "Longest", "right"),
    Column("pending", "Oldest waiting", "right", "Age of the oldest change not yet acknowledged"),
)
LETTERS = (
    Column("code", "Refusal"),
    Column("letters", "Dead letters", "right"),
    Column("amount", "Value", "right"),
    Column("system", "System"),
    Column("flow", "Flow", "nw"),
    Column("oldest", "Oldest", "right"),
    Column("message", "What the system said", "wide"),
)
QUARANTINE = (
    Column("receiver", "Receiver"),
    Column("code", "Fault"),
    Column("rows", "Inputs", "right"),
    Column("last", "Last", "right"),
    Column("reason", "Reason", "clip"),
)
THROTTLE = (
    Column("system", "System"),
    Column("state", "Circuit"),
    Column("failures", "Faults in a row", "right"),
    Column("until", "Next call", "right"),
    Column("reason", "Because", "clip"),
)


def page(viewer: Viewer) -> None:
    """Draw the page for one viewer."""
    admitted(viewer, Question.OPERATIONS)
    heading(viewer, "Operations", world_now)
    st.segmented_control(
        "Window",
        list(present.WINDOWS),
        default="7 d",
        required=True,
        key="window",
        bind="query-params",
        label_visibility="collapsed",
    )
    _state(viewer)
    _letters(viewer)
    with st.container(key="stack_operations"):
        left, right = st.columns([5, 3])
    with left:
        _pairs(viewer)
    with right:
        _systems(viewer)
        _quarantine(viewer)


@st.fragment(run_every=REFRESH)
def _state(viewer: Viewer) -> None:
    now, currency = world_now(), reporting_currency()
    since, step = present.window(st.session_state.get("window"), now)
    flows, series = ask(viewer, SQL["flows"], since=since), ask(viewer, SQL["series"], since=since, step=step)
    held, levels = ask(viewer, SQL["held"]), stores().catalogue.service_levels
    found = present.healths(flows, held, now, levels)
    stuck, last = present.stake(case_groups(viewer.entities)), ask(viewer, SQL["last"])
    playing = playback(stores().clock).playing() is not None
    draw(
        verdict(
            *present.verdict(found, stuck, last[0]["hour"] if last else None, now, currency, playing),
            "refreshes every 5 s",
        )
    )
    draw(
        metrics(
            present.figures(flows, held, stuck, ask(viewer, SQL["replays"]), ask(viewer, SQL["quarantine"]), currency)
        )
    )
    if not flows:
        draw(
            empty(
                "No flow has run in this window",
                "Choose a longer window, or check that the engine runs: `tieout doctor`.",
            )
        )
        return
    times = chart.slots(since, now, step)
    draw(table(FLOWS, present.flow_rows(flows, series, times, found, currency, levels)))
    left, right = st.columns([3, 2])
    with left:
        st.subheader("Throughput and failure rate", anchor=False)
        st.plotly_chart(
            chart.throughput(series, times, step, list(levels)),
            key="throughput",
            config={"displayModeBar": False},
            alt="Finished runs and failure rate over time",
        )
    with right:
        st.subheader("Failures by age", anchor=False)
        _ageing(held, currency)


def _ageing(held: list[Row], currency: str) -> None:
    buckets, rows = present.ageing(held, currency)
    if not rows:
        draw(empty("Nothing is stuck", "No open failures of any age."))
        return
    draw(
        table(
            [
                Column("flow", "Flow", "nw"),
                *(Column(key, title, "heat") for key, title in buckets),
                Column("total", "All", "right"),
            ],
            rows,
        )
    )


@st.fragment(run_every=REFRESH)
def _pairs(viewer: Viewer) -> None:
    st.subheader("Lag between systems", anchor=False)
    rows = present.pair_rows(ask(viewer, SQL["pairs"]))
    draw(table(PAIRS, rows) if rows else empty("No acknowledgement yet", "Lag shows once a target has answered."))


@st.fragment(run_every=REFRESH)
def _letters(viewer: Viewer) -> None:
    st.subheader("Dead letters", anchor=False)
    rows = present.letter_rows(ask(viewer, SQL["letters"]), world_now(), reporting_currency())
    draw(
        table(LETTERS, rows)
        if rows
        else empty("No dead letters", "Every record that was taken in has ended or is on its way.")
    )


@st.fragment(run_every=REFRESH)
def _systems(viewer: Viewer) -> None:
    st.subheader("Circuits and rate limits", anchor=False)
    states = present.circuit_rows(list(journal().throttle.circuits().values()), world_now())
    draw(
        table(THROTTLE, states)
        if states
        else empty("No system has been called yet", "Each connected system shows here with its first call.")
    )


@st.fragment(run_every=REFRESH)
def _quarantine(viewer: Viewer) -> None:
    st.subheader("Quarantine", anchor=False)
    refused = present.quarantine_rows(ask(viewer, SQL["quarantine"]), zone())
    draw(table(QUARANTINE, refused) if refused else empty("Nothing in quarantine", "All input could be read."))


PAGE = View(Question.OPERATIONS, "Operations", ":material/monitoring:", 1, page)
