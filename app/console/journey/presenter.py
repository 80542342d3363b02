"""What happened to this one thing, in every system? Turns records and spans into sentences; knows no Streamlit."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from app.console.widgets import formats
from app.console.widgets.markup import chip, link
from app.console.widgets.payload import Field, compared
from app.readings.clear import PUBLIC
from app.readings.rights import amount_class
from models.canonical.classification import MASK, DataClass

Row = Mapping[str, Any]
Rows = Sequence[Row]
MOODS = {
    "failure": "bad",
    "pause": "warn",
    "acknowledgement": "good",
    "settlement": "info",
    "operator_action": "info",
    "finding": "warn",
}
ICONS = {
    "source_event": "⇥",
    "transformation": "ƒ",
    "acknowledgement": "✓",
    "failure": "✕",
    "pause": "‖",
    "settlement": "■",
    "operator_action": "☺",
    "finding": "⚑",
}


def body_of(row: Row) -> Any:
    """A record's body as JSON values; text that is no JSON stays text."""
    body = row.get("body")
    if not isinstance(body, str):
        return body
    try:
        return json.loads(body)
    except ValueError:
        return body


def sentence(row: Row) -> str:
    """One record in plain words."""
    body = body_of(row)
    body = body if isinstance(body, Mapping) else {}
    step, system = formats.words(row["step"]) if row["step"] else "", row["system"] or "the source"
    match row["kind"]:
        case "source_event":
            return f"{system} reported: {_event(body)}"
        case "transformation":
            return f"{step or 'Step'} done"
        case "acknowledgement":
            return f"{system} acknowledged {_change(body)}"
        case "failure":
            return f"{system if row['system'] else step or 'Step'} refused: {_error(body, row)}"
        case "pause":
            return f"Waits: {body.get('because') or body.get('what') or 'for data of another system'}"
        case "settlement":
            return f"Run {row['status'] or 'ended'}"
        case "operator_action":
            return f"{row['actor'] or 'Somebody'} {_action(body, row)}"
        case "finding":
            return f"Exception {row['status'] or 'found'}: {body.get('title') or formats.words(row['error_code'])}"
    return formats.words(row["kind"])


def _event(body: Mapping[str, Any]) -> str:
    return formats.words(str(body.get("type") or "a change").removeprefix("tieout.").replace(".", " "))


def _change(body: Mapping[str, Any]) -> str:
    change, answer = body.get("change") or {}, body.get("answer") or {}
    action, entity = (change.get("action"), change.get("entity")) if isinstance(change, Mapping) else (None, None)
    known = answer.get("system_id") if isinstance(answer, Mapping) else None
    return " ".join(
        part
        for part in (action, formats.words(entity).lower() if entity else "the change", f"as {known}" if known else "")
        if part
    )


def _error(body: Mapping[str, Any], row: Row) -> str:
    error = body.get("error")
    told = error.get("message") if isinstance(error, Mapping) else error
    return str(told or formats.words(row["error_code"]))


def _action(body: Mapping[str, Any], row: Row) -> str:
    said = body.get("text") or body.get("reason")
    return f"{formats.words(body.get('action') or row['status']).lower()}{f': {said}' if said else ''}"


def _amount(row: Row, clear: frozenset[DataClass]) -> str | None:
    """The money of a record: of a case the sum at stake, else the amount of one thing, masked by what the thing is."""
    if row["amount"] is None:
        return None
    shown = row["kind"] == "finding" or amount_class(_about(row)) in clear | PUBLIC
    return formats.money(row["amount"], row["currency"] or "") if shown else MASK


def _about(row: Row) -> str:
    """The entity a record is about."""
    return str(row["entity"] or row["business_key"] or "").partition(":")[0]


def timeline(steps: Rows, zone: str | None, clear: frozenset[DataClass]) -> list[dict[str, Any]]:
    """The rows of the timeline table."""
    return [
        {
            "at": formats.moment(row["occurred_at"], zone, seconds=True),
            "mark": ICONS.get(row["kind"], "·"),
            "what": sentence(row),
            "system": row["system"] or "",
            "status": formats.words(row["error_code"] or row["status"]).lower()
            if row["error_code"] or row["status"]
            else "",
            "took": formats.duration(row["duration_us"] / 1e6) if row["duration_us"] else "",
            "amount": _amount(row, clear) or "",
            "flow": " / ".join(part for part in (row["flow"], row["step"]) if part),
        }
        for row in steps
    ]


