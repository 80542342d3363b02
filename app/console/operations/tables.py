"""Lags between systems, dead letters, quarantine and circuits as rows of tables; knows no Streamlit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from app.console.widgets import formats
from app.console.widgets.causes import TIP, open_cause
from app.console.widgets.markup import Column, Html, chip, dot, joined, link, span
from app.readings.cases.rows import Cause
from app.readings.operations.rows import DeadLetters, PairLag, Quarantined
from models.domain.case import cause_of, cause_title
from models.journal.circuits import Circuit

PAIRS = (
    Column("pair", "From → to", "nw"),
    Column("entity", "What", "nw"),
    Column("flow", "Flow", "nw"),
    Column("acknowledged", "Answers", "right", "Acknowledgements by the target in the window"),
    Column("p50", "p50", "right"),
    Column("p95", "p95", "right"),
    Column("max", "Longest", "right"),
    Column("pending", "Oldest waiting", "right", "Now: age of the oldest change that this target has not acknowledged"),
)
DEAD_LETTERS = (
    Column("code", "Refusal"),
    Column("runs", "Dead letters", "right", "Runs that ended dead"),
    Column("amount", "Value", "right", "Of what these runs carry"),
    Column("cause", "Open exception", "right", TIP),
    Column("system", "System"),
    Column("flow", "Flow", "nw"),
    Column("oldest", "Oldest", "right"),
    Column("message", "What the system said", "wide"),
)
QUARANTINE = (
    Column("receiver", "Receiver"),
    Column("code", "Fault"),
    Column("rows", "Inputs", "right"),
    Column("last", "Last", "right"),
    Column("reason", "Reason", "clip"),
)
CIRCUITS = (
    Column("system", "System"),
    Column("state", "Circuit"),
    Column("failures", "Faults in a row", "right"),
    Column("until", "Next call", "right"),
    Column("reason", "Because", "clip"),
)


def pair_rows(pairs: Sequence[PairLag]) -> list[dict[str, object]]:
    """Synchronisation lag by system pair; what waits longest comes first."""
    return [
        {
            "pair": joined(
                [row.source_system, span("→", "t-mute"), row.target_system or span("not answered", "t-mute")]
            ),
            "entity": formats.words(row.entity),
            "flow": span(row.flow, "t-nw"),
            "acknowledged": formats.count(row.acknowledged),
            "p50": formats.duration(row.lag_p50_s),
            "p95": formats.duration(row.lag_p95_s),
            "max": formats.duration(row.lag_max_s),
            "pending": span(formats.duration(row.oldest_pending_s), "t-warn")
            if row.oldest_pending_s
            else span("none", "t-mute"),
        }
        for row in pairs
    ]


def dead_letter_rows(
    dead: Sequence[DeadLetters], causes: Mapping[str, Cause], now: datetime, currency: str
) -> list[dict[str, object]]:
    """Dead letters by what refused them, each beside all that is open of its cause."""
    return [
        {
            "runs": formats.count(row.runs),
            "code": joined([chip(cause_title(row.error_code or "rejected"), "bad")]),
            "system": row.system or "–",
            "flow": link(row.flow, "/exceptions", flow=row.flow),
            "amount": formats.money(row.amount_reporting, currency),
            "cause": _cause(row, causes, currency),
            "oldest": formats.since(row.oldest, now),
            "message": row.message or "–",
        }
        for row in dead
    ]


def _cause(row: DeadLetters, causes: Mapping[str, Cause], currency: str) -> Html:
    cause = causes.get(cause_of(row.error_code or "rejected"))
    return open_cause(cause, currency) if cause else span("no open case", "t-mute")


def quarantine_rows(rows: Sequence[Quarantined], zone: str | None) -> list[dict[str, object]]:
    return [
        {
            "receiver": row.receiver,
            "code": formats.words(row.error_code),
            "rows": formats.count(row.rows),
            "last": formats.moment(row.last_at, zone),
            "reason": row.reason or "–",
        }
        for row in rows
    ]


def circuit_rows(circuits: Iterable[Circuit], now: datetime) -> list[dict[str, object]]:
    """Circuits and rate limits, one line a system: what it lets through and until when it waits."""
    return [_circuit_row(one, now) for one in circuits]


def _circuit_row(one: Circuit, now: datetime) -> dict[str, object]:
    held = one.held_until is not None and one.held_until > now
    mood, text = {"open": ("bad", "circuit open"), "half_open": ("warn", "probing")}.get(
        one.state, ("good", "calls go through")
    )
    if held and one.state == "closed":
        mood, text = "warn", "rate-limited: waits as it was asked to"
    until = one.probe_at if one.state != "closed" else one.held_until if held else None
    return {
        "system": joined([dot(mood), span(one.system, "t-b")], ""),
        "state": text,
        "failures": formats.count(one.failures),
        "until": formats.since(until, now) if until else formats.NONE,
        "reason": one.reason or formats.NONE,
    }
