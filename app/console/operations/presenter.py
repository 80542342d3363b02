"""Is work flowing? Turns rows into verdicts, tables and figures; knows no Streamlit."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from app.console.widgets import formats
from app.console.widgets.markup import Html, Metric, chip, dot, joined, link, span, sparkline
from models.journal.cases import CaseGroup

Row = Mapping[str, Any]
Rows = Sequence[Row]
WINDOWS = {"6 h": (21_600, 3_600), "24 h": (86_400, 3_600), "7 d": (604_800, 21_600), "12 w": (7_257_600, 86_400)}
"""Choices of the time range: seconds shown, seconds of one step of the charts."""
FAILURE_SHARE = 0.02
"""Above this share of runs that ended dead, a flow is called failing."""
ENOUGH_RUNS = 20
"""Fewer runs say little about a flow: their failures warn, they do not alarm."""


def window(choice: str | None, now: datetime) -> tuple[datetime, int]:
    """From when on, and the step of the charts in seconds; rounded to the minute, so that answers can be shared."""
    length, step = WINDOWS.get(choice or "", WINDOWS["7 d"])
    return (now - timedelta(seconds=length)).replace(second=0, microsecond=0), step


@dataclass(frozen=True, slots=True)
class Health:
    """One flow's state in a sentence. `mood` is good, warn, bad, or empty for a flow at rest."""

    flow: str
    mood: str
    sentence: str
    failures: int
    held: Decimal


def health(flow: Row, held: Rows, allowed: float | None, now: datetime) -> Health:
    """How a flow does: what ended, what failed, how late it runs against what it may."""
    open_failures = sum(row["failures"] for row in held)
    money = sum((formats.decimal(row["amount_reporting"]) for row in held), Decimal(0))
    ended, lag = flow["settled"] + flow["dead"], flow["lag_p95_s"]
    late = allowed is not None and lag is not None and float(lag) > allowed
    share = flow["dead"] / ended if ended else 0.0
    if flow["admitted"] and not ended and flow["paused"]:
        mood, text = "warn", f"waits: {formats.plural(flow['paused'], 'run')} paused for missing data"
    elif flow["admitted"] and not ended:
        mood, text = "bad", "takes work in and finishes none"
    elif share > FAILURE_SHARE:
        mood, text = (
            "bad" if ended >= ENOUGH_RUNS else "warn",
            f"is failing: {formats.percent(share)} of its runs ended dead",
        )
    elif late:
        mood, text = "warn", f"runs late: {formats.duration(lag)} behind, {formats.duration(allowed)} allowed"
    elif not ended:
        mood, text = "", f"is at rest; last work {formats.since(flow['last_hour'], now)}"
    else:
        mood, text = (
            ("warn" if open_failures else "good"),
            "flows" + (f", {formats.duration(lag)} behind its source" if lag is not None else ""),
        )
    return Health(flow["flow"], mood, text, open_failures, money)


def healths(flows: Rows, held: Rows, now: datetime, service_levels: Mapping[str, float]) -> list[Health]:
    """Each flow, the worst first; `service_levels` are the seconds it may take."""
    by_flow = grouped(held, "flow")
    known = [health(row, by_flow.get(row["flow"], []), service_levels.get(row["flow"]), now) for row in flows]
    return sorted(known, key=lambda one: (["bad", "warn", "good", ""].index(one.mood), -one.held, one.flow))


@dataclass(frozen=True, slots=True)
class Stake:
    """What is open among the exceptions: how many failures, and the money at stake in the reporting currency."""

    failures: int
    money: Decimal

    def in_words(self, currency: str) -> str:
        if not self.failures:
            return "nothing is stuck"
        number = formats.plural(self.failures, "open exception")
        return f"{number}, {formats.money_short(self.money, currency)} at stake" if self.money else number


def stake(groups: Sequence[CaseGroup]) -> Stake:
    return Stake(
        sum(group.occurrences for group in groups), sum((group.amount_reporting for group in groups), Decimal(0))
    )


def verdict(
    found: Sequence[Health], stuck: Stake, last: datetime | None, now: datetime, currency: str, playing: bool = False
) -> tuple[str, str]:
    """The answer in five seconds: its mood, and one sentence over all flows. While history is played, days pass between
    two looks and what is stuck now may be done in a second: no judgement then.
    """
    if playing:
        return "info", "History is being played: flows are judged once the world is live."
    told = stuck.in_words(currency)
    if not found:
        return (
            ("warn" if stuck.failures else ""),
            f"Nothing ran in this window; the last work was {formats.since(last, now)}; {told}."
            if last
            else f"Nothing has run yet; {told}.",
        )
    failing = [one.flow for one in found if one.mood == "bad"]
    if failing:
        return "bad", f"{_listed(failing)} {'needs' if len(failing) == 1 else 'need'} attention; {told}."
    late = [one.flow for one in found if one.mood == "warn"]
    return ("warn" if stuck.failures or late else "good"), f"Work is flowing in {_all(len(found))}; {told}."


