"""The causes ranked by money, and the replay of all that one of them holds (X8, E4)."""

from __future__ import annotations

import streamlit as st

from app.console.asking import read, reporting_currency, world_now
from app.console.exceptions import presenter as present
from app.console.exceptions.dialogs import group_dialog
from app.console.widgets import formats
from app.console.widgets.heading import draw, zone
from app.console.widgets.markup import verdict
from app.readings.cases import reading as cases
from app.readings.rights import Action
from app.readings.systems import reading as systems
from app.readings.viewer import Viewer

SEVERITIES, SEVERITY_COLOURS = ["critical", "high", "medium", "low"], ["red", "orange", "blue", "gray"]
COLUMNS = ("cause", "records", "cases", "money", "kind", "share", "owner", "severity", "oldest", "newest")


@st.fragment(run_every="5s")
def causes(viewer: Viewer) -> None:
    """Draw what is stuck by its causes; it looks again by itself."""
    if "narrow_to" in st.session_state:
        st.rerun()
    groups, teams = read(viewer, cases.groups), read(viewer, systems.teams)
    now, currency = world_now(), reporting_currency()
    checked = f"last checked {formats.moment(now, zone(), seconds=True)}; new exceptions appear here by themselves"
    draw(verdict(*present.verdict(groups, currency), "ranked by money · refreshes every 5 s" if groups else checked))
    if not groups:
        return
    st.session_state["causes_shown"] = [group.cause for group in groups]
    column = st.column_config
    st.dataframe(
        present.cause_rows(groups, now, currency, teams),
        key="causes",
        column_order=[*COLUMNS, *(["act"] if viewer.may_somewhere(Action.PREVIEW) else [])],
        hide_index=True,
        row_height=31,
        height=min(37 + 31 * len(groups), 300),
        alt="Causes ranked by money",
        column_config={
            "cause": column.ButtonColumn(
                "Cause", type="tertiary", alignment="left", key="open_cause", on_click=_narrow
            ),
            "records": column.TextColumn("Records", alignment="right", width=66),
            "cases": column.TextColumn("Cases", alignment="right", width=58),
            "money": column.TextColumn("At stake", alignment="right", width=108),
            "kind": column.TextColumn("Kind of money", width=128),
            "share": column.ProgressColumn("Share of its kind", width=120, format="%.0f%%", min_value=0, max_value=100),
            "owner": column.TextColumn("Owner", width=120),
            "severity": column.MultiselectColumn("Severity", options=SEVERITIES, color=SEVERITY_COLOURS, width=78),
            "oldest": column.TextColumn("Oldest", alignment="right", width=66),
            "newest": column.TextColumn("Newest", alignment="right", width=94),
            "act": column.ButtonColumn("", key="replay_cause", on_click=_choose, type="secondary", width=120),
        },
    )
    if st.session_state.get("replay_of_cause"):
        group_dialog(viewer, st.session_state.pop("replay_of_cause"))


def _narrow() -> None:
    """Clicking a cause shows its cases alone: the page applies it before it draws the filter, which lies outside this
    fragment.
    """
    st.session_state["narrow_to"] = st.session_state["causes_shown"][st.session_state["open_cause"].row]


def _choose() -> None:
    cause = st.session_state["causes_shown"][st.session_state["replay_cause"].row]
    st.session_state["replay_of_cause"] = cause
    st.session_state.pop(f"runs_group_{cause}", None)
