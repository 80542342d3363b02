"""Reconciliation (X12): does every amount stand in one place? Joints, the records behind, the closing of a month."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app.console.asking import read, read_now, reporting_currency, world_now
from app.console.freshness import fresh
from app.console.reconciliation import presenter as present
from app.console.reconciliation.closing import checklist, over, restated_rows, settled
from app.console.reconciliation.records import CHOICES, record_rows, shown_of
from app.console.reconciliation.words import PLACES, UNSOURCED, joint_of
from app.console.reconciliation.write_off import write_off
from app.console.view import View
from app.console.widgets.choice import choice
from app.console.widgets.download import csv_of, download
from app.console.widgets.exchange import rates_line
from app.console.widgets.heading import admitted, draw, heading
from app.console.widgets.markup import Column, block, empty, facts, metrics, table, verdict
from app.readings.page import Page
from app.readings.rates import reading as rates
from app.readings.rights import Action
from app.readings.tieout import QUESTION
from app.readings.tieout import reading as tieout
from app.readings.tieout.question import TotalsQuestion
from app.readings.tieout.rows import Joint
from app.readings.viewer import ANYWHERE, Viewer

ALL = "All months"
RECENT = 6
"""Months to choose from by a button; older ones are in the file and in `tieout totals`."""
PAGE_SIZE = 25
MOST_IN_A_FILE = 200_000
RECORDS = (
    Column("record", "Record"),
    Column("project", "Project", "nw"),
    Column("place", "Stands"),
    Column("why", "Why", "say"),
    Column("source", "Source says", "right"),
    Column("target", "Target says", "right"),
    Column("since", "Since", "nw"),
)
RESTATED = (
    Column("day", "Sealed on", "nw"),
    Column("joint", "Joint", "nw"),
    Column("firm", "Legal entity", "nw"),
    Column("why", "What changed, and what is apart", "say"),
)
CLOSING = (Column("done", "", "nw"), Column("what", "To settle", "nw"), Column("left", "Left", "wide"))


def page(viewer: Viewer) -> None:
    """Draw the page for one viewer."""
    admitted(viewer, QUESTION)
    heading(viewer, "Reconciliation", fresh(viewer))
    period, firms = _chosen(viewer)
    currency = reporting_currency()
    joints = read(viewer, tieout.joints, period, firms=firms)
    draw(verdict(*present.verdict(joints), rates_line(read(viewer, rates.rates), currency)))
    if not joints:
        soon = "Figures appear a few seconds after the first record of a flow has been seen in a system."
        draw(empty("Nothing has been compared yet", soon))
        return
    draw(metrics(present.figures(joints)))
    _joints(viewer, joints, period, firms, currency)
    if period:
        _closing(viewer, joints, period, firms, currency)
    _records(viewer, joints, period, firms)
    _meaning()


def _chosen(viewer: Viewer) -> tuple[str, tuple[str, ...]]:
    """The month and the companies to look at; none means all."""
    months, names = read(viewer, tieout.periods), read(viewer, tieout.firms)
    left, right = st.columns([3, 2])
    with left:
        month = choice("Month", [ALL, *months[:RECENT]], ALL, "period") if months else ALL
    with right:
        chosen = (
            st.pills(
                "Legal entity",
                names,
                selection_mode="multi",
                key="firm",
                bind="query-params",
                label_visibility="collapsed",
            )
            if len(names) > 1
            else ()
        )
    return "" if month == ALL else month, tuple(chosen or ())


def _joints(viewer: Viewer, joints: Sequence[Joint], period: str, firms: tuple[str, ...], currency: str) -> None:
    title, away = st.columns([4, 1], vertical_alignment="center")
    title.header("Joint by joint", anchor=False, help="Record by record: what is missing here never pays for there.")
    wanted = TotalsQuestion(period=period, legal_entity=firms)
    with away.container(horizontal=True, horizontal_alignment="right"):
        why_not = viewer.why_not(Action.EXPORT, ANYWHERE)
        content = lambda: csv_of(read_now(viewer, tieout.totals, wanted))  # noqa: E731
        download(viewer, "Control totals (CSV)", f"control-totals{period and '-'}{period}.csv", content, why_not)
    draw(table(present.columns(joints), present.joint_rows(joints, currency)))


def _records(viewer: Viewer, joints: Sequence[Joint], period: str, firms: tuple[str, ...]) -> None:
    title, away = st.columns([4, 1], vertical_alignment="center")
    title.header("What did not land", anchor=False)
    entities = {"All joints": "", **{joint_of(joint.entity): joint.entity for joint in joints}}
    left, right, _ = st.columns([2, 2, 3])
    entity = entities[_one_of(left, "Joint", entities, "joint")]
    place = CHOICES[_one_of(right, "Place", CHOICES, "place")]
    number = int(st.session_state.get("records_page") or 1)
    found = read_now(viewer, tieout.records, period, entity, place, firms, Page(PAGE_SIZE, number))
    if not found and number > 1:  # another filter has fewer pages
        number = st.session_state["records_page"] = 1
        found = read_now(viewer, tieout.records, period, entity, place, firms, Page(PAGE_SIZE))
    everything = lambda: csv_of(  # noqa: E731
        read_now(viewer, tieout.records, period, entity, place, firms, Page(MOST_IN_A_FILE))
    )
    with away.container(horizontal=True, horizontal_alignment="right"):
        download(viewer, "Records (CSV)", "not-landed.csv", everything, viewer.why_not(Action.EXPORT, ANYWHERE))
    if not found:
        draw(empty("Nothing stands here", "What is not in this list landed, or stands in another place."))
        return
    draw(table(RECORDS, record_rows(found, world_now())))
    write_off(viewer, found)
    st.caption(shown_of(found, number, PAGE_SIZE))
    if (pages := -(-found[0].of_all // PAGE_SIZE)) > 1:
        st.pagination(pages, key="records_page")


def _one_of(where: DeltaGenerator, label: str, options: Mapping[str, str], key: str) -> str:
    """The option that is chosen; the first where none is."""
    names = list(options)
    chosen = where.selectbox(label, names, key=key, bind="query-params", label_visibility="collapsed")
    return chosen if chosen in options else names[0]


def _closing(viewer: Viewer, joints: Sequence[Joint], period: str, firms: tuple[str, ...], currency: str) -> None:
    ends = over(read(viewer, tieout.ends, period, firms=firms))
    closing = read(viewer, tieout.closing, period, firms=firms)
    rows = checklist(joints, closing, read(viewer, tieout.systems), ends, currency)
    st.header(f"Closing {period}", anchor=False)
    draw(block(settled(rows)))
    draw(table(CLOSING, rows))
    if again := read(viewer, tieout.restated, period, firms=firms):
        st.header("Restated since the month ended", anchor=False)
        draw(table(RESTATED, restated_rows(again)))


def _meaning() -> None:
    with st.expander("What the places mean"):
        draw(facts({name: tip for name, tip in (*PLACES.values(), UNSOURCED)}))


PAGE = View(QUESTION, "Reconciliation", ":material/balance:", 5, page)
