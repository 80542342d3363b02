"""Margin (O4): actual against target by every dimension, where it erodes, and where PSA and ERP disagree."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from app.console.asking import Row, ask, reporting_currency, world_now
from app.console.margin import presenter as present
from app.console.view import View
from app.console.widgets.download import csv_of, download
from app.console.widgets.exchange import rates_line
from app.console.widgets.heading import admitted, draw, heading
from app.console.widgets.markup import Column, empty, metrics, table, verdict
from app.readings.rights import Action, Question
from app.readings.viewer import Viewer
from models.canonical.classification import DataClass
from models.sql_statements import statements

SQL = statements(Path(__file__).with_name("margin.sql"))
GROUPS = (
    Column("name", "Name"),
    Column("revenue", "Revenue", "right", "Value of approved billable work"),
    Column("cost", "Cost", "right", "Direct delivery cost: hours × cost rate, plus project expenses"),
    Column("margin", "Gross margin", "right", "Revenue − direct delivery cost"),
    Column("share", "Margin", "right", "(Revenue − direct delivery cost) ÷ revenue"),
    Column("bullet", "Against target", tip="The mark is the target; the scale ends at 60%"),
    Column("target", "Target", "right", "As sold, weighted by revenue"),
    Column("gap", "Gap", "right", "Margin − target, in percentage points"),
    Column("disagreement", "PSA vs ERP", "right", "Σ |margin in PSA − margin in ERP|"),
)
EROSION = (
    Column("project", "Project", "clip"),
    Column("customer", "Customer", "clip"),
    Column("share", "Margin", "right"),
    Column("target", "As sold", "right"),
    Column("gap", "Gap", "right"),
    Column("eroded", "Short of target", "right", "(target − margin) × revenue"),
)
DISAGREEMENT = (
    Column("project", "Project", "clip"),
    Column("entity", "Legal entity"),
    Column("psa", "Margin in PSA", "right"),
    Column("erp", "Margin in ERP", "right"),
    Column("difference", "Difference", "right"),
    Column("cases", "", "right"),
)


def page(viewer: Viewer) -> None:
    """Draw the page for one viewer."""
    admitted(viewer, Question.MARGIN)
    now, currency = world_now(), reporting_currency()
    heading(viewer, "Margin", world_now)
    period = st.segmented_control(
        "Period",
        list(present.PERIODS),
        default="3 months",
        required=True,
        key="period",
        bind="query-params",
        label_visibility="collapsed",
    )
    since = present.first_month(period, now)
    projects, clear = ask(viewer, SQL["projects"], since=since.isoformat()), viewer.sees(DataClass.LABOUR_RATE)
    all_ = present.summed(projects)
    draw(verdict(*present.verdict(all_, currency, clear), rates_line(ask(viewer, SQL["rates"]), currency)))
    if not projects:
        draw(
            empty(
                "No margin in this period yet",
                "Choose a longer period, or wait until the first approved time has reached the collector.",
            )
        )
        return
    draw(metrics(present.figures(projects, currency, clear)))
    _trend_and_erosion(viewer, projects, currency, clear)
    _dimensions(viewer, projects, currency, clear)
    _disagreement(projects, currency, clear)


def _trend_and_erosion(viewer: Viewer, projects: list[Row], currency: str, clear: bool) -> None:
    if not clear:
        draw(
            empty(
                "Costs and margins are masked",
                "They derive from labour rates. Ask your administrator for the finance or executive role.",
            )
        )
        return
    with st.container(key="stack_margin"):
        left, right = st.columns([1, 2])
    with left:
        st.subheader("By month", anchor=False)
        months = ask(viewer, SQL["months"], since=present.first_month("12 months", world_now()).isoformat())
        st.plotly_chart(
            present.trend(months, currency),
            key="trend",
            config={"displayModeBar": False},
            alt="Revenue, margin and target by month",
        )
    with right:
        st.subheader(
            "Eroding projects",
            anchor=False,
            help="Margin more than two points below what was sold; the most money first.",
        )
        rows = present.erosion_rows(projects, currency)
        draw(
            table(EROSION, rows)
            if rows
            else empty("No project erodes", "Every project with a target is within two points of it.")
        )


def _dimensions(viewer: Viewer, projects: list[Row], currency: str, clear: bool) -> None:
    st.subheader("Actual against target", anchor=False)
    choice, away = st.columns([4, 1], vertical_alignment="center")
    with choice:
        by = st.segmented_control(
            "By",
            list(present.DIMENSIONS),
            default="Service line",
            required=True,
            key="dimension",
            bind="query-params",
            label_visibility="collapsed",
        )
    rows = present.dimension_rows(projects, present.DIMENSIONS[by or "Service line"], currency, clear)
    with away.container(horizontal=True, horizontal_alignment="right"):
        download(
            viewer,
            "Projects (CSV)",
            "margin.csv",
            lambda: csv_of(present.exported(projects, clear)),
            viewer.why_not(Action.EXPORT),
        )
    draw(table(GROUPS, rows))


def _disagreement(projects: list[Row], currency: str, clear: bool) -> None:
    st.subheader("Where PSA and ERP disagree", anchor=False)
    rows = present.disagreement_rows(projects, currency, clear)
    draw(
        table(DISAGREEMENT, rows)
        if rows
        else empty("PSA and ERP agree", "Every project shows the same margin in both systems.")
    )
    st.caption(present.tolerance(currency, clear))


PAGE = View(Question.MARGIN, "Margin", ":material/trending_up:", 5, page)