TELLERS = ("source_event", "acknowledgement", "failure")
"""Records that a system made; others name what is waited for."""
OURS = "tieout"
"""The source of events that one flow leaves for another: no system."""


def gone(held: Rows, name: str) -> list[str]:
    """Systems that held the thing once and hold it no longer."""
    return list(dict.fromkeys(row["system"] for row in held if row["key"] == name and not row["present"]))


def outline(steps: Rows, gone: Sequence[str] = ()) -> tuple[str, str]:
    """How the journey ended, in a mood and a sentence; what arrived may be gone since."""
    if not steps:
        return "", "No record of it in the audit store."
    systems = list(
        dict.fromkeys(row["system"] for row in steps if row["kind"] in TELLERS and row["system"] not in (None, OURS))
    )
    length = (steps[-1]["occurred_at"] - steps[0]["occurred_at"]).total_seconds()
    last = next(
        (row for row in reversed(steps) if row["kind"] in ("settlement", "failure", "pause", "acknowledgement")),
        steps[-1],
    )
    refused = [row["system"] for row in steps if row["kind"] == "failure" and row["system"]]
    mood, text = _ending(last, refused[-1] if refused else None)
    if gone:
        mood, text = mood if mood == "bad" else "warn", f"{text}, but gone from {' and '.join(gone)}"
    through = f"through {', '.join(systems)}; " if systems else ""
    return mood, f"{text}; {through}{formats.plural(len(steps), 'record')} over {formats.duration(length)}."


def _ending(last: Row, system: str | None) -> tuple[str, str]:
    if last["kind"] == "failure" or last["status"] == "dead":
        where = f" at {system}" if system else ""
        return "bad", f"Stuck{where}: {formats.words(last['error_code'] or 'refused').lower()}"
    if last["kind"] == "pause":
        return "warn", "Paused for missing data"
    return (
        ("good", "Arrived")
        if last["status"] in ("settled", None, "delivered", "done")
        else ("", f"Run {last['status']}")
    )


def telling(steps: Rows) -> Row:
    """The record to show first: of a stuck journey its last failure, else the last answer of a target, else the last of
    all.
    """
    kinds = ("failure", "pause") if outline(steps)[0] in ("bad", "warn") else ("acknowledgement",)
    return next((row for row in reversed(steps) if row["kind"] in kinds), steps[-1])


@dataclass(frozen=True, slots=True)
class Part:
    """A table of a record's content: one side alone (`before` empty), or two sides compared."""

    before: str
    after: str
    fields: list[Field]


def parts(row: Row, clear: frozenset[DataClass]) -> list[Part]:
    """What went into a step and what came out, as fits the kind of record."""
    body, about = body_of(row), _about(row)
    if not isinstance(body, Mapping):
        return [_alone("Content", body, clear, about)]
    if "before" in body and "after" in body:
        return [Part("Before", "After", compared(body["before"], body["after"], clear, about))]
    if "change" in body or "answer" in body or "error" in body:
        change = body.get("change", body.get("before"))
        sent = change.get("body", change) if isinstance(change, Mapping) else change
        told = [("Answer", body.get("answer")), ("Error", body.get("error")), ("Sent", sent)]
        return [_alone(name, content, clear, about) for name, content in told if content is not None]
    return [_alone("Event", body["data"], clear, about) if "data" in body else _alone("Content", body, clear, about)]


def _alone(name: str, content: Any, clear: frozenset[DataClass], about: str = "") -> Part:
    return Part("", name, [replace(field, changed=False) for field in compared(None, content, clear, about)])


def attributes(body: Mapping[str, Any], clear: frozenset[DataClass]) -> list[Field]:
    """A span's attributes, one side alone."""
    return _alone("", body, clear).fields


def facts(row: Row, zone: str | None, clear: frozenset[DataClass]) -> dict[str, object]:
    """What is known about one record."""
    return {
        "When": f"{formats.moment(row['occurred_at'], zone, seconds=True)} ({zone or 'UTC'})",
        "Flow": " / ".join(
            str(part)
            for part in (row["flow"], f"v{row['flow_version']}" if row["flow_version"] else None, row["step"])
            if part
        ),
        "System": row["system"],
        "Status": row["error_code"] or row["status"],
        "Attempt": row["attempt"] if row["attempt"] and row["attempt"] > 1 else None,
        "Actor": row["actor"],
        "Legal entity": row["legal_entity"],
        "Amount": _amount(row, clear),
        "Took": formats.duration(row["duration_us"] / 1e6) if row["duration_us"] else None,
    }


