"""The journey of any business object (O2): one search box, then timeline, waterfall, payloads, answers and proof."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from app.console.asking import read
from app.console.freshness import fresh
from app.console.journey.thing import thing
from app.console.view import View
from app.console.widgets import formats
from app.console.widgets.heading import admitted, draw, heading, zone
from app.console.widgets.markup import Column, Html, block, chip, empty, joined, link, span, table
from app.readings.journey import QUESTION, reading, search
from app.readings.journey.search import Candidate
from app.readings.viewer import Viewer

PLACEHOLDER = "Project, customer, invoice, time entry, or the id of a run, trace or case (its first 8 digits will do)"
SPELLING = (
    "Check the spelling, or search by project code, customer name, time entry (TE-…), "
    "or by 8 or more digits of a run, trace or case id. New records take a few seconds to arrive."
)
BESIDE = 12
"""Other things found, as many as stand beside the one that is open."""
LONGEST = 80
"""Characters of a question that an answer repeats."""
LATEST = (Column("key", "Object"), Column("flow", "Flow"), Column("status", "Ended"), Column("at", "At", "right"))


def page(viewer: Viewer) -> None:
    """Draw the page for one viewer."""
    admitted(viewer, QUESTION)
    heading(viewer, "Journey", fresh(viewer))
    q = search.asked(
        st.text_input(
            "Search",
            key="q",
            bind="query-params",
            type="search",
            icon=":material/search:",
            label_visibility="collapsed",
            placeholder=PLACEHOLDER,
        )
    )
    if not q:
        _beginning(viewer)
        return
    candidates = read(viewer, reading.candidates, q)
    if not candidates:
        shown = q if len(q) <= LONGEST else f"{q[:LONGEST]}…"
        draw(empty(f"Nothing known about “{shown}”", SPELLING))
        return
    _found(viewer, candidates, search.chosen(q, candidates))


def _beginning(viewer: Viewer) -> None:
    cells = [
        {
            "key": link(row.key, "/journey", q=row.key),
            "flow": row.flow,
            "status": row.status,
            "at": formats.moment(row.last_at, zone()),
        }
        for row in read(viewer, reading.latest)
    ]
    draw(block('<div class="t-mute">Every record, span and answer of a thing, whoever sent it. Recent journeys:</div>'))
    none = empty("No journey yet", "The first one shows a few seconds after the engine has admitted an event.")
    draw(table(LATEST, cells) if cells else none)


def _found(viewer: Viewer, candidates: Sequence[Candidate], one: Candidate | None) -> None:
    """What to choose among, and the journey of the one that is meant."""
    others = [candidate for candidate in candidates if candidate is not one]
    if one is None:
        _choices(others)
        return
    if others:
        with st.expander(f"{len(others)} more found"):
            draw(block("<br>".join(_line(other) for other in others[:BESIDE])))
    if one.kind == "case":
        draw(block(_line(one)))
    about = search.subject(one) if one.kind == "case" else one
    if about:
        thing(viewer, about)


def _choices(found: Sequence[Candidate]) -> None:
    rows = [{"kind": chip(one.kind), "title": _opening(one), "note": one.note} for one in found]
    draw(table((Column("kind", "Kind"), Column("title", "Found"), Column("note", "About")), rows))
    if len(found) >= search.MOST:
        draw(block(span("There may be more: add a few letters or digits to what you look for.", "t-mute")))


def _line(one: Candidate) -> Html:
    return joined([chip(one.kind), _opening(one), span(one.note, "t-mute")])


def _opening(one: Candidate) -> Html:
    if one.kind == "case":
        return link(one.title, "/exceptions", case=one.key)
    return link(one.title, "/journey", q=one.key)


PAGE = View(QUESTION, "Journey", ":material/route:", 3, page)
