"""The flows line by line, and their dead letters by age; knows no Streamlit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from app.console.operations.health import Health, is_late, money_of
from app.console.widgets import formats
from app.console.widgets.markup import Column, Html, dot, joined, link, span, sparkline
from app.readings.operations.rows import FlowVolume, Held, Slot

FLOWS = (
    Column("flow", "Flow", "nw"),
    Column("state", "State", "say"),
    Column("volume", "Finished over time", tip="Red ticks mark failures"),
    Column("settled", "Finished", "right"),
    Column("rate", "Failure rate", "right", "Dead ÷ (finished + dead)"),
    Column("retries", "Retries", "right"),
    Column("run", "Run p50 · p95", "right", "From admission to the last step, latest hour with runs"),
    Column(
        "lag", "Lag p50 · p95", "right", "Acknowledged in the target − changed at the source, latest hour with runs"
    ),
    Column("allowed", "Allowed", "right", "Service level for the lag"),
    Column("held", "Dead letters", "right", "Runs, open now"),
)


def flow_rows(
    flows: Sequence[FlowVolume],
    series: Sequence[Slot],
    times: Sequence[datetime],
    found: Sequence[Health],
    allowed: Mapping[str, float],
    currency: str,
) -> list[dict[str, object]]:
    """One line a flow: state, volume over time, failure rate, lag against the seconds it is `allowed`."""
    by_flow = {row.flow: row for row in flows}
    return [
        _flow_row(one, by_flow[one.flow], _along(series, one.flow, times), allowed.get(one.flow), currency)
        for one in found
    ]


def _along(series: Sequence[Slot], flow: str, times: Sequence[datetime]) -> list[Slot]:
    known = {row.slot: row for row in series if row.flow == flow}
    return [known.get(time) or Slot(flow, time, 0, 0) for time in times]


def _flow_row(
    one: Health, row: FlowVolume, line: Sequence[Slot], allowed: float | None, currency: str
) -> dict[str, object]:
    ended = row.settled + row.dead
    return {
        "flow": joined([dot(one.mood), span(one.flow, "t-b")], ""),
        "state": one.sentence,
        "volume": sparkline([step.settled for step in line], [step.dead for step in line]),
        "settled": formats.count(row.settled),
        "rate": span(formats.percent(row.dead / ended if ended else None, 2), "t-bad" if one.mood == "bad" else ""),
        "retries": formats.count(row.retries),
        "lag": _two(row.lag_p50_s, row.lag_p95_s, "t-warn t-b" if is_late(row, allowed) else ""),
        "run": _two(_seconds(row.run_p50_ms), _seconds(row.run_p95_ms)),
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


def ageing(held: Sequence[Held], currency: str) -> tuple[list[tuple[str, str]], list[dict[str, object]]]:
    """Open failures by age: columns (key, title) in the order of the buckets, and a row a flow with count and money."""
    buckets = sorted({(row.bucket_order, row.bucket) for row in held})
    top = max([row.failures for row in held], default=1) or 1
    flows = sorted({row.flow for row in held})
    rows = [_age_row(flow, [row for row in held if row.flow == flow], top, currency) for flow in flows]
    return [(f"b{order}", name) for order, name in buckets], rows


def _age_row(flow: str, cells: Sequence[Held], top: int, currency: str) -> dict[str, object]:
    row: dict[str, object] = {"flow": flow}
    for cell in cells:
        key = f"b{cell.bucket_order}"
        row[key] = _two_lines(cell.failures, money_of([cell]), currency) if cell.failures else ""
        row[f"{key}_share"] = (cell.failures / top) ** 0.5
    return {**row, "total": _two_lines(sum(cell.failures for cell in cells), money_of(cells), currency)}


def _two_lines(number: int, amount: Decimal, currency: str) -> Html:
    return Html("<br>".join([formats.count(number), *(span(worth, "t-mute") for worth in _worth(amount, currency))]))
