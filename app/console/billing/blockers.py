"""What holds up billing, one line a reason, with whose it is and where its cases are; knows no Streamlit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from app.console.billing.states import NAMES
from app.console.widgets import formats
from app.console.widgets.causes import open_cause
from app.console.widgets.markup import Html, bar, span
from app.readings.billing.rows import State
from app.readings.cases.rows import Cause
from models.domain.case import cause_of, cause_title
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
    states: Sequence[State], causes: Mapping[str, Cause], currency: str, teams: Teams
) -> list[dict[str, object]]:
    """What holds up billing, the most value first: what it holds up here, and all that is open of its cause."""
    held = sorted((row for row in states if row.state in MOODS), key=lambda row: -row.bill_reporting)
    top = held[0].bill_reporting if held and held[0].bill_reporting else Decimal(1)
    return [_row(row, top, causes, currency, teams) for row in held]


def _row(row: State, top: Decimal, causes: Mapping[str, Cause], currency: str, teams: Teams) -> dict[str, object]:
    blocker, moving = row.blocker or "", row.state == "moving"
    cause = _cause(blocker, causes)
    return {
        "reason": span(
            "On its way to the ERP" if moving else cause_title(blocker) if blocker else formats.words(row.state), "t-b"
        ),
        "state": span(NAMES[row.state], "t-mute"),
        "owner": ", ".join(cause.teams) if cause and not moving else _owner(row, teams),
        "share": bar(float(row.bill_reporting / top), MOODS[row.state]),
        "value": formats.money(row.bill_reporting, currency),
        "items": formats.count(row.items),
        "oldest": f"{formats.count(row.oldest_days)} d",
        "cases": open_cause(cause, currency) if cause else _none(blocker),
    }


def _owner(row: State, teams: Teams) -> str | Html:
    if row.state == "moving":
        return span("nobody: goes on by itself", "t-mute")
    return team(row.blocker_owner, teams) if row.blocker_owner else span("not known", "t-mute")


def _cause(blocker: str, causes: Mapping[str, Cause]) -> Cause | None:
    """The open cause of a blocker, by the blocker's own name or by what it becomes."""
    return causes.get(cause_of(blocker)) or causes.get(CAUSES_OF.get(blocker, ""))


def _none(blocker: str) -> Html:
    return span("not an exception yet" if blocker in ORDINARY else "no open case", "t-mute")
