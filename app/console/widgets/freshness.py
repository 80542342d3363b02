"""How old what a page shows is, and what is too old, in words; knows no Streamlit."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from app.console.widgets import formats
from app.console.widgets.markup import Html, block, joined, link, safe
from app.readings.systems.rows import ReadUntil, Stale

NAMED = 3
"""Stale sources that a banner names one by one."""


def age(found: Sequence[ReadUntil], now: datetime, zone: str) -> Html:
    """`data as of 20 Nov 14:05:12 UTC · 40 s ago`: the source that lies back furthest, and in the tip all of them."""
    tip = "\n".join(f"{one.system}: {_until(one.read_until, now, zone)}" for one in found)
    if not found:
        said = "no system has been read yet"
    elif found[0].read_until is None:
        said = f"{found[0].system} has not been read yet"
    else:
        said = f"data as of {_until(found[0].read_until, now, zone)}"
    return block(f'<span class="t-mute" title="{safe(tip)}">{safe(said)}</span>')


def _until(moment: datetime | None, now: datetime, zone: str) -> str:
    if moment is None:
        return "not read yet"
    return f"{formats.moment(moment, zone, seconds=True)} {zone} · {formats.since(moment, now)}"


def banner(stale: Sequence[Stale], now: datetime, zone: str) -> Html | None:
    """What is older than its service level: which source, since when, why, and what to do. None where all is fresh."""
    if not stale:
        return None
    lines = [joined([_said(one, now, zone), safe(one.advice)]) for one in stale[:NAMED]]
    more = f"and {len(stale) - NAMED} more sources" if len(stale) > NAMED else ""
    cases = link("All of them are cases", "/exceptions", cause="stale-stream")
    body = "".join(f"<div>{line}</div>" for line in lines)
    return block(
        f'<div class="t-verdict bad"><span class="say">Some data is older than it may be</span></div>'
        f'<div class="t-stale">{body}<div class="t-mute">{safe(more)} {cases}</div></div>'
    )


def _said(one: Stale, now: datetime, zone: str) -> Html:
    seen = "was never read"
    if one.since:
        seen = f"was not read since {formats.moment(one.since, zone)} {zone} ({formats.since(one.since, now)})"
    why = f": {one.why}" if one.why else ""
    return Html(f"<b>{safe(one.name)} of {safe(one.system)}</b> {safe(seen + why)}. ")
