"""Flows that others run, and what a rule would make of what they sent, as rows of tables; knows no Streamlit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from app.console.widgets import formats
from app.console.widgets.markup import Column, Html, dot, joined, link, span
from app.readings.elsewhere.rows import ForeignFlow, ForeignRun
from app.readings.journey.search import counted
from models.domain.team import Teams, team

FLOWS = (
    Column("flow", "Flow", "nw"),
    Column("system", "Runs in", "nw"),
    Column("state", "State", "say"),
    Column("runs", "Runs", "right", "Read so far"),
    Column("running", "Running", "right", "Begun, and no end was heard of"),
    Column("allowed", "Allowed", "right", "From a run's beginning to its end"),
    Column("owner", "Owner", "nw"),
    Column("heard", "Last heard", "right"),
)
RUNS = (
    Column("flow", "Flow", "nw"),
    Column("run", "Run", "nw"),
    Column("state", "State", "nw"),
    Column("step", "Step"),
    Column("key", "Business key", "nw"),
    Column("amount", "Amount", "right"),
    Column("error", "What its engine said", "wide"),
)
MOODS = {"done": "good", "failed": "bad", "running": ""}


def flow_rows(flows: Iterable[ForeignFlow], now: datetime, teams: Teams) -> list[dict[str, object]]:
    """One line a flow; `now` is wall time, as engines elsewhere count it."""
    return [
        {
            "flow": joined([dot(_mood(one, now)), span(one.flow, "t-b")], ""),
            "system": " ".join(part for part in (one.system, one.instance) if part),
            "state": _sentence(one, now),
            "runs": formats.count(one.runs),
            "running": formats.count(one.running),
            "allowed": formats.duration(one.allowed_s),
            "owner": team(one.owner, teams) if one.owner else "",
            "heard": formats.since(one.heard_at, now),
        }
        for one in flows
    ]


def run_rows(runs: Sequence[ForeignRun], most: int) -> list[dict[str, object]]:
    """The runs that a rule would make, those that failed first."""
    first = sorted(runs, key=lambda one: (one.state != "failed", one.flow))
    return [
        {
            "flow": one.flow,
            "run": _journey(one),
            "state": joined([dot(MOODS.get(one.state, "")), one.state], ""),
            "step": one.step or "",
            "key": one.business_key or span("none told", "t-warn"),
            "amount": formats.money(one.amount, one.currency or "") if one.amount is not None else "",
            "error": one.error_message or "",
        }
        for one in first[:most]
    ]


def _journey(one: ForeignRun) -> Html | str:
    return link(one.run_id, "/journey", q=one.trace_id) if one.trace_id else one.run_id


def _late(one: ForeignFlow, now: datetime) -> bool:
    """A run has begun and not ended within what the flow promises; of sampled traces nobody can say."""
    if one.sampled or one.running_since is None or one.allowed_s is None:
        return False
    return (now - one.running_since).total_seconds() > one.allowed_s


def _failed_last(one: ForeignFlow) -> bool:
    return one.failed_at is not None and (one.done_at is None or one.failed_at > one.done_at)


def _mood(one: ForeignFlow, now: datetime) -> str:
    if one.failures or _failed_last(one):
        return "bad"
    return "warn" if _late(one, now) else "good" if one.done_at else ""


def _sentence(one: ForeignFlow, now: datetime) -> str:
    if one.failed_at and (one.failures or _failed_last(one)):
        unmended = f", {counted(one.failures, 'failure')} not mended" if one.failures else ""
        return f"failed {formats.since(one.failed_at, now)}{unmended}"
    if one.running_since and _late(one, now):
        return f"has been running for {formats.age((now - one.running_since).total_seconds())}"
    return f"was done {formats.since(one.done_at, now)}" if one.done_at else "has not ended yet"
