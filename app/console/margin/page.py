"""Margin (O4): actual against target by every dimension, where it erodes, and where PSA and ERP disagree."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import streamlit as st

from app.console.asking import read, read_now, reporting_currency, world_now
from app.console.figures import firm_figures
from app.console.freshness import fresh
from app.console.margin import presenter as present
from app.console.margin.chart import trend
from app.console.margin.forecast import FORECAST, forecast_rows, whole
from app.console.margin.tables import (
    DIMENSIONS,
    dimension_rows,
    disagreement_rows,
    disagreement_total,
    erosion_rows,
    erosion_total,
    gap_rows,
    whole_dimension,
)
from app.console.margin.why import why
from app.console.view import View
from app.console.widgets import formats
from app.console.widgets.choice import choice
from app.console.widgets.download import csv_of, download
from app.console.widgets.exchange import rates_line
from app.console.widgets.figures import MARGIN
from app.console.widgets.heading import admitted, draw, heading
from app.console.widgets.markup import Column, empty, metrics, table, verdict
from app.console.widgets.paging import paged
from app.readings.margin import QUESTION, erosion, gap
from app.readings.margin import reading as margin
from app.readings.margin.periods import PERIODS, USUAL, first_month
from app.readings.margin.rows import Forecast, Project
from app.readings.margin.sums import summed
from app.readings.page import Page
from app.readings.rates import reading as rates
from app.readings.rights import Action
from app.readings.viewer import ANYWHERE, Viewer
from models.canonical.classification import DataClass

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
    Column("why", "", tip="The bridge from the margin as sold to the margin at completion"),
)
DISAGREEMENT = (
    Column("project", "Project", "clip"),
    Column("entity", "Legal entity"),
    Column("psa", "Margin in PSA", "right"),
    Column("erp", "Margin in ERP", "right"),
    Column("difference", "Difference", "right"),
    Column(
        "told", "Told already", "right", "By a gate, a case or the tie-out: mostly work that the ERP does not have yet"
    ),
    Column("apart", "Nothing else says why", "right", "The two systems hold the same work: a case of its own"),
    Column("cases", "", "right"),
)
GAPS = (
    Column("record", "Record"),
    Column("period", "Month", "nw"),
    Column("psa", "Margin in PSA", "right"),
    Column("erp", "Margin in ERP", "right"),
    Column("difference", "Difference", "right"),
    Column("why", "Why"),
    Column("told", "What says so"),
)

SIZE = 15
MOST_IN_A_FILE = 200_000


def page(viewer: Viewer) -> None:
    """Draw the page for one viewer."""
    admitted(viewer, QUESTION)
    currency = reporting_currency()
    heading(viewer, "Margin", fresh(viewer))
    since = first_month(choice("Period", PERIODS, USUAL, "period"), world_now())
    projects = read(viewer, margin.projects, since)
    draw(verdict(*present.verdict(summed(projects), currency), rates_line(read(viewer, rates.rates), currency)))
    if not projects:
        longer = "Choose a longer period, or wait until the first approved time has reached the collector."
        draw(empty("No margin in this period yet", longer))
        return
    draw(metrics(present.figures(projects, currency)))
    _trend_and_erosion(viewer, projects, currency)
    if viewer.sees(DataClass.LABOUR_RATE):
        firm_figures(viewer, MARGIN, "/margin")
        why(viewer, read(viewer, erosion.forecasts), currency)
    _dimensions(viewer, projects, currency)
    _disagreement(viewer, projects, since, currency)


def _trend_and_erosion(viewer: Viewer, projects: Sequence[Project], currency: str) -> None:
    if not viewer.sees(DataClass.LABOUR_RATE):
        role = "the finance or executive role"
        wider = f"{role} in every domain: these figures are of no single one" if viewer.bounded else role
        whom = f"They derive from labour rates. Ask your administrator for {wider}."
        draw(empty("Costs and margins are masked", whom))
        return
    with st.container(key="stack_margin"):
        left, right = st.columns([1, 2])
    with left:
        st.header("By month", anchor=False)
        months = read(viewer, margin.months, first_month("12 months", world_now()))
        alt = "Revenue, margin and target by month"
        st.plotly_chart(trend(months, currency), key="trend", config={"displayModeBar": False}, alt=alt)
    with right:
        what = "Margin more than two points below what was sold; the most money first."
        st.header("Eroding projects", anchor=False, help=what)
        rows = erosion_rows(projects, currency)
        none = empty("No project erodes", "Every project with a target is within two points of it.")
        paged(EROSION, rows, "eroding_page", 12, erosion_total(projects, currency)) if rows else draw(none)


def _dimensions(viewer: Viewer, projects: Sequence[Project], currency: str) -> None:
    st.header("Actual against target", anchor=False)
    left, away = st.columns([4, 1], vertical_alignment="center")
    with left:
        by = choice("By", DIMENSIONS, "Service line", "dimension")
    with away.container(horizontal=True, horizontal_alignment="right"):
        why_not = viewer.why_not(Action.EXPORT, ANYWHERE)
        download(viewer, "Projects (CSV)", "margin.csv", lambda: csv_of(projects), why_not)
    total = whole_dimension(projects, currency)
    paged(GROUPS, dimension_rows(projects, DIMENSIONS[by], currency), "dimension_page", total=total)
    if viewer.sees(DataClass.LABOUR_RATE):
        _forecast(viewer, read(viewer, erosion.forecasts), DIMENSIONS[by], currency)


def _forecast(viewer: Viewer, forecasts: Sequence[Forecast], dimension: str, currency: str) -> None:
    """What the projects will have earned, by the same dimension; of all their time, whatever the period above."""
    left, away = st.columns([4, 1], vertical_alignment="center")
    left.header("Forecast at completion", anchor=False, help="Of the projects' whole time, whatever period is chosen")
    if not forecasts:
        draw(empty("No source yet", "A forecast needs a budget and a manager's estimate to complete."))
        return
    with away.container(horizontal=True, horizontal_alignment="right"):
        why_not = viewer.why_not(Action.EXPORT, ANYWHERE)
        download(viewer, "Forecast (CSV)", "forecast.csv", lambda: csv_of(forecasts), why_not)
    paged(FORECAST, forecast_rows(forecasts, dimension, currency), "forecast_page", total=whole(forecasts, currency))


def _disagreement(viewer: Viewer, projects: Sequence[Project], since: date, currency: str) -> None:
    st.header("Where PSA and ERP disagree", anchor=False)
    gaps = {one.project_key: one for one in read(viewer, gap.gaps, since)}
    rows = disagreement_rows(projects, gaps, currency)
    if not rows:
        draw(empty("PSA and ERP agree", "Every project shows the same margin in both systems."))
        return
    paged(DISAGREEMENT, rows, "disagreement_page", 12, disagreement_total(projects, gaps, currency))
    st.caption(present.tolerance(summed(projects), currency))
    if viewer.sees(DataClass.LABOUR_RATE):
        _gap(viewer, sorted(gaps), since, currency)


def _gap(viewer: Viewer, known: Sequence[str], since: date, currency: str) -> None:
    """The records behind the difference on one project."""
    chosen = st.selectbox(
        "Records behind the difference on",
        known,
        index=None,
        key="apart",
        bind="query-params",
        placeholder="Records behind the difference on …",
        label_visibility="collapsed",
        width=360,
        on_change=lambda: st.session_state.update(gap_page=1),
    )
    if chosen is None or chosen not in known:
        return
    number = int(st.session_state.get("gap_page") or 1)
    found = read_now(viewer, gap.records, since, chosen, Page(SIZE, number))
    everything = lambda: csv_of(read_now(viewer, gap.records, since, chosen, Page(MOST_IN_A_FILE)))  # noqa: E731
    with st.container(horizontal=True, horizontal_alignment="right"):
        download(viewer, "Records (CSV)", f"margin-{chosen}.csv", everything, viewer.why_not(Action.EXPORT, ANYWHERE))
    if found:
        draw(table(GAPS, gap_rows(found, currency)))
        st.caption(formats.part_of((number - 1) * SIZE, len(found), found[0].of_all))
        if found[0].of_all > SIZE:
            st.pagination(-(-found[0].of_all // SIZE), key="gap_page")


PAGE = View(QUESTION, "Margin", ":material/trending_up:", 6, page)
