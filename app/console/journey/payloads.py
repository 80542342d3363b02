"""What went into a step and what came out, field by field; knows no Streamlit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from app.readings.journey.rows import Span, Step
from app.readings.payload import Field, fields


@dataclass(frozen=True, slots=True)
class Part:
    """A table of a record's content: one side alone (`before` empty), or two sides compared."""

    before: str
    after: str
    fields: list[Field]


def parts(row: Step) -> list[Part]:
    """What went into a step and what came out, as fits the kind of record."""
    body = row.body
    if not isinstance(body, Mapping):
        return [_alone("Content", body)]
    if "before" in body and "after" in body:
        return [Part("Before", "After", fields(body["before"], body["after"], row.changed))]
    if "change" in body or "answer" in body or "error" in body:
        change = body.get("change", body.get("before"))
        sent = change.get("body", change) if isinstance(change, Mapping) else change
        known = [("Answer", body.get("answer")), ("Error", body.get("error")), ("Sent", sent)]
        return [_alone(name, content) for name, content in known if content is not None]
    return [_alone("Event", body["data"]) if "data" in body else _alone("Content", body)]


def _alone(name: str, content: Any) -> Part:
    return Part("", name, [replace(field, changed=False) for field in fields(None, content)])


def attributes(span: Span) -> list[Field]:
    """A span's attributes, its id and its status, one side alone."""
    status = {"status": span.status_message} if span.status_message else {}
    return _alone("", {**span.attributes, "span_id": span.span_id, **status}).fields
