"""What each system holds now, a customer's projects, a project's work, and what an invoice bills (O2)."""

from __future__ import annotations

import streamlit as st

from app.console.asking import read, read_now
from app.console.journey.holdings import holdings, lines, work_rows
from app.console.widgets import formats
from app.console.widgets.heading import draw, zone
from app.console.widgets.markup import Column, chip, empty, facts, joined, link, span, table
from app.readings.journey import reading
from app.readings.journey.rows import Holdings
from app.readings.viewer import Viewer

PROJECTS = (
    Column("key", "Project"),
    Column("name", "Name"),
    Column("firm", "Legal entity"),
    Column("usable", "Usable since", "right"),
)
WORK = (
    Column("key", "Item"),
    Column("who", "Person"),
    Column("code", "Charge code"),
    Column("on", "Worked on"),
    Column("hours", "Hours", "right"),
    Column("value", "Value", "right"),
    Column("state", "State"),
)
LINES = (
    Column("entry", "Time or expense"),
    Column("posting", "Posting in the ERP"),
    Column("amount", "Amount", "right"),
)


def holdings_panel(held: Holdings) -> None:
    """Draw what the systems hold side by side; nothing where none holds it."""
    if not held.rows:
        return
    st.header("What each system holds now", anchor=False)
    columns, rows = holdings(held, zone())
    differs = chip("differs", "warn")
    cells = [
        {**row, "field": joined([span(row["field"], "t-mono"), differs if row["differs"] else None])} for row in rows
    ]
    draw(table([Column("field", "Field"), *(Column(column, column) for column in columns)], cells))


def projects_panel(viewer: Viewer, customer: str) -> None:
    """Draw the projects of a customer."""
    cells = [
        {
            "key": link(row.key, "/journey", q=row.key),
            "name": row.name,
            "firm": row.legal_entity,
            "usable": formats.moment(row.usable_at, zone()),
        }
        for row in read(viewer, reading.projects, customer)
        if row.customer_key == customer
    ]
    st.header("Projects", anchor=False)
    draw(table(PROJECTS, cells))


def work_panel(viewer: Viewer, project: str, clear: bool) -> None:
    """Draw the time, expenses and milestones of a project; nothing where it has none."""
    rows = read(viewer, reading.work, project, clear)
    if not rows:
        return
    st.header("Work on this project", anchor=False)
    draw(table(WORK, work_rows(rows)))


def invoice_panel(viewer: Viewer, number: str, clear: bool) -> None:
    """Draw an invoice's head and its lines with the time entry or expense that each bills."""
    for invoice in read_now(viewer, reading.invoice, number, clear):
        head, billed = lines(invoice)
        draw(facts(head))
        st.header("What it bills", anchor=False)
        cells = [
            {
                **line,
                "posting": span(line["posting"], "t-mono"),
                "entry": link(line["entry"], "/journey", q=line["entry"]),
            }
            for line in billed
        ]
        draw(table(LINES, cells) if cells else empty("No lines", "The ERP lists none."))
