"""Is work flowing? The window and the figures of the page; knows no Streamlit."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from app.console.operations.health import FAILURE_SHARE, money_of
from app.console.widgets import formats
from app.console.widgets.markup import Metric
from app.readings.operations.rows import FlowVolume, Held, Quarantined, Replays, Stake

WINDOWS = {"6 h": (21_600, 3_600), "24 h": (86_400, 3_600), "7 d": (604_800, 21_600), "12 w": (7_257_600, 86_400)}
"""Choices of the time range: seconds shown, seconds of one step of the charts."""


def window(choice: str | None, now: datetime) -> tuple[datetime, int]:
    """From when on, and the step of the charts in seconds; rounded to the minute, so that answers can be shared."""
    length, step = WINDOWS.get(choice or "", WINDOWS["7 d"])
    return (now - timedelta(seconds=length)).replace(second=0, microsecond=0), step


def hours(choice: str | None) -> int:
    """The length of the time range in hours, as lags between systems are kept for."""
    return WINDOWS.get(choice or "", WINDOWS["7 d"])[0] // 3600


def figures(
    flows: Sequence[FlowVolume],
    held: Sequence[Held],
    stuck: Stake,
    replays: Sequence[Replays],
    quarantine: Sequence[Quarantined],
    currency: str,
) -> list[Metric]:
    """The metric row: volume, failure rate, money held, retries, replays, quarantine."""
    settled, dead = sum(row.settled for row in flows), sum(row.dead for row in flows)
    retries, again = sum(row.retries for row in flows), sum(row.replays for row in flows)
    ended, delivered = settled + dead, sum(row.delivered for row in replays)
    tried, refused = delivered + sum(row.failed for row in replays), sum(row.rows for row in quarantine)
    failures, money = sum(row.failures for row in held), money_of(held)
    return [
        Metric(
            "Finished",
            formats.count(settled),
            f"{formats.count(sum(row.admitted for row in flows))} taken in",
            "Runs whose every step finished in the window",
        ),
        Metric(
            "Failure rate",
            formats.percent(dead / ended if ended else None, 2),
            f"{formats.plural(dead, 'run')} ended dead",
            "Dead ÷ (finished + dead) in the window",
            "bad" if ended and dead / ended > FAILURE_SHARE else "",
        ),
        Metric(
            "Dead letters",
            formats.count(failures),
            f"runs, they hold {formats.money_short(money, currency)}" if failures else "none open",
            f"Open now: runs that a system refused, of any age, and the value in {currency} that they carry",
            "warn" if failures else "good",
        ),
        Metric(
            "Open exceptions",
            formats.count(stuck.cases),
            f"cases, {formats.plural(stuck.records, 'record')}" if stuck.cases else "nothing is stuck",
            "Everything a person may have to act on, as Exceptions lists it: "
            + (formats.by_kind(stuck.money, currency) or "no money at stake"),
            "warn" if stuck.cases else "good",
        ),
        Metric(
            "Retries",
            formats.count(retries),
            "attempts beyond the first",
            "Passing faults that the engine dealt with by itself",
        ),
        Metric(
            "Replays",
            formats.count(again),
            f"{formats.percent(delivered / tried, 0)} delivered" if tried else "none ended",
            "Runs started again by a person in the window; delivered ÷ (delivered + failed)",
        ),
        Metric(
            "Quarantined",
            formats.count(refused),
            "inputs nobody could read in the window",
            "Malformed input kept aside, never dropped",
            "warn" if refused else "",
        ),
    ]
