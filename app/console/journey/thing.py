"""The journey of one thing: how it ended, its spans, its records one by one, and what each system holds now (O2)."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from app.console.asking import audit, read, stores
from app.console.journey import presenter as present
from app.console.journey.holdings import gone
from app.console.journey.holdings_panel import holdings_panel, invoice_panel, projects_panel, work_panel
from app.console.journey.payloads import parts
from app.console.journey.sentences import MOODS, sentence
from app.console.journey.waterfall_panel import waterfall_panel
from app.console.widgets import formats
from app.console.widgets.heading import draw, identifier, zone
from app.console.widgets.markup import block, chip, facts, joined, span, verdict
from app.console.widgets.payload import field_table
from app.readings.journey import reading, search
from app.readings.journey.domains import why_not_clear
from app.readings.journey.rows import Step
from app.readings.journey.search import Candidate
from app.readings.viewer import Viewer

IDS = ("run_id", "lineage_id", "correlation_id", "trace_id", "record_id")


def thing(viewer: Viewer, one: Candidate) -> None:
    """Draw everything that is known of it."""
    name = search.name_of(one.key)
    if one.kind == "invoice":
        invoice_panel(viewer, one.key, _clear(viewer, one))
        return
    ended = st.empty()
    clear = _clear(viewer, one)
    steps, held = read(viewer, reading.steps, one, clear), read(viewer, reading.holdings, one, clear)
    is_trace = one.kind == "trace"
    if steps or one.kind not in ("trace", "customer", "project"):
        with ended:
            draw(verdict(*present.outline(steps, gone(held.rows, name)), one.title))
    waterfall_panel(viewer, steps, one.key if is_trace else None, clear)
    if steps:
        _timeline(steps)
    holdings_panel(held)
    if one.kind == "customer":
        projects_panel(viewer, name)
    if one.kind == "project" or one.key.startswith("project:"):
        work_panel(viewer, name, clear)


def _clear(viewer: Viewer, one: Candidate) -> bool:
    """Whether clear values are shown: not until a cleared viewer asks, and that is audited (G2)."""
    why_not = why_not_clear(stores(), viewer, one)
    masked = "Rates, pay and contract values are masked. Showing them is kept in the audit lake with your name."
    wanted = st.toggle(
        "Show clear values",
        key=f"clear_{one.key}",
        disabled=why_not is not None,
        help=why_not or masked,
        on_change=audit,
        args=(viewer, "clear_values_shown", one.key),
    )
    return bool(wanted and not why_not)


def _timeline(steps: Sequence[Step]) -> None:
    with st.container(key="stack_timeline"):
        left, right = st.columns([3, 2])
    with left:
        st.header("Timeline", anchor=False)
        picked = st.dataframe(
            present.timeline(steps, zone()),
            key=f"steps_{steps[0].record_id}",
            on_select="rerun",
            selection_mode="single-row",
            hide_index=True,
            row_height=29,
            height=min(36 + 29 * len(steps), 560),
            alt="Every record of the journey in order",
            column_config={
                "at": st.column_config.TextColumn("At", width=112),
                "mark": st.column_config.TextColumn("", width=30),
                "what": st.column_config.TextColumn("What happened", width=290),
                "system": st.column_config.TextColumn("System", width=80),
                "status": st.column_config.TextColumn("Status", width=104),
                "took": st.column_config.TextColumn("Took", width=60, alignment="right"),
                "amount": st.column_config.TextColumn("Amount", width=98, alignment="right"),
                "flow": st.column_config.TextColumn("Flow / step", width=200),
            },
        )
    rows = picked.selection.rows
    with right:
        _record(steps[rows[0]] if rows and rows[0] < len(steps) else present.telling(steps))


def _record(row: Step) -> None:
    st.header("Record", anchor=False)
    kind = chip(formats.words(row.kind), MOODS.get(row.kind, ""))
    draw(block(joined([kind, span(sentence(row), "t-b")])))
    draw(facts(present.facts(row, zone())))
    for part in parts(row):
        draw(field_table(part.fields, part.before, part.after))
    draw(facts(present.proof(row, zone())))
    with st.expander("Ids"):
        for label in IDS:
            identifier(formats.words(label), getattr(row, label))
