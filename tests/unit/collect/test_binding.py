"""The AMQP binding of CloudEvents: both modes read alike, and what is no event says why (E11, S6, N4)."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from collectors.brokers.binding import STRUCTURED, Unreadable, event_in, traceparent_in
from models.canonical.events import CloudEvent
from models.canonical.hint import HINT
from tests.unit.engine.hostile import event

TRACE = "00-" + "a" * 32 + "-" + "b" * 16 + "-01"
WHOLE: dict[str, Any] = event("t-1").model_dump(mode="json", exclude_none=True)


def whole(**more: Any) -> bytes:
    return json.dumps(WHOLE | more).encode()


def headers(prefix: str = "cloudEvents:", **more: Any) -> dict[str, Any]:
    told = {name: value for name, value in WHOLE.items() if name not in ("data", "datacontenttype")}
    return {f"{prefix}{name}": value for name, value in {**told, **more}.items()}


@pytest.mark.req("S6")
@pytest.mark.parametrize(
    ("media", "head", "body"),
    [
        (STRUCTURED, {}, whole()),
        (f"{STRUCTURED}; charset=utf-8", {"x-death": "2"}, whole()),
        ("", {}, whole()),
        ("application/json", {}, whole(acmesource="an extension that we do not know")),
        ("application/json", headers(), json.dumps(WHOLE["data"]).encode()),
        ("application/vnd.acme+json", headers("cloudEvents_"), json.dumps(WHOLE["data"]).encode()),
        ("", headers(sourceversion=b"1", time=datetime(2026, 9, 1, 8, tzinfo=UTC)), json.dumps(WHOLE["data"]).encode()),
    ],
)
def test_structured_and_binary_say_the_same(media: str, head: dict[str, Any], body: bytes) -> None:
    found = CloudEvent.model_validate({**event_in(media, head, body), "datacontenttype": "application/json"})
    assert found == event("t-1")


@pytest.mark.req("N4")
@pytest.mark.parametrize(
    ("media", "head", "body", "code", "said"),
    [
        (STRUCTURED, {}, b"<event/>", "not-json", "no JSON"),
        (STRUCTURED, {}, b"\xff\xfe", "not-json", "no JSON"),
        (STRUCTURED, {}, b"", "not-json", "no JSON"),
        (STRUCTURED, {}, b"[" * 2000, "not-json", "no JSON"),
        ("application/cloudevents-batch+json", {}, b"[]", "no-event", "cloudevents-batch"),
        ("text/xml", {}, b"<a/>", "no-event", "send application/cloudevents+json"),
        ("application/json", {}, b'{"order": 1}', "no-event", "specversion"),
        ("application/json", {}, b"7", "no-event", "specversion"),
        ("text/xml", headers(), b"<a/>", "no-event", "send JSON"),
        ("application/json", headers(), b"<a/>", "not-json", "no JSON"),
        (STRUCTURED, {}, whole(specversion="0.3"), "no-event", "not 1.0"),
        (STRUCTURED, {}, whole(id=""), "no-event", "no id"),
        (STRUCTURED, {}, whole(id=7), "no-event", "no id"),
        (STRUCTURED, {}, whole(source=None), "no-event", "no source"),
        (STRUCTURED, {}, whole(source="a clock"), "no-event", "blank"),
        (STRUCTURED, {}, whole(id="x" * 513), "no-event", "512"),
        (STRUCTURED, {}, whole(subject="x" * 5000), "no-event", "512"),
        (STRUCTURED, {}, whole(type=HINT), "no-event", "port of webhooks"),
    ],
)
def test_what_is_no_event_says_why(media: str, head: dict[str, Any], body: bytes, code: str, said: str) -> None:
    with pytest.raises(Unreadable) as caught:
        event_in(media, head, body)
    assert caught.value.refusal[0] == code and said in caught.value.refusal[1]


@pytest.mark.parametrize("odd", [None, 7, "", "00-x", TRACE + "\0", TRACE.upper(), b"\xff"])
def test_a_trace_context_is_one_or_none(odd: Any) -> None:
    assert traceparent_in({"traceparent": TRACE}) == traceparent_in({"traceparent": TRACE.encode()}) == TRACE
    assert traceparent_in({"traceparent": odd}) is None
