"""Exceptions (X8, X9, E4): the causes ranked by money, then the cases, then one case with its replay."""

from __future__ import annotations

import streamlit as st

from app.console.exceptions import narrowing
from app.console.exceptions.case import case_page
from app.console.exceptions.case_list import case_list
from app.console.exceptions.causes import causes
from app.console.exceptions.dialogs import selection_dialog
from app.console.exceptions.filters import every_value
from app.console.exceptions.triage import last_action
from app.console.freshness import fresh
from app.console.view import View
from app.console.widgets.heading import admitted, heading
from app.readings.cases import QUESTION
from app.readings.viewer import Viewer
from models.domain.case import cause_title


def page(viewer: Viewer) -> None:
    """Draw the list, or the case the address names."""
    admitted(viewer, QUESTION)
    heading(viewer, "Exceptions", fresh(viewer))
    if narrowed := st.session_state.pop("narrow_to", None):
        st.session_state.update(cause=[cause_title(narrowed)], p=1)
    asked = st.query_params.get_all("cause")
    if asked and (titles := narrowing.titles(asked, every_value(viewer, "cause"))) != asked:
        st.session_state["cause"] = titles  # the address binds titles alone, while links name causes by their codes
    case_id = st.query_params.get("case")
    if case_id:
        case_page(viewer, case_id)
        return
    last_action()
    causes(viewer)
    case_list(viewer)
    if chosen := st.session_state.pop("replay_of_cases", None):
        selection_dialog(viewer, chosen)


PAGE = View(QUESTION, "Exceptions", ":material/rule:", 2, page)
