"""Billing readiness (O3): ready, blocked, not approved, billed; each blocker with owner and value; what ties out."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go
import streamlit as st

from app.console.asking import read, read_now, reporting_currency
from app.console.billing import chart
from app.console.billing import presenter as present
from app.console.billing.blockers import blocker_rows
from app.console.billing.breakdown import breakdown, whole
from app.console.billing.states import READINESS
from app.console.figures import firm_figures
from app.console.freshness import fresh
from app.console.reconciliation import presenter as ties_out
from app.console.view import View
from app.console.widgets.causes import TIP
from app.console.widgets.choice import choice
from app.console.widgets.download import csv_of, download
from app.console.widgets.exchange import rates_line
from app.console.widgets.figures import BILLING
from app.console.widgets.heading import admitted, draw, heading
from app.console.widgets.markup import Column, empty, link, metrics, table, verdict
from app.console.widgets.paging import paged
from app.readings.billing import QUESTION
from app.readings.billing import reading as billing
from app.readings.billing.rows import State
from app.readings.cases.causes import causes
from app.readings.rates import reading as rates
from app.readings.rights import Action
from app.readings.systems import reading as systems
from app.readings.tieout import reading as tieout
from app.readings.viewer import ANYWHERE, Viewer

DIMENSIONS = {
    "Customer": "customer",
    "Project": "project",
    "Legal entity": "legal_entity",
    "Service line": "service_line",
}
BLOCKERS = (
    Column("reason", "What holds it up"),
    Column("state", "Counts as"),
    Column("owner", "Whose it is"),
    Column("share", ""),
    Column("value", "Value", "right", "Of the items that are held up here"),
    Column("items", "Items", "right", "Time entries, expenses and milestones; each counts once"),
    Column("oldest", "Oldest", "right"),
    Column("cases", "Open exception", "right", TIP),
)
GROUPS = (
    Column("name", "Name"),
    Column("mix", "Unbilled", tip="Green ready, light blue on its way, orange-red blocked, amber not approved"),
    Column("ready", "Ready", "right"),
    Column("moving", "On its way", "right"),
    Column("blocked", "Blocked", "right"),
    Column("not_approved", "Not approved", "right"),
    Column("billed", "Billed", "right"),
    Column("readiness", "Readiness", "right", READINESS),
    Column("oldest", "Oldest", "right"),
)
WORK = ("time_entry", "expense", "invoice_line")
"""What of the tie-out is about billing; the rest stands on the Reconciliation page."""


def page(viewer: Viewer) -> None:
    """Draw the page for one viewer."""
    admitted(viewer, QUESTION)
    heading(viewer, "Billing readiness", fresh(viewer))
    firms = _firms(viewer)
    currency = reporting_currency()
    states = read(viewer, billing.states, firms=firms)
    draw(verdict(*present.verdict(states, currency), rates_line(read(viewer, rates.rates), currency)))
    if not states:
        soon = "Figures appear a few seconds after the first approved time has reached the collector."
        draw(empty("No billable work yet", soon))
        return
    draw(metrics(present.figures(states, read(viewer, rates.targets), currency)))
    _charts(viewer, states, firms, currency)
    _blockers(viewer, states, firms, currency)
    _breakdown(viewer, firms, currency)
    _tie_out(viewer, firms, currency)
    firm_figures(viewer, BILLING, "/billing", "Figures of the whole firm")


def _firms(viewer: Viewer) -> tuple[str, ...]:
    names = read(viewer, billing.firms)
    if len(names) < 2:
        return ()
    chosen = st.pills(
        "Legal entity", names, selection_mode="multi", key="firm", bind="query-params", label_visibility="collapsed"
    )
    return tuple(chosen or ())


def _charts(viewer: Viewer, states: Sequence[State], firms: tuple[str, ...], currency: str) -> None:
    left, right = st.columns([3, 2])
    with left:
        once = "Each amount counts once, under its one primary reason."
        st.header("From unbilled to ready", anchor=False, help=once)
        _drawn(chart.bridge(states, currency), "bridge", "Waterfall from unbilled to ready")
    with right:
        st.header("Unbilled by age of the work", anchor=False)
        _drawn(chart.ageing(read(viewer, billing.ages, firms=firms), currency), "ages", "Unbilled value by age")


def _drawn(figure: go.Figure, key: str, alt: str) -> None:
    st.plotly_chart(figure, key=key, config={"displayModeBar": False}, alt=alt)


def _blockers(viewer: Viewer, states: Sequence[State], firms: tuple[str, ...], currency: str) -> None:
    title, away = st.columns([4, 1], vertical_alignment="center")
    title.header("What holds it up", anchor=False)
    with away.container(horizontal=True, horizontal_alignment="right"):
        download(
            viewer,
            "Unbilled items (CSV)",
            "unbilled.csv",
            lambda: csv_of(read_now(viewer, billing.unbilled, firms=firms)),
            viewer.why_not(Action.EXPORT, ANYWHERE),
        )
    rows = blocker_rows(states, read(viewer, causes, firms), currency, read(viewer, systems.teams))
    nothing = empty("Nothing holds up billing", "All work is approved, and ready or billed.")
    draw(table(BLOCKERS, rows) if rows else nothing)


def _breakdown(viewer: Viewer, firms: tuple[str, ...], currency: str) -> None:
    st.header("Where it lies", anchor=False)
    by = choice("By", DIMENSIONS, "Customer", "by")
    rows = read(viewer, billing.parts, DIMENSIONS[by], firms=firms)
    columns = [column for column in GROUPS if column.key != "moving" or any(row.state == "moving" for row in rows)]
    paged(columns, breakdown(rows, currency, by), "parts_page", total=whole(rows, currency))


def _tie_out(viewer: Viewer, firms: tuple[str, ...], currency: str) -> None:
    """The joints that work passes on its way to an invoice, as the Reconciliation page has them."""
    st.header("From the PSA to the ERP to the invoice", anchor=False)
    joints = [one for one in read(viewer, tieout.joints, firms=firms) if one.entity in WORK]
    draw(verdict(*ties_out.verdict(joints), link("Record by record", "/reconciliation")))
    if joints:
        draw(table(ties_out.columns(joints), ties_out.joint_rows(joints, currency)))


PAGE = View(QUESTION, "Billing readiness", ":material/request_quote:", 4, page)
