"""Margin at completion by every dimension, beside the margin as sold (O4); knows no Streamlit."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal

from app.console.margin.erosion import slipped
from app.console.margin.presenter import gap_mood
from app.console.widgets import formats
from app.console.widgets.markup import Column, Html, link, span
from app.readings.margin.rows import Forecast
from app.readings.masking import Amount

FORECAST = (
    Column("name", "Name"),
    Column("projects", "Projects", "right", "With a budget and a manager's estimate to complete"),
    Column("revenue", "Revenue at completion", "right", "What the contract says, or what all hours will bill"),
    Column("cost", "Cost at completion", "right", "Cost of approved work + the managers' estimates to complete"),
    Column("margin", "Margin at completion", "right", "Revenue − cost at completion"),
    Column("share", "Margin", "right", "Margin ÷ revenue at completion"),
    Column("sold", "As sold", "right", "Planned margin ÷ planned revenue"),
    Column("gap", "Gap", "right", "Margin at completion − as sold, in percentage points"),
    Column("erosion", "Erosion", "right", "Margin as sold − margin at completion, in money"),
    Column("slip", "Finish", "right", "Of the project that is latest against its baseline"),
    Column(
        "open", "In open cases", "right", "Items that an open exception is about: what they come to may still change"
    ),
)


def forecast_rows(forecasts: Sequence[Forecast], dimension: str, currency: str) -> list[dict[str, object]]:
    """One line a value of the dimension, the most eroded first."""
    groups: dict[str, list[Forecast]] = defaultdict(list)
    for one in forecasts:
        groups[getattr(one, dimension) or ""].append(one)
    ranked = sorted(groups.items(), key=lambda pair: _rank(_total(one.erosion for one in pair[1])))
    return [{"name": _name(key, rows, dimension), **_figures(rows, currency)} for key, rows in ranked]


def whole(forecasts: Sequence[Forecast], currency: str) -> dict[str, object]:
    """The portfolio as one."""
    return {"name": span("Whole portfolio", "t-b"), **_figures(forecasts, currency)}


def _figures(rows: Sequence[Forecast], currency: str) -> dict[str, object]:
    revenue, cost = _total(one.revenue for one in rows), _total(one.cost for one in rows)
    sold, planned = _total(one.sold_revenue for one in rows), _total(one.sold_cost for one in rows)
    share, as_sold = _share(revenue - cost, revenue), _share(sold - planned, sold)
    gap = share - as_sold if share is not None and as_sold is not None else None
    mood, late = gap_mood(gap), max((one.slip_days or 0 for one in rows), default=0)
    return {
        "projects": formats.count(len(rows)),
        "revenue": formats.money(revenue, currency),
        "cost": formats.money(cost, currency),
        "margin": formats.money(revenue - cost, currency),
        "share": formats.percent(share),
        "sold": formats.percent(as_sold),
        "gap": span(formats.points(gap), f"t-{mood}" if mood else ""),
        "erosion": formats.money(_total(one.erosion for one in rows), currency),
        "slip": span(slipped(late), "t-warn") if late > 0 else slipped(late),
        "open": formats.count(sum(one.open_items for one in rows)),
    }


def _name(key: str, rows: Sequence[Forecast], dimension: str) -> Html:
    if dimension == "project_key":
        return link(key, "/margin", project=key)
    return span(key, "t-b") if key else span("not known", "t-mute")


def _total(amounts: Iterable[Amount]) -> Amount:
    total: Amount = Decimal(0)
    for amount in amounts:
        total = total + amount
    return total


def _share(part: Amount, revenue: Amount) -> Amount | None:
    """A share of revenue; none of nothing, masked of what is masked."""
    return None if revenue == 0 else part / revenue


def _rank(erosion: Amount) -> Decimal:
    return -erosion if isinstance(erosion, Decimal) else Decimal(0)
