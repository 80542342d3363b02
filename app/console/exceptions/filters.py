"""The filters above the list of cases: their values are found among the cases, their state lives in the address."""

from __future__ import annotations

from typing import Any

import streamlit as st

from app.console.asking import facets
from app.console.exceptions import narrowing
from app.console.widgets import formats
from app.readings.viewer import Viewer
from models.domain.case import CaseStatus
from models.domain.team import Teams, owners_of_teams, team
from models.journal.cases import CaseFilter

FACETS = {
    "flow": "flow",
    "cause": "cause",
    "system": "system",
    "owner": "owner",
    "entity": "legal_entity",
    "severity": "severity",
}
"""The filters with values to choose among, and the column of a case that each is about."""


def filters(viewer: Viewer, teams: Teams) -> None:
    """Draw them; owners are named by their `teams`."""
    status = st.session_state.get("status") or st.query_params.get("status") or "To do"
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.text_input(
            "Search",
            key="find",
            bind="query-params",
            type="search",
            placeholder="Words, key, run or project",
            label_visibility="collapsed",
            width=230,
            on_change=_first_page,
        )
        st.segmented_control(
            "Status",
            list(narrowing.STATUS),
            default="To do",
            required=True,
            key="status",
            bind="query-params",
            label_visibility="collapsed",
            on_change=_first_page,
        )
        st.toggle("Mine", key="mine", bind="query-params", on_change=_first_page)
        st.toggle("Over SLA", key="overdue", bind="query-params", on_change=_first_page)
    with st.grid(columns=7, min_column_width=130, gap="xsmall"):
        for name in FACETS:
            _choice(name, _options(viewer, name, narrowing.STATUS.get(status), teams))
        st.selectbox(
            "Order",
            list(narrowing.ORDERS),
            key="order",
            bind="query-params",
            label_visibility="collapsed",
            on_change=_first_page,
        )


def _choice(name: str, options: list[str]) -> None:
    st.multiselect(
        formats.words(name),
        options,
        key=name,
        bind="query-params",
        placeholder={"entity": "Legal entity"}.get(name, formats.words(name)),
        label_visibility="collapsed",
        on_change=_first_page,
    )


def _options(viewer: Viewer, name: str, status: tuple[str, ...] | None, teams: Teams) -> list[str]:
    """Values found among the cases, owners and causes in words, and those the address or a click asked for, so that
    they can be taken away again.
    """
    found = list(facets(viewer, FACETS[name], status))
    if name == "owner":
        found = sorted({team(owner, teams) for owner in found})
    if name == "cause":
        found = narrowing.titles(found, found)
    asked = [*(st.session_state.get(name) or []), *st.query_params.get_all(name)]
    return list(dict.fromkeys([*found, *asked]))


def every_value(viewer: Viewer, name: str) -> list[str]:
    """Every value that any case of the viewer's scope has, in whatever state it is."""
    return list(facets(viewer, FACETS[name], tuple(CaseStatus)))


def chosen(viewer: Viewer, teams: Teams) -> CaseFilter:
    """What the filters ask for now, teams and titles as the values behind them."""
    state: dict[str, Any] = {name: st.session_state.get(name) for name in narrowing.ASKED}
    owners = owners_of_teams(state["owner"] or (), every_value(viewer, "owner"), teams)
    causes = narrowing.causes(state["cause"] or (), every_value(viewer, "cause"))
    return narrowing.chosen(viewer, {**state, "owner": owners, "cause": causes})


def _first_page() -> None:
    st.session_state["p"] = 1
