"""Which cases the page's filters ask for; they live in the address. Knows no Streamlit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from app.readings.viewer import Viewer
from models.domain.case import cause_title
from models.journal.cases import CaseFilter

STATUS = {
    "To do": None,
    "Open": ("open",),
    "Acknowledged": ("acknowledged",),
    "Snoozed": ("snoozed",),
    "Ignored": ("ignored",),
    "Resolved": ("resolved",),
}
ORDERS = {
    "Most money": "money",
    "Most severe": "severity",
    "Oldest": "age",
    "Newest": "newest",
    "Due first": "due",
    "Most records": "occurrences",
}
ASKED = ("status", "severity", "flow", "cause", "system", "owner", "entity", "mine", "find", "overdue")
"""Names of the filters, in the widgets and in the address."""


def chosen(viewer: Viewer, state: Mapping[str, Any]) -> CaseFilter:
    """The filter that the page's widgets say; the reading keeps it within the viewer's legal entities."""
    return CaseFilter(
        status=STATUS.get(str(state.get("status") or "To do")),
        severities=tuple(state.get("severity") or ()),
        flows=tuple(state.get("flow") or ()),
        causes=tuple(state.get("cause") or ()),
        systems=tuple(state.get("system") or ()),
        owners=tuple(state.get("owner") or ()),
        assignees=(viewer.name,) if state.get("mine") else (),
        legal_entities=tuple(state.get("entity") or ()),
        text=(state.get("find") or "").strip() or None,
        overdue=bool(state.get("overdue")),
    )


def titles(asked: Sequence[str], known: Sequence[str]) -> list[str]:
    """Causes as the filter shows them, each title once; what is no code of `known` is a title already and stays."""
    return list(dict.fromkeys(cause_title(one) if one in known else one for one in asked))


def causes(chosen: Sequence[str], known: Sequence[str]) -> tuple[str, ...]:
    """The causes behind the chosen titles; one that nobody knows stands for itself, so that it finds nothing and not
    everything.
    """
    return tuple(one for one in known if one in chosen or cause_title(one) in chosen) or tuple(chosen)
