"""The journey of any business object (O2): one search box, then timeline, waterfall, payloads, answers and proof."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import streamlit as st

from app.console.asking import Row, ask, ask_now, audit, world_now
from app.console.journey import presenter as present
from app.console.journey import search, trace
from app.console.view import View
from app.console.widgets import formats
from app.console.widgets.heading import admitted, draw, heading, identifier, zone
from app.console.widgets.markup import Column, Html, block, chip, empty, facts, joined, link, span, table, verdict
from app.console.widgets.payload import field_table
from app.console.widgets.waterfall import waterfall
from app.readings import ids
from app.readings.rights import Action, Question
from app.readings.viewer import Viewer
from models.canonical.classification import DataClass
from models.sql_statements import statements

SQL = statements(Path(__file__).with_name("journey.sql"))
NOBODY: frozenset[DataClass] = frozenset()


def page(viewer: Viewer) -> None:
    """Draw the page for one viewer."""
    admitted(viewer, Question.JOURNEY)
    heading(viewer, "Journey", world_now)
    q = search.asked(
        st.text_input(
            "Search",
            key="q",
            bind="query-params",
            type="search",
            icon=":material/search:",
            label_visibility="collapsed",
            placeholder="Project, customer, invoice, time entry, or the id of a run, trace or case (its first 8 digits will do)",
        )
    )
    if not q:
        _beginning(viewer)
        return
    candidates = _candidates(viewer, q)
    one = search.chosen(q, candidates)
    others = [candidate for candidate in candidates if candidate is not one]
    if not candidates:
        draw(
            empty(
                f"Nothing known about “{q if len(q) <= 80 else q[:80] + '…'}”",
                "Check the spelling, or search by project code, customer name, time entry (TE-…), or by 8 or more digits of a run, trace or case id. New records take a few seconds to arrive.",
            )
        )
        return
    if others:
        _choices(others, one)
    if one and one.kind == "case":
        draw(block(joined([chip("case"), _opening(one), span(one.note, "t-mute")])))
        one = search.subject(one)
    if one:
        _object(viewer, one)


def _beginning(viewer: Viewer) -> None:
    rows = ask(viewer, SQL["latest"])
    draw(block('<div class="t-mute">Every record, span and answer of a thing, whoever sent it. Recent journeys:</div>'))
    cells = [
        {
            "key": link(row["key"], "/journey", q=row["key"]),
            "flow": row["flow"],
            "status": row["status"],
            "at": formats.moment(row["last_at"], zone()),
        }
        for row in rows
    ]
    draw(
        table(
            (Column("key", "Object"), Column("flow", "Flow"), Column("status", "Ended"), Column("at", "At", "right")),
            cells,
        )
        if cells
        else empty("No journey yet", "The first one shows a few seconds after the engine has admitted an event.")
    )


def _candidates(viewer: Viewer, q: str) -> list[search.Candidate]:
    like = f"%{search.name_of(q)}%"
    bare = search.name_of(q)
    return search.found(
        [*_by_id(viewer, q), *_by_name(viewer, q)],
        ask(viewer, SQL["projects"], q=bare, like=like),
        ask(viewer, SQL["work"], q=bare, like=like),
        ask(viewer, SQL["invoice"], q=bare),
    )


def _by_id(viewer: Viewer, q: str) -> list[Row]:
    digits = ids.compact(q)
    if ids.is_id(digits):
        return ask(viewer, SQL["ids"], q=digits)
    return ask(viewer, SQL["prefixes"], q=digits) if ids.is_prefix(digits) else []


def _by_name(viewer: Viewer, q: str) -> list[Row]:
    return [] if ids.is_id(q) else ask(viewer, SQL["objects"], q=q, keys=search.keys(q))


def _choices(others: list[search.Candidate], one: search.Candidate | None) -> None:
    listed = joined(
        [joined([chip(other.kind), _opening(other), span(other.note, "t-mute")]) for other in others[:12]], "   "
    )
    if one is None:
        rows = [{"kind": chip(other.kind), "title": _opening(other), "note": other.note} for other in others]
        draw(table((Column("kind", "Kind"), Column("title", "Found"), Column("note", "About")), rows))
        if len(others) >= search.MOST:
            draw(block(span("There may be more: add a few letters or digits to what you look for.", "t-mute")))
        return
    with st.expander(f"{len(others)} more found"):
        draw(block(listed.replace("   ", "<br>")))


def _opening(other: search.Candidate) -> Html:
    return (
        link(other.title, "/exceptions", case=other.key)
        if other.kind == "case"
        else link(other.title, "/journey", q=other.key)
    )


def _object(viewer: Viewer, one: search.Candidate) -> None:
    if one.kind == "invoice":
        _invoice(viewer, one)
        return
    steps, is_trace = _steps(viewer, one), one.kind == "trace"
    if steps or one.kind not in ("trace", "customer", "project"):
        draw(verdict(*present.outline(steps, present.gone(_holdings(viewer, one), search.name_of(one.key))), one.title))
    clear = _clear(viewer, one)
    _waterfall(viewer, steps, one.key if is_trace else None, clear)
    if steps:
        _timeline(viewer, steps, clear)
    _held(viewer, one, clear)
    if one.kind == "customer":
        _projects(viewer, search.name_of(one.key))
    if one.kind == "project" or one.key.startswith("project:"):
        _work(viewer, search.name_of(one.key), clear)


def _steps(viewer: Viewer, one: search.Candidate) -> list[Row]:
    """Every record of the journeys that touch it. One column is looked up, the one its kind names: that is what keeps
    it quick.
    """
    named = SQL.get(f"trails_of_{one.kind}", SQL["trails_of_object"])
    trails = (
        [one.key] if one.kind == "correlation" else [row["correlation_id"] for row in ask(viewer, named, key=one.key)]
    )
    return ask(viewer, SQL["steps"], key=one.key, correlations=trails)


def _clear(viewer: Viewer, one: search.Candidate) -> frozenset[DataClass]:
    """The data classes shown clear: none until a cleared viewer asks, and that is audited (G2)."""
    why_not = viewer.why_not(Action.REVEAL)
    wanted = st.toggle(
        "Show clear values",
        key=f"clear_{one.key}",
        disabled=why_not is not None,
        help=why_not
        or "Rates, pay and contract values are masked. Showing them is kept in the audit store with your name.",
        on_change=audit,
        args=(viewer, "clear_values_shown", one.key),
    )
    return viewer.clear if wanted and not why_not else NOBODY


def _waterfall(viewer: Viewer, steps: list[Row], only: str | None, clear: frozenset[DataClass]) -> None:
    choices = [(only, f"trace {only[:8]}")] if only else trace.traces(steps)
    if not choices:
        return
    st.subheader("Waterfall", anchor=False)
    labels = dict(choices)
    picked = (
        choices[0][0]
        if len(choices) == 1
        else st.selectbox(
            "Trace", list(labels), format_func=lambda one: labels[one], key="trace", label_visibility="collapsed"
        )
    )
    spans = ask(viewer, SQL["spans"], trace=picked)
    if not spans:
        draw(
            empty(
                "No spans for this trace",
                "Its sender exported none, they are on their way, or they belong to a legal entity outside your scope.",
            )
        )
        return
    rows = trace.waterfall(spans, [step for step in steps if step["trace_id"] == picked])
    span_id = waterfall(rows, key=f"waterfall_{picked}")
    if span_id:
        st.session_state["span"] = span_id
    shown = next(
        (row for row in spans if row["span_id"] == st.session_state.get("span")),
        spans[0] if only and not steps else None,
    )
    if shown:
        _span(shown, clear)
    logs = ask(viewer, SQL["logs"], trace=picked)
    if logs:
        with st.expander(formats.plural(len(logs), "log line")):
            cells = [
                {
                    "at": formats.moment(row["time"], zone(), seconds=True),
                    "level": row["severity_text"],
                    "service": row["service_name"],
                    "body": row["body"],
                }
                for row in logs
            ]
            draw(
                table(
                    (
                        Column("at", "At", "nw"),
                        Column("level", "Level"),
                        Column("service", "Service"),
                        Column("body", "Line"),
                    ),
                    cells,
                )
            )


def _span(row: Row, clear: frozenset[DataClass]) -> None:
    with st.container(border=True):
        st.markdown(
            f"**{_text(row['name'])}** · {_text(row['service_name'])} · {formats.duration((row['duration_us'] or 0) / 1e6)}"
        )
        told = {"status": row["status_message"]} if row["status_message"] else {}
        fields = present.attributes({**_json(row["attributes"]), "span_id": row["span_id"], **told}, clear)
        draw(field_table(fields, "", "Attribute"))


def _json(text: str | None) -> dict[str, object]:
    body = present.body_of({"body": text or "{}"})
    return body if isinstance(body, dict) else {"attributes": body}


def _text(value: object) -> str:
    return str(value or "").replace("*", "\\*").replace("[", "\\[").replace("`", "\\`")


def _timeline(viewer: Viewer, steps: list[Row], clear: frozenset[DataClass]) -> None:
    with st.container(key="stack_timeline"):
        left, right = st.columns([3, 2])
    with left:
        st.subheader("Timeline", anchor=False)
        picked = st.dataframe(
            present.timeline(steps, zone(), clear),
            key=f"steps_{steps[0]['record_id']}",
            on_select="rerun",
            selection_mode="single-row",
            hide_index=True,
            row_height=29,
            height=min(36 + 29 * len(steps), 560),
            alt="Every record of the journey in order",
            column_config={
                "at": st.column_config.TextColumn("At", width=112),
                "mark": st.column_config.TextColumn("", width=30),
                "what": st.column_config.TextColumn("What happened", width=290),
                "system": st.column_config.TextColumn("System", width=80),
                "status": st.column_config.TextColumn("Status", width=104),
                "took": st.column_config.TextColumn("Took", width=60, alignment="right"),
                "amount": st.column_config.TextColumn("Amount", width=98, alignment="right"),
                "flow": st.column_config.TextColumn("Flow / step", width=200),
            },
        )
    rows = picked.selection.rows
    row = steps[rows[0]] if rows and rows[0] < len(steps) else present.telling(steps)
    with right:
        _record(row, clear)


def _record(row: Mapping[str, Any], clear: frozenset[DataClass]) -> None:
    st.subheader("Record", anchor=False)
    draw(
        block(
            joined(
                [
                    chip(formats.words(row["kind"]), present.MOODS.get(row["kind"], "")),
                    span(present.sentence(row), "t-b"),
                ]
            )
        )
    )
    draw(facts(present.facts(row, zone(), clear)))
    for part in present.parts(row, clear):
        draw(field_table(part.fields, part.before, part.after))
    draw(facts(present.proof(row, zone())))
    with st.expander("Ids"):
        for label in ("run_id", "lineage_id", "correlation_id", "trace_id", "record_id"):
            identifier(formats.words(label), row[label])


def _holdings(viewer: Viewer, one: search.Candidate) -> list[Row]:
    return ask(viewer, SQL["held"], names=[one.key, search.name_of(one.key)], posting=f"{search.name_of(one.key)}-v")


def _held(viewer: Viewer, one: search.Candidate, clear: frozenset[DataClass]) -> None:
    held = _holdings(viewer, one)
    if not held:
        return
    st.subheader("What each system holds now", anchor=False)
    columns, rows = present.holdings(held, clear, zone())
    cells = [{**row, "field": _marked(row)} for row in rows]
    draw(table([Column("field", "Field"), *(Column(column, column) for column in columns)], cells))


def _marked(row: dict[str, object]) -> Html:
    return joined([span(row["field"], "t-mono"), chip("differs", "warn") if row["differs"] else None])


def _projects(viewer: Viewer, customer: str) -> None:
    rows = [row for row in ask(viewer, SQL["projects"], q=customer, like=customer) if row["customer_key"] == customer]
    cells = [
        {
            "key": link(row["key"], "/journey", q=row["key"]),
            "name": row["name"],
            "firm": row["legal_entity"],
            "usable": formats.moment(row["usable_at"], zone()),
        }
        for row in rows
    ]
    st.subheader("Projects", anchor=False)
    draw(
        table(
            (
                Column("key", "Project"),
                Column("name", "Name"),
                Column("firm", "Legal entity"),
                Column("usable", "Usable since", "right"),
            ),
            cells,
        )
    )


def _work(viewer: Viewer, project: str, clear: frozenset[DataClass]) -> None:
    rows = ask(viewer, SQL["of_project"], project=project)
    if not rows:
        return
    st.subheader("Work on this project", anchor=False)
    cells = present.work_rows(rows, clear)
    draw(
        table(
            (
                Column("key", "Item"),
                Column("who", "Person"),
                Column("code", "Charge code"),
                Column("on", "Worked on"),
                Column("hours", "Hours", "right"),
                Column("value", "Value", "right"),
                Column("state", "State"),
            ),
            cells,
        )
    )


def _invoice(viewer: Viewer, one: search.Candidate) -> None:
    invoice = ask_now(viewer, SQL["invoice"], q=one.key)[0]
    clear = _clear(viewer, one)
    head, lines = present.lines(invoice, clear)
    draw(facts(head))
    st.subheader("What it bills", anchor=False)
    cells = [
        {**line, "posting": span(line["posting"], "t-mono"), "entry": link(line["entry"], "/journey", q=line["entry"])}
        for line in lines
    ]
    draw(
        table(
            (
                Column("entry", "Time or expense"),
                Column("posting", "Posting in the ERP"),
                Column("amount", "Amount", "right"),
            ),
            cells,
        )
        if cells
        else empty("No lines", "The ERP lists none.")
    )


PAGE = View(Question.JOURNEY, "Journey", ":material/route:", 3, page)