def _all(number: int) -> str:
    return "the one flow that ran" if number == 1 else f"all {number} flows"


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def figures(flows: Rows, held: Rows, stuck: Stake, replays: Rows, quarantine: Rows, currency: str) -> list[Metric]:
    """The metric row: volume, failure rate, money held, retries, replays, quarantine."""
    settled, dead = sum(row["settled"] for row in flows), sum(row["dead"] for row in flows)
    retries, again = sum(row["retries"] for row in flows), sum(row["replays"] for row in flows)
    ended, delivered = settled + dead, sum(row["delivered"] for row in replays)
    tried, refused = delivered + sum(row["failed"] for row in replays), sum(row["rows"] for row in quarantine)
    failures, money = (
        sum(row["failures"] for row in held),
        sum((formats.decimal(row["amount_reporting"]) for row in held), Decimal(0)),
    )
    return [
        Metric(
            "Finished",
            formats.count(settled),
            f"{formats.count(sum(row['admitted'] for row in flows))} taken in",
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
            f"hold {formats.money_short(money, currency)}" if failures else "none open",
            f"Runs that a system refused, of any age, and their value in {currency}",
            "warn" if failures else "good",
        ),
        Metric(
            "Open exceptions",
            formats.count(stuck.failures),
            f"{formats.money_short(stuck.money, currency)} at stake",
            "Everything a person may have to act on: dead letters, pauses and what the detectors found",
            "warn" if stuck.failures else "good",
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
            f"{formats.percent(delivered / tried, 0)} ever delivered" if tried else "none ended yet",
            "Runs started again by a person; delivered ÷ (delivered + failed) since the start",
        ),
        Metric(
            "Quarantined",
            formats.count(refused),
            "inputs nobody could read",
            "Malformed input kept aside, never dropped",
            "warn" if refused else "",
        ),
    ]


def flow_rows(
    flows: Rows,
    series: Rows,
    times: Sequence[datetime],
    found: Sequence[Health],
    currency: str,
    service_levels: Mapping[str, float],
) -> list[dict[str, object]]:
    """One line a flow: state, volume over time, failure rate, lag against what it may be."""
    by_flow, lines = {row["flow"]: row for row in flows}, grouped(series, "flow")
    return [
        _flow_row(
            one, by_flow[one.flow], _along(lines.get(one.flow, []), times), service_levels.get(one.flow), currency
        )
        for one in found
    ]


def _along(line: Rows, times: Sequence[datetime]) -> list[Row]:
    known = {row["slot"]: row for row in line}
    return [known.get(time, {"settled": 0, "dead": 0}) for time in times]


def _flow_row(one: Health, row: Row, line: Rows, allowed: float | None, currency: str) -> dict[str, object]:
    ended = row["settled"] + row["dead"]
    late = allowed is not None and row["lag_p95_s"] is not None and float(row["lag_p95_s"]) > allowed
    return {
        "flow": joined([dot(one.mood), span(one.flow, "t-b")], ""),
        "state": one.sentence,
        "volume": sparkline([step["settled"] for step in line], [step["dead"] for step in line]),
        "settled": formats.count(row["settled"]),
        "rate": span(formats.percent(row["dead"] / ended if ended else None, 2), "t-bad" if one.mood == "bad" else ""),
        "retries": formats.count(row["retries"]),
        "lag": _two(row["lag_p50_s"], row["lag_p95_s"], "t-warn t-b" if late else ""),
        "run": _two(_seconds(row["run_p50_ms"]), _seconds(row["run_p95_ms"])),
        "allowed": formats.duration(allowed),
        "held": _held(one, currency),
    }


def _held(one: Health, currency: str) -> Html | str:
    if not one.failures:
        return span("none", "t-mute")
    return link(" · ".join([formats.count(one.failures), *_worth(one.held, currency)]), "/exceptions", flow=one.flow)


def _worth(amount: Decimal, currency: str) -> list[str]:
    """The value of failures, where they have one: refused master data has none."""
    return [formats.money_short(amount, currency)] if amount else []


def _two(middle: float | None, most: float | None, classes: str = "") -> Html | str:
    """Median and 95th percentile in seconds, each short enough that both stay on one line."""
    return (
        formats.NONE
        if middle is None and most is None
        else joined([_brief(middle), span(_brief(most), classes)], " · ")
    )


