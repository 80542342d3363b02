"""What holds up billing, one line a reason, with whose it is and where its cases are; knows no Streamlit."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from app.console.billing.states import NAMES
from app.console.widgets import formats
from app.console.widgets.markup import Html, bar, link, span
from app.readings.billing.rows import State
from models.domain.case import cause_title
from models.domain.team import Teams, team

MOODS = {"blocked": "bad", "not_approved": "warn", "moving": ""}
CAUSES_OF = {
    "approval-pending": "approval-late",
    "not-submitted": "submission-late",
    "in-flight": "unaccounted",
    "rejected": "time-rejected",
}
"""What a blocker that is the ordinary course of things becomes once it lasts too long: the cause of its cases."""
ORDINARY = ("", "in-flight", "approval-pending", "not-submitted")
"""Blockers that are no exception by themselves."""


def blocker_rows(
    states: Sequence[State], causes: Sequence[str], currency: str, teams: Teams
) -> list[dict[str, object]]:
    """What holds up billing, the most value first; the reasons that have cases link to them."""
    held = sorted((row for row in states if row.state in MOODS), key=lambda row: -row.bill_reporting)
    top = held[0].bill_reporting if held and held[0].bill_reporting else Decimal(1)
    return [_row(row, top, causes, currency, teams) for row in held]


def _row(row: State, top: Decimal, causes: Sequence[str], currency: str, teams: Teams) -> dict[str, object]:
    blocker, moving = row.blocker or "", row.state == "moving"
    return {
        "reason": span(
            "On its way to the ERP" if moving else cause_title(blocker) if blocker else formats.words(row.state), "t-b"
        ),
        "state": span(NAMES[row.state], "t-mute"),
        "owner": _owner(row, teams),
        "share": bar(float(row.bill_reporting / top), MOODS[row.state]),
        "value": formats.money(row.bill_reporting, currency),
        "items": formats.count(row.items),
        "oldest": f"{formats.count(row.oldest_days)} d",
        "cases": _cases(blocker, causes),
    }


def _owner(row: State, teams: Teams) -> str | Html:
    if row.state == "moving":
        return span("nobody: goes on by itself", "t-mute")
    return team(row.blocker_owner, teams) if row.blocker_owner else span("not known", "t-mute")


def _cases(blocker: str, causes: Sequence[str]) -> Html:
    """A link to the open cases of a blocker, by the blocker's own name or by the cause it becomes."""
    for cause in (blocker, CAUSES_OF.get(blocker)):
        if cause and cause in causes:
            return link("Open cases", "/exceptions", cause=cause)
    return span("not an exception yet" if blocker in ORDINARY else "no open case", "t-mute")
