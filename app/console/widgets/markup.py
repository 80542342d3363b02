"""The console's read-only shapes as HTML: verdict, metric row, table, facts, empty state. Everything is escaped here.

HTML instead of Streamlit's own elements where many small values stand side by side: one element instead of dozens keeps
a page calm and its script short. Inputs and tables that are clicked stay Streamlit's.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

_CODE = re.compile("`([^`]+)`")


class Html(str):
    """Text that is HTML already; everything else is escaped."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: `kind` is text, right (numbers), heat (tinted by share), nw (one line), say (a sentence that
    wraps late), clip (cut with an ellipsis), wide (takes what is left) or spare (left out where the screen is narrow);
    what may be cut is whole when hovered."""

    key: str
    title: str
    kind: str = "text"
    tip: str | None = None


@dataclass(frozen=True, slots=True)
class Metric:
    """One figure: what it is, its value as text, a note under it, what it means, and its mood."""

    label: str
    value: str
    note: str | Html = ""
    tip: str | None = None
    mood: str = ""


def safe(value: object) -> str:
    return value if isinstance(value, Html) else html.escape("–" if value is None else str(value))


def span(value: object, *classes: str, title: str | None = None) -> Html:
    tip = f' title="{html.escape(title)}"' if title else ""
    return Html(f'<span class="{" ".join(classes)}"{tip}>{safe(value)}</span>')


def dot(mood: str) -> Html:
    return Html(f'<span class="t-dot {html.escape(mood)}"></span>')


def chip(value: object, mood: str = "") -> Html:
    return span(value, "t-chip", mood)


def mono(value: object) -> Html:
    return span(value, "t-mono")


def link(text: object, path: str, **query: object) -> Html:
    """A link inside the console; the query carries the state, so that it can be shared."""
    kept = {name: value for name, value in query.items() if value not in (None, "")}
    address = html.escape(path + (f"?{urlencode(kept, doseq=True)}" if kept else ""))
    return Html(f'<a href="{address}" target="_self">{safe(text)}</a>')


def outside(address: str) -> Html:
    """A link to an address that the catalogue names; what a vendor sends is never one."""
    shown = html.escape(address)
    return Html(f'<a href="{shown}" target="_blank" rel="noopener noreferrer">{shown}</a>')


def joined(parts: Iterable[object], between: str = " ") -> Html:
    return Html(html.escape(between).join(safe(part) for part in parts if part not in (None, "")))


def block(body: str, classes: str = "") -> Html:
    return Html(f'<div class="t {classes}">{body}</div>')


def verdict(mood: str, sentence: object, more: object = "") -> Html:
    """The answer to the page's question, readable in five seconds."""
    body = f'{dot(mood)}<span class="say">{safe(sentence)}</span><span class="more">{safe(more)}</span>'
    return block(f'<div class="t-verdict {html.escape(mood)}">{body}</div>')


def metrics(row: Sequence[Metric]) -> Html:
    return block(f'<div class="t-metrics n{len(row)}">{"".join(map(_metric, row))}</div>')


def _metric(item: Metric) -> str:
    mood = f"t-{item.mood}" if item.mood else ""
    label = f'<div class="k"{_tip(item.tip)}>{safe(item.label)}</div>'
    return f'<div>{label}<div class="v {mood}">{safe(item.value)}</div><div class="n">{safe(item.note)}</div></div>'


def table(columns: Sequence[Column], rows: Iterable[Mapping[str, object]]) -> Html:
    """A table of values made ready by a presenter; `<key>_share` (0 to 1) tints a heat cell."""
    head = "".join(map(_title, columns))
    body = "".join(f"<tr>{''.join(_cell(column, row) for column in columns)}</tr>" for row in rows)
    return block(f'<div class="t-scroll"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>')


def facts(pairs: Mapping[str, object]) -> Html:
    shown = "".join(
        f"<div>{safe(name)}</div><div>{safe(value)}</div>" for name, value in pairs.items() if value not in (None, "")
    )
    return block(f'<div class="t-facts">{shown}</div>')


def empty(title: str, advice: str) -> Html:
    """Nothing to show, said so that it reads as an answer."""
    return block(f'<div class="t-empty"><b>{safe(title)}</b>{coded(advice)}</div>')


def coded(sentence: object) -> Html:
    """A sentence of ours whose `commands` stand in backticks."""
    return Html(_CODE.sub(r"<code>\1</code>", safe(sentence)))


def bar(share: float, mood: str = "", width: int = 120) -> Html:
    return Html(
        f'<span class="t-bar {html.escape(mood)}" style="width:{max(min(share, 1.0), 0.0) * width:.0f}px"></span>'
    )


def sparkline(values: Sequence[float], faults: Sequence[float] = (), most: int = 42) -> Html:
    """Volume over time as small bars, those with failures in the colour of failures; neighbours share a bar beyond
    `most`.
    """
    size = max(-(-len(values) // most), 1)
    steps = [(sum(values[at : at + size]), sum(faults[at : at + size])) for at in range(0, len(values), size)]
    top = max([value for value, _ in steps], default=0) or 1
    bars = "".join(
        f'<i class="{"bad" if fault else ""}" style="height:{max(value / top, 0.25 if fault else 0) * 100:.0f}%"></i>'
        for value, fault in steps
    )
    return Html(f'<span class="t-spark">{bars}</span>')


_CLASSES = {"right": "r", "clip": "clip", "nw": "nw", "wide": "wide", "say": "say", "spare": "spare"}


def _tip(tip: str | None) -> str:
    return f' title="{html.escape(tip)}"' if tip else ""


def _title(column: Column) -> str:
    """A column without a title has no heading, for a screen reader would read an empty one out."""
    tag = "th" if column.title else "td"
    return f'<{tag} class="{_side(column)}"{_tip(column.tip)}>{safe(column.title)}</{tag}>'


def _side(column: Column) -> str:
    return "r" if column.kind in ("right", "heat") else "spare" if column.kind == "spare" else ""


def _cell(column: Column, row: Mapping[str, object]) -> str:
    value = row.get(column.key)
    if column.kind == "heat":
        share = float(str(row.get(f"{column.key}_share") or 0))
        tint = f' style="background:color-mix(in srgb, var(--t-bad) {share * 55:.0f}%, transparent)"' if share else ""
        return f'<td class="heat"{tint}>{safe(value)}</td>'
    cut = column.kind in ("clip", "wide") and isinstance(value, str) and not isinstance(value, Html)
    whole = _tip(str(value)) if cut else ""
    return f'<td class="{_CLASSES.get(column.kind, "")}"{whole}>{safe(value)}</td>'