def _brief(seconds: float | None) -> str:
    """A length of time in one unit: `22.7 h`, `1.4 min`, `0.3 s`."""
    if seconds is None or float(seconds) < 60:
        return formats.duration(seconds)
    size, unit = next(
        (size, unit) for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")) if float(seconds) >= size
    )
    return f"{float(seconds) / size:.1f} {unit}"


def _seconds(milliseconds: float | None) -> float | None:
    return None if milliseconds is None else float(milliseconds) / 1000


def ageing(held: Rows, currency: str) -> tuple[list[tuple[str, str]], list[dict[str, object]]]:
    """Open failures by age: columns (key, title) in the order of the buckets, and one row a flow with count and money."""
    buckets = sorted({(row["bucket_order"], row["bucket"]) for row in held})
    top = max([row["failures"] for row in held], default=1) or 1
    rows = [_age_row(flow, cells, top, currency) for flow, cells in sorted(grouped(held, "flow").items())]
    return [(f"b{order}", name) for order, name in buckets], rows


def _age_row(flow: str, cells: Rows, top: int, currency: str) -> dict[str, object]:
    row: dict[str, object] = {"flow": flow}
    for cell in cells:
        key = f"b{cell['bucket_order']}"
        row[key] = (
            _two_lines(formats.count(cell["failures"]), formats.decimal(cell["amount_reporting"]), currency)
            if cell["failures"]
            else ""
        )
        row[f"{key}_share"] = (cell["failures"] / top) ** 0.5
    total = sum((formats.decimal(cell["amount_reporting"]) for cell in cells), Decimal(0))
    return {**row, "total": _two_lines(formats.count(sum(cell["failures"] for cell in cells)), total, currency)}


def _two_lines(number: str, amount: Decimal, currency: str) -> Html:
    return Html("<br>".join([number, *(span(worth, "t-mute") for worth in _worth(amount, currency))]))


def pair_rows(pairs: Rows) -> list[dict[str, object]]:
    """Synchronisation lag by system pair; what waits longest comes first."""
    return [
        {
            "pair": joined(
                [row["source_system"], span("→", "t-mute"), row["target_system"] or span("not answered", "t-mute")]
            ),
            "entity": formats.words(row["entity"]),
            "flow": span(row["flow"], "t-nw"),
            "acknowledged": formats.count(row["acknowledged"]),
            "p50": formats.duration(row["lag_p50_s"]),
            "p95": formats.duration(row["lag_p95_s"]),
            "max": formats.duration(row["lag_max_s"]),
            "pending": span(formats.duration(row["oldest_pending_s"]), "t-warn")
            if row["oldest_pending_s"]
            else span("none", "t-mute"),
        }
        for row in pairs
    ]


def letter_rows(letters: Rows, now: datetime, currency: str) -> list[dict[str, object]]:
    """Dead letters by what refused them."""
    return [
        {
            "letters": formats.count(row["letters"]),
            "code": joined([chip(formats.words(row["error_code"]), "bad")]),
            "system": row["system"] or "–",
            "flow": link(row["flow"], "/exceptions", flow=row["flow"]),
            "amount": formats.money(row["amount_reporting"], currency),
            "oldest": formats.since(row["oldest"], now),
            "message": row["message"] or "–",
        }
        for row in letters
    ]


def quarantine_rows(rows: Rows, zone: str | None) -> list[dict[str, object]]:
    return [
        {
            "receiver": row["receiver"],
            "code": formats.words(row["error_code"]),
            "rows": formats.count(row["rows"]),
            "last": formats.moment(row["last_at"], zone),
            "reason": row["reason"] or "–",
        }
        for row in rows
    ]


def circuit_rows(circuits: Sequence[Any], now: datetime) -> list[dict[str, object]]:
    """Circuits and rate limits, one line a system: what it lets through and until when it waits."""
    return [_circuit_row(one, now) for one in sorted(circuits, key=lambda one: one.system)]


def _circuit_row(one: Any, now: datetime) -> dict[str, object]:
    held = one.held_until is not None and one.held_until > now
    mood, text = {"open": ("bad", "circuit open"), "half_open": ("warn", "probing")}.get(
        one.state, ("good", "calls go through")
    )
    if held and one.state == "closed":
        mood, text = "warn", "rate-limited: waits as it was told"
    until = one.probe_at if one.state != "closed" else one.held_until if held else None
    return {
        "system": joined([dot(mood), span(one.system, "t-b")], ""),
        "state": text,
        "failures": formats.count(one.failures),
        "until": formats.since(until, now) if until else formats.NONE,
        "reason": one.reason or formats.NONE,
    }


def grouped(rows: Rows, key: str) -> dict[Any, list[Row]]:
    groups: dict[Any, list[Row]] = defaultdict(list)
    for row in rows:
        groups[row[key]].append(row)
    return groups
