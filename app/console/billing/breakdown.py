"""Where the money lies: one line a customer, project, legal entity or service line; knows no Streamlit."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal

from app.console.billing.states import COLOURS, NAMES
from app.console.widgets import formats
from app.console.widgets.markup import Html, joined, link, span
from app.readings.billing.rows import Part
from app.readings.billing.totals import STATES, readiness, totals, unbilled


def breakdown(rows: Sequence[Part], currency: str, what: str) -> list[dict[str, object]]:
    """Ready, on its way, blocked, not approved, billed and readiness of every part; the most unbilled first.

    `what` is the dimension's name: work that has none is named by its projects.
    """
    groups: dict[str, list[Part]] = defaultdict(list)
    for row in rows:
        groups[row.key or ""].append(row)
    ranked = sorted(groups.items(), key=lambda pair: -unbilled(totals(pair[1])))
    return [_group(key, cells, currency, what) for key, cells in ranked]


def whole(rows: Sequence[Part], currency: str) -> dict[str, object]:
    """All parts together, under whichever of them are shown."""
    return {**_group("all", rows, currency, ""), "name": span("All", "t-b")} if rows else {}


def _group(key: str, cells: Sequence[Part], currency: str, what: str) -> dict[str, object]:
    sums, name = totals(cells), cells[0].name or key
    oldest = max((cell.oldest_days or 0 for cell in cells if cell.state != "billed"), default=0)
    shown = joined([span(name, "t-b"), span(key, "t-mute", "t-mono") if key != name else None])
    return {
        "name": shown if key else unnamed(what, [project for cell in cells for project in cell.projects or ()]),
        "mix": stack(sums),
        **{state: formats.money(sums[state], currency) for state in STATES},
        "readiness": formats.percent(readiness(sums)),
        "oldest": f"{formats.count(oldest)} d",
    }


def unnamed(what: str, projects: Sequence[str], most: int = 3) -> Html:
    """What has no customer, service line, … is named by what is known of it: its projects."""
    known = sorted(set(projects))
    links = [link(project, "/journey", q=project) for project in known[:most]]
    rest = span(f"and {formats.plural(len(known) - most, 'more project')}", "t-mute") if len(known) > most else None
    return joined([span(f"No {what.lower()} yet", "t-b"), *links, rest])


def stack(sums: Mapping[str, Decimal]) -> Html:
    """The unbilled value's parts side by side."""
    whole = unbilled(sums)
    if not whole:
        return Html("")
    shown = [state for state in ("ready", "moving", "blocked", "not_approved") if sums[state] > 0]
    parts = "".join(_part(state, float(sums[state] / whole)) for state in shown)
    return Html(f'<div class="t-stack" style="width:110px;height:.7rem">{parts}</div>')


def _part(state: str, share: float) -> str:
    return f'<span style="width:{share * 100:.1f}%;background:{COLOURS[state]}" title="{NAMES[state]}"></span>'
