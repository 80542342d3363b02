"""How the states of work are named and coloured, on every chart and table of the page."""

from __future__ import annotations

NAMES = {
    "ready": "Ready",
    "moving": "On its way",
    "blocked": "Blocked",
    "not_approved": "Not approved",
    "billed": "Billed",
    "written_off": "Written off",
}
COLOURS = {
    "ready": "#009e73",
    "blocked": "#d55e00",
    "not_approved": "#e69f00",
    "billed": "#8b97a6",
    "total": "#0072b2",
    "moving": "#56b4e9",
}
READINESS = "Ready ÷ (ready + on its way + blocked), by value."
"""What `readiness` computes, for the page to say."""
