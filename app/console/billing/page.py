"""Billing readiness (O3): ready, blocked, not approved, billed; each blocker with owner and value; PSA against ERP."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from app.console.asking import Row, ask, case_groups, reporting_currency, stores, world_now
from app.console.billing import chart
from app.console.billing import presenter as present
from app.console.view import View
from app.console.widgets.download import csv_of, download
from app.console.widgets.exchange import rates_line
from app.console.widgets.heading import admitted, draw, heading
from app.console.widgets.markup import Column, empty, metrics, table, verdict
from app.readings.rights import Action, Question
from app.readings.viewer import Viewer
from models.domain.rounding import PER_ENTRY
from models.sql_statements import statements

SQL = statements(Path(__file__).with_name("billing.sql"))
DIMENSIONS = {
    "Customer": "by_customer",
    "Project": "by_project",
    "Legal entity": "by_legal_entity",
    "Service line": "by_service_line",
}

BLOCKERS = (
    Column("reason", "What holds it up"),
    Column("state", "Counts as"),
    Column("owner", "Whose it is"),
    Column("share", ""),
    Column("value", "Value", "right"),
    Column("items", "Items", "right"),
    Column("oldest", "Oldest", "right"),
    Column("cases", "", "right"),
)
GROUPS = (
    Column("name", "Name"),
    Column("mix", "Unbilled", tip="Green ready, light blue on its way, orange-red blocked, amber not approved"),
    Column("ready", "Ready", "right"),
    Column("moving", "On its way", "right"),
    Column("blocked", "Blocked", "right"),
    Column("not_approved", "Not approved", "right"),
    Column("billed", "Billed", "right"),
    Column("readiness", "Readiness", "right", present.READINESS),
    Column("oldest", "Oldest", "right"),
)
BALANCE = (
    Column("project", "Project"),
    Column("entity", "Legal entity", "nw"),
    Column("psa_hours", "PSA hours", "right"),
    Column("erp_hours", "ERP hours", "right"),
    Column("psa", "PSA", "right"),
    Column("erp", "ERP", "right"),
    Column("difference", "Difference", "right"),
    Column("explained", "Explained", "right", "By open exceptions, approvals outstanding and postings on their way"),
    Column("unexplained", "Unexplained", "right"),
)


def page(viewer: Viewer) -> None:
    """Draw the page for one viewer."""
    admitted(viewer, Question.BILLING)
    heading(viewer, "Billing readiness", world_now)
    firms = _firms(viewer)
    currency = reporting_currency()
    states = ask(viewer, SQL["states"], firms=firms)
    draw(verdict(*present.verdict(states, currency), rates_line(ask(viewer, SQL["rates"]), currency)))
    if not states:
        draw(
            empty(
                "No billable work yet",
                "Figures appear a few seconds after the first approved time has reached the collector.",
            )
        )
        return
    draw(metrics(present.figures(states, ask(viewer, SQL["targets"]), currency)))
    _charts(viewer, states, firms, currency)
    _blockers(viewer, states, firms, currency)
    _breakdown(viewer, firms, currency)
    _reconciliation(viewer, firms, currency)


def _firms(viewer: Viewer) -> list[str]:
    names = [row["legal_entity"] for row in ask(viewer, SQL["firms"])]
    if len(names) < 2:
        return []
    chosen = st.pills(
        "Legal entity", names, selection_mode="multi", key="firm", bind="query-params", label_visibility="collapsed"
    )
    return list(chosen or [])


def _charts(viewer: Viewer, states: list[Row], firms: list[str], currency: str) -> None:
    left, right = st.columns([3, 2])
    with left:
        st.subheader(
            "From unbilled to ready", anchor=False, help="Each amount counts once, under its one primary reason."
        )
        st.plotly_chart(
            chart.bridge(states, currency),
            key="bridge",
            config={"displayModeBar": False},
            alt="Waterfall from unbilled to ready",
        )
    with right:
        st.subheader("Unbilled by age of the work", anchor=False)
        st.plotly_chart(
            chart.ageing(ask(viewer, SQL["ages"], firms=firms), currency),
            key="ages",
            config={"displayModeBar": False},
            alt="Unbilled value by age",
        )


def _blockers(viewer: Viewer, states: list[Row], firms: list[str], currency: str) -> None:
    title, away = st.columns([4, 1], vertical_alignment="center")
    title.subheader("What holds it up", anchor=False)
    with away.container(horizontal=True, horizontal_alignment="right"):
        download(
            viewer,
            "Unbilled items (CSV)",
            "unbilled.csv",
            lambda: csv_of(present.exported(ask(viewer, SQL["unbilled"], firms=firms), viewer.clear)),
            viewer.why_not(Action.EXPORT),
        )
    causes = [group.cause for group in case_groups(viewer.entities)]
    teams = stores().catalogue.teams.playing({row["system"]: row["role"] for row in ask(viewer, SQL["roles"])})
    rows = present.blocker_rows(states, causes, currency, teams)
    draw(
        table(BLOCKERS, rows)
        if rows
        else empty("Nothing holds up billing", "All work is approved, and ready or billed.")
    )


def _breakdown(viewer: Viewer, firms: list[str], currency: str) -> None:
    st.subheader("Where it lies", anchor=False)
    by = st.segmented_control(
        "By",
        list(DIMENSIONS),
        default="Customer",
        required=True,
        key="by",
        bind="query-params",
        label_visibility="collapsed",
    )
    rows = ask(viewer, SQL[DIMENSIONS[by or "Customer"]], firms=firms)
    columns = [column for column in GROUPS if column.key != "moving" or any(row["state"] == "moving" for row in rows)]
    draw(table(columns, present.breakdown(rows, currency, by or "Customer")))


def _reconciliation(viewer: Viewer, firms: list[str], currency: str) -> None:
    st.subheader("PSA against ERP", anchor=False)
    total = ask(viewer, SQL["balance"], firms=firms, rounding=str(PER_ENTRY))
    rows = ask(viewer, SQL["reconciliation"], firms=firms)
    draw(verdict(*present.balance(total[0] if total else None, currency), present.tolerance(currency)))
    if rows:
        apart = present.differing(rows)
        draw(
            table(BALANCE, present.reconciliation_rows(apart, currency))
            if apart
            else empty("Every project agrees", "PSA and ERP show the same hours and the same value.")
        )
        download(
            viewer, "Reconciliation (CSV)", "reconciliation.csv", lambda: csv_of(rows), viewer.why_not(Action.EXPORT)
        )


PAGE = View(Question.BILLING, "Billing readiness", ":material/request_quote:", 4, page)
