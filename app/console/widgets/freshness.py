"""How old what a page shows is, and what is too old, in words; knows no Streamlit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType

from app.console.widgets import formats
from app.console.widgets.markup import Html, block, coded, joined, link, safe
from app.readings.systems.rows import ReadUntil, Stale
from models.ailing import Ailing

NAMED = 3
"""Stale sources that a banner names one by one."""


HEARD = {"marts": "figures derived", "engine": "engine heard", "collect": "collector heard"}


def age(
    found: Sequence[ReadUntil], now: datetime, zone: str, heard: Mapping[str, float] = MappingProxyType({})
) -> Html:
    """`data as of 20 Nov 14:05:12 UTC · 40 s ago`: the source that lies back furthest, and in the tip all of them, with
    the seconds since the marts were derived and each process was heard of.
    """
    read = [f"{one.system}: {_until(one.read_until, now, zone)}" for one in found]
    alive = [f"{said}: {formats.age(heard[name])} ago" for name, said in HEARD.items() if name in heard]
    tip = "\n".join([*read, *alive])
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


def banner(ailing: Sequence[Ailing], stale: Sequence[Stale], now: datetime, zone: str) -> Html | None:
    """What is dead, stuck or older than its service level: since when, why, and what to do. None where all is well."""
    parts = [part for part in (_dead(ailing, now, zone), _too_old(stale, now, zone)) if part]
    return joined(parts) if parts else None


def _dead(ailing: Sequence[Ailing], now: datetime, zone: str) -> Html | None:
    if not ailing:
        return None
    lines = "".join(f"<div>{_told(one, now, zone)}</div>" for one in ailing[:NAMED])
    if len(ailing) > NAMED:
        more = coded(f"and {len(ailing) - NAMED} more parts: `tieout doctor` names them")
        lines += f'<div class="t-mute">{more}</div>'
    return _red("What you see stands still", lines)


def _told(one: Ailing, now: datetime, zone: str) -> Html:
    since = f" since {formats.moment(one.since, zone)} {zone} ({formats.since(one.since, now)})" if one.since else ""
    why = f" ({one.why})" if one.why else ""
    what = f"{one.what[:1].upper()}{one.what[1:]}"
    advice = coded(f"{one.advice[:1].upper()}{one.advice[1:]}")
    return Html(f"<b>{safe(what)}</b>{safe(since + why)}: {safe(one.so)}. {advice}.")


def _red(sentence: str, lines: str) -> Html:
    return block(
        f'<div role="alert"><div class="t-verdict bad"><span class="say">{safe(sentence)}</span></div>'
        f'<div class="t-stale">{lines}</div></div>'
    )


def _too_old(stale: Sequence[Stale], now: datetime, zone: str) -> Html | None:
    if not stale:
        return None
    lines = [joined([_said(one, now, zone), safe(one.advice)]) for one in stale[:NAMED]]
    more = f"and {len(stale) - NAMED} more sources" if len(stale) > NAMED else ""
    cases = link("All of them are cases", "/exceptions", cause="stale-stream")
    body = "".join(f"<div>{line}</div>" for line in lines)
    return _red("Some data is older than it may be", f'{body}<div class="t-mute">{safe(more)} {cases}</div>')


def _said(one: Stale, now: datetime, zone: str) -> Html:
    seen = "was never read"
    if one.since:
        seen = f"was not read since {formats.moment(one.since, zone)} {zone} ({formats.since(one.since, now)})"
    why = f": {one.why}" if one.why else ""
    return Html(f"<b>{safe(one.name)} of {safe(one.system)}</b> {safe(seen + why)}. ")
