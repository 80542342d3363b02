"""A CloudEvent in a message (the AMQP binding of CloudEvents 1.0): whole in the body, or its attributes in headers.

The binding is written for AMQP 1.0, whose application properties a broker shows to AMQP 0-9-1 as headers.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson

from models.canonical.events import CloudEvent
from models.canonical.hint import is_hint

STRUCTURED = "application/cloudevents+json"
TRACE = "traceparent"
_PREFIXES = ("cloudevents:", "cloudevents_")
_ATTRIBUTES = frozenset(CloudEvent.model_fields)
_KEYS = ("id", "source", "type", "subject", "dataschema")
_LONGEST = 512
"""Characters of an attribute that stores look up by."""
_TRACEPARENT = re.compile(r"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")


class Unreadable(Exception):
    """A message that holds no event: a stable code, a sentence, the place in it."""

    def __init__(self, code: str, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.refusal = (code, message, field)


def event_in(media: str, headers: Mapping[str, Any], body: bytes) -> dict[str, Any]:
    """The event of a message as JSON; attributes of others (extensions that we do not know) are left out.

    Raises Unreadable with `not-json` or `no-event`.
    """
    told = {name.lower(): value for name, value in headers.items()}
    kind = media.partition(";")[0].strip().lower()
    event = _in_headers(kind, told, body) if _has_attributes(told) else _in_body(kind, body)
    event = {name: value for name, value in event.items() if name in _ATTRIBUTES}
    _check(event)
    return event


def traceparent_in(headers: Mapping[str, Any]) -> str | None:
    """The W3C trace context of the delivery, where its header is one."""
    found = _text(headers.get(TRACE))
    return found if isinstance(found, str) and _TRACEPARENT.fullmatch(found) else None


def _has_attributes(headers: Mapping[str, Any]) -> bool:
    return any(name.startswith(_PREFIXES) for name in headers)


def _in_headers(kind: str, headers: Mapping[str, Any], body: bytes) -> dict[str, Any]:
    """Binary mode."""
    if kind and kind != "application/json" and not kind.endswith("+json"):
        raise Unreadable("no-event", f"its data is {kind}: send JSON, as application/json", "datacontenttype")
    length = len(_PREFIXES[0])
    event = {name[length:]: _text(value) for name, value in headers.items() if name.startswith(_PREFIXES)}
    return {**event, "datacontenttype": kind or "application/json", "data": _json(body)}


def _in_body(kind: str, body: bytes) -> dict[str, Any]:
    """Structured mode; what names no content type of its own is taken for it where it is an event."""
    if kind not in (STRUCTURED, "application/json", ""):
        raise Unreadable(
            "no-event", f"it is {kind}: send {STRUCTURED}, or attributes as headers cloudEvents:…", "media"
        )
    found = _json(body)
    if not isinstance(found, dict) or "specversion" not in found:
        raise Unreadable("no-event", "it is JSON but no CloudEvent: it names no specversion", "specversion")
    return found


def _json(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Unreadable("not-json", f"its body is no JSON: {error}", "body") from error


def _check(event: Mapping[str, Any]) -> None:
    """What admission does not look at, or finds no place for."""
    if event.get("specversion") != "1.0":
        raise Unreadable("no-event", "its specversion is not 1.0", "specversion")
    for name in ("id", "source"):
        if not isinstance(event.get(name), str) or not event[name]:
            raise Unreadable("no-event", f"it has no {name}: an event is known by source and id", name)
    if event["source"].split() != [event["source"]]:
        raise Unreadable("no-event", "its source is no URI reference: it holds a blank", "source")
    for name in _KEYS:
        if len(str(event.get(name, ""))) > _LONGEST:
            raise Unreadable("no-event", f"its {name} has more than {_LONGEST} characters", name)
    if is_hint(event):
        raise Unreadable(
            "no-event", "it names itself a webhook's delivery, which comes by the port of webhooks", "type"
        )


def _text(value: Any) -> Any:
    """A header's value as JSON has it."""
    if isinstance(value, bytes | bytearray):
        return bytes(value).decode("utf-8", "replace")
    if isinstance(value, datetime):
        return value.isoformat()
    return value if isinstance(value, str | int | bool) else str(value)
