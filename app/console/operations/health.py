"""How each flow does and what all of them say in one sentence; knows no Streamlit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType

from app.console.widgets import formats
from app.readings.operations.rows import FlowVolume, Held, Stake

FAILURE_SHARE = 0.02
"""Above this share of runs that ended dead, a flow is called failing."""
ENOUGH_RUNS = 20
"""Fewer runs say little about a flow: their failures warn, they do not alarm."""
WORST_FIRST = ("bad", "warn", "good", "")


@dataclass(frozen=True, slots=True)
class Health:
    """One flow's state in a sentence. `mood` is good, warn, bad, or empty for a flow at rest."""

    flow: str
    mood: str
    sentence: str
    failures: int
    held: Decimal


def health(
    flow: FlowVolume,
    held: Sequence[Held],
    allowed: float | None,
    now: datetime,
    stopped: Mapping[str, str] = MappingProxyType({}),
) -> Health:
    """How a flow does: what ended, what failed, how late it runs against the seconds it is `allowed`. One that a person
    paused does as it was told.
    """
    failures = sum(row.failures for row in held)
    mood, sentence = _judged(flow, failures, allowed, now)
    if flow.flow in stopped:
        mood, sentence = "warn", f"is paused by {stopped[flow.flow]}"
    return Health(flow.flow, mood, sentence, failures, money_of(held))


def money_of(rows: Iterable[Held]) -> Decimal:
    return sum((row.amount_reporting or Decimal(0) for row in rows), Decimal(0))


def _judged(flow: FlowVolume, failures: int, allowed: float | None, now: datetime) -> tuple[str, str]:
    ended, lag = flow.settled + flow.dead, flow.lag_p95_s
    share = flow.dead / ended if ended else 0.0
    if flow.admitted and not ended and flow.paused:
        return "warn", f"waits: {formats.plural(flow.paused, 'run')} paused for missing data"
    if flow.admitted and not ended:
        return "bad", "takes work in and finishes none"
    if share > FAILURE_SHARE:
        mood = "bad" if ended >= ENOUGH_RUNS else "warn"
        return mood, f"is failing: {formats.percent(share)} of its runs ended dead"
    if is_late(flow, allowed):
        return "warn", f"runs late: {formats.duration(lag)} behind, {formats.duration(allowed)} allowed"
    if not ended:
        return "", f"is at rest; last work {formats.since(flow.last_hour, now)}"
    behind = f", {formats.duration(lag)} behind its source" if lag is not None else ""
    return "warn" if failures else "good", f"flows{behind}"


def is_late(flow: FlowVolume, allowed: float | None) -> bool:
    return allowed is not None and flow.lag_p95_s is not None and float(flow.lag_p95_s) > allowed


def healths(
    flows: Sequence[FlowVolume],
    held: Sequence[Held],
    allowed: Mapping[str, float],
    now: datetime,
    stopped: Mapping[str, str] = MappingProxyType({}),
) -> list[Health]:
    """Each flow's health, the worst first; `allowed` is the service level of each flow in seconds, `stopped` says who
    paused which.
    """
    known = [
        health(flow, [row for row in held if row.flow == flow.flow], allowed.get(flow.flow), now, stopped)
        for flow in flows
    ]
    return sorted(known, key=lambda one: (WORST_FIRST.index(one.mood), -one.held, one.flow))


def in_words(stake: Stake, currency: str) -> str:
    """`612 records are stuck: billing blocked €340k · sold and not set up €517k`."""
    if not stake.cases:
        return "nothing is stuck"
    money = formats.by_kind(stake.money, currency)
    number = f"{formats.plural(stake.records, 'record')} {'is' if stake.records == 1 else 'are'} stuck"
    return f"{number}: {money}" if money else number


def verdict(
    found: Sequence[Health],
    stuck: Stake,
    last: datetime | None,
    now: datetime,
    currency: str,
    playing: bool = False,
    dead: str | None = None,
) -> tuple[str, str]:
    """The answer in five seconds: its mood, and one sentence over all flows.

    While history is played, days pass between two looks and what is stuck now may be done in a second: no judgement
    then; nor while `dead` names what does not run or is stuck, since what stands still looks well.
    """
    if dead:
        return "bad", f"{dead[:1].upper()}{dead[1:]}: no judgement of flows until it is; {in_words(stuck, currency)}."
    if playing:
        return "info", "History is being played: flows are judged once the world is live."
    open_now = in_words(stuck, currency)
    if not found and last:
        mood = "warn" if stuck.cases else ""
        return mood, f"Nothing ran in this window; the last work was {formats.since(last, now)}; {open_now}."
    if not found:
        return "warn" if stuck.cases else "", f"Nothing has run yet; {open_now}."
    failing = [one.flow for one in found if one.mood == "bad"]
    if failing:
        return "bad", f"{_listed(failing)} {'needs' if len(failing) == 1 else 'need'} attention; {open_now}."
    late = [one.flow for one in found if one.mood == "warn"]
    return "warn" if stuck.cases or late else "good", f"Work is flowing in {_all(len(found))}; {open_now}."


def _all(number: int) -> str:
    return "the one flow that ran" if number == 1 else f"all {number} flows"


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
