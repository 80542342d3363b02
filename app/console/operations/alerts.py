"""Alerts as rows of a table, and what became of a try; knows no Streamlit."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from app.console.widgets import formats
from app.console.widgets.markup import Column, Html, chip, joined, span
from app.readings.alerts.rows import Told
from models.domain.alert import DEAD, DELIVERED

ALERTS = (
    Column("at", "Told", "nw"),
    Column("what", "What", "wide"),
    Column("whom", "Whom, by which road", "nw"),
    Column("state", "State", "nw"),
    Column("attempts", "Attempts", "right"),
    Column("fault", "Why the last one failed", "clip"),
)
KINDS = {"case": "cases", "digest": "summary of the day", "pulse": "pulse", "test": "try"}


def alert_rows(told: Sequence[Told], now: datetime, zone: str | None) -> list[dict[str, object]]:
    """Who was told of what, and how it fares; `now` is by the wall, as alerts are."""
    return [
        {
            "at": formats.moment(one.made_at, zone),
            "what": joined([one.title, span(KINDS.get(one.kind, one.kind), "t-mute")], " · "),
            "whom": joined([one.audience, span(one.road, "t-mute")], " · "),
            "state": _state(one, now),
            "attempts": formats.count(one.attempts),
            "fault": one.fault or formats.NONE,
        }
        for one in told
    ]


def _state(one: Told, now: datetime) -> Html:
    if one.state == DELIVERED:
        return chip("delivered", "good")
    if one.state == DEAD:
        return chip("never arrived", "bad")
    again = f"again {formats.since(one.next_at, now)}" if one.attempts and one.next_at else "on its way"
    return chip(again, "warn" if one.attempts else "")
