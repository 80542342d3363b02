"""Flows that a person paused, and what became of a request to pause or resume one; knows no Streamlit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from app.console.widgets import formats
from app.console.widgets.markup import Column, dot, joined, span
from models.journal.requests import Request
from models.journal.runs.run import PausedFlow

PAUSED = (
    Column("flow", "Paused flow", "nw"),
    Column("since", "Since", "right"),
    Column("by", "By"),
    Column("reason", "Because", "wide"),
)


def paused_rows(flows: Iterable[PausedFlow], now: datetime) -> list[dict[str, object]]:
    """One line a flow that a person paused: since when, who and why."""
    return [
        {
            "flow": joined([dot("warn"), span(one.flow, "t-b")], ""),
            "since": formats.since(one.paused_at, now),
            "by": one.paused_by,
            "reason": one.reason or formats.NONE,
        }
        for one in flows
    ]


def answer(request: Request) -> tuple[str, str]:
    """What became of a request to pause or resume a flow: a mood and a sentence, as the database tells it."""
    flow, result = request.body.get("flow"), _result(request)
    if not request.ended:
        return (
            "info",
            f"Asked to {'pause' if request.kind == 'pause_flow' else 'resume'} {flow}: waiting for the engine…",
        )
    if request.state != "done":
        return "bad", f"The engine could not: {result.get('error') or request.state}"
    if request.kind == "pause_flow":
        held = "is paused: no run of it starts until it is resumed; what comes in is kept"
        before = f"was paused already, by {result.get('paused_by')}: {result.get('reason') or 'no reason given'}"
        return ("warn", f"{flow} {held}.") if result.get("changed") else ("warn", f"{flow} {before}.")
    return "good", f"{flow} goes on." if result.get("changed") else f"{flow} was not paused: nothing changed."


def _result(request: Request) -> Mapping[str, Any]:
    return request.result if isinstance(request.result, Mapping) else {}