def proof(row: Row, zone: str | None) -> dict[str, object]:
    """Where the record lies in the sealed store."""
    if not row.get("root"):
        return {"Seal": "not sealed yet: the collector seals with its next commit"}
    return {
        "Sealed": f"{formats.moment(row['sealed_at'], zone, seconds=True)} by {row['writer']}",
        "Batch": f"{row['batch_id']}, row {row['n']}",
        "Root": row["root"],
    }


def holdings(held: Rows, clear: frozenset[DataClass], zone: str | None) -> tuple[list[str], list[dict[str, Any]]]:
    """What each system holds now, field by field: column names (systems) and rows; a field that differs is marked."""
    columns = [f"{row['system']} · {formats.words(row['entity'])}" for row in held]
    bodies = [json.loads(row["fields"] or "{}") if row["present"] else {} for row in held]
    paths = list(dict.fromkeys(path for body in bodies for path in body))
    rows = [_held_row(path, held, columns, bodies, clear) for path in paths]
    gone = [column for column, row in zip(columns, held, strict=True) if not row["present"]]
    seen = {
        "field": "observed",
        **{
            column: "gone" if column in gone else formats.moment(row["observed_at"], zone)
            for column, row in zip(columns, held, strict=True)
        },
        "differs": False,
    }
    return columns, [seen, *sorted(rows, key=lambda row: not row["differs"])]


def _held_row(
    path: str, held: Rows, columns: Sequence[str], bodies: Sequence[Mapping[str, Any]], clear: frozenset[DataClass]
) -> dict[str, Any]:
    values = [body.get(path) for body in bodies]
    shown = {
        column: _short(path, value, clear, row["entity"])
        for column, value, row in zip(columns, values, held, strict=True)
    }
    told = {json.dumps(value, sort_keys=True) for value in values if value is not None}
    return {"field": path, **shown, "differs": len(told) > 1}


def _short(path: str, value: Any, clear: frozenset[DataClass], about: str) -> str:
    if value is None:
        return ""
    fields = compared(None, {path: value}, clear, about)
    if len(fields) == 2 and {field.path for field in fields} == {f"{path}.amount", f"{path}.currency"}:
        return " ".join(dict.fromkeys(str(field.after) for field in fields))
    return ", ".join(str(field.after) for field in fields)


INVOICE = {
    "number": "Number",
    "customer_key": "Customer",
    "project_code": "Project",
    "status": "Status",
    "issued_on": "Issued on",
    "total": "Total",
}
LINKED = ("Customer", "Project")


def lines(invoice: Row, clear: frozenset[DataClass]) -> tuple[dict[str, object], list[dict[str, Any]]]:
    """An invoice's head, and its lines with the time entry or expense each bills."""
    body = json.loads(invoice["fields"] or "{}")
    head: dict[str, object] = {title: _short(name, body.get(name), clear, "invoice") for name, title in INVOICE.items()}
    listed = [
        {
            "posting": line.get("posting_id"),
            "entry": entry_of(line.get("posting_id")),
            "amount": _short("amount", line.get("amount"), clear, "lines"),
        }
        for line in body.get("lines") or []
    ]
    return {
        title: link(value, "/journey", q=value) if title in LINKED else value for title, value in head.items() if value
    }, listed


def entry_of(posting: str | None) -> str:
    """The time entry or expense behind an ERP posting id `<id>-v<k>` or `<id>-v<k>-R`."""
    return (posting or "").removesuffix("-R").rpartition("-v")[0] or (posting or "")


def work_rows(rows: Rows, clear: frozenset[DataClass]) -> list[dict[str, object]]:
    """Time, expenses and milestones of a project; the value of each is that of one thing."""
    return [
        {
            "key": link(row["key"], "/journey", q=row["key"]),
            "who": row["resource_key"],
            "code": row["charge_code"],
            "on": row["work_date"],
            "hours": row["hours"],
            "value": formats.money(row["bill_amount"], row["currency"] or "")
            if amount_class(row["kind"]) in clear | PUBLIC
            else MASK,
            "state": chip(
                formats.words(row["blocker"] or row["state"]),
                {"blocked": "bad", "ready": "good", "not_approved": "warn"}.get(row["state"], ""),
            ),
        }
        for row in rows
    ]
