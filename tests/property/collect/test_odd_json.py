"""JSON telemetry with something odd in it says the same by columns, where these take it, as item by item (C1)."""

from __future__ import annotations

import copy
from unittest.mock import patch

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.pipeline.otlp import from_json
from collectors.pipeline.otlp.decode import Signal, decode
from collectors.pipeline.otlp.from_json import protobuf_of
from collectors.pipeline.otlp.json_columns import protobuf_by_columns
from collectors.pipeline.refusal import Malformed

pytestmark = pytest.mark.req("C1")
PAIRS = [
    {"key": "text", "value": {"stringValue": "POST"}},
    {"key": "whole", "value": {"intValue": 204}},
    {"key": "truth", "value": {"boolValue": False}},
    {"key": "share", "value": {"doubleValue": 0.5}},
    {"key": "list", "value": {"arrayValue": {"values": [{"stringValue": "a"}, {"intValue": 2}]}}},
    {"key": "map", "value": {"kvlistValue": {"values": [{"key": "k", "value": {"boolValue": True}}]}}},
]
SPAN = {
    "traceId": "5b8efff798038103d269b633813fc60c",
    "spanId": "eee19b7ec3c1b174",
    "parentSpanId": "eee19b7ec3c1b173",
    "traceState": "a=b",
    "name": "POST",
    "kind": 3,
    "startTimeUnixNano": "1544712660000000000",
    "endTimeUnixNano": "1544712661000000000",
    "attributes": PAIRS,
    "events": [{"timeUnixNano": "1544712660500000000", "name": "exception", "attributes": PAIRS[:1]}],
    "links": [{"traceId": "5b8efff798038103d269b633813fc60d", "spanId": "eee19b7ec3c1b175", "attributes": PAIRS[1:2]}],
    "status": {"code": 2, "message": "no answer"},
    "flags": 257,
}
LOG = {
    "timeUnixNano": "1544712660000000000",
    "observedTimeUnixNano": "1544712660000000001",
    "severityNumber": 9,
    "severityText": "INFO",
    "body": {"stringValue": "hello"},
    "attributes": PAIRS,
    "traceId": "5b8efff798038103d269b633813fc60c",
    "spanId": "eee19b7ec3c1b174",
    "eventName": "e",
}


def request(resources: str, scopes: str, items: str, one: object) -> dict:
    resource = {"attributes": [{"key": "service.name", "value": {"stringValue": "billing"}}]}
    scope = {"scope": {"name": "http"}, items: [copy.deepcopy(one) for _ in range(3)]}
    return {resources: [{"resource": resource, scopes: [scope]}]}


REQUESTS = {
    Signal.TRACES: ("Traces", request("resourceSpans", "scopeSpans", "spans", SPAN)),
    Signal.LOGS: ("Logs", request("resourceLogs", "scopeLogs", "logRecords", LOG)),
}
WHOLE = st.sampled_from([0, 1, -1, 2**31, 2**32, 2**53 + 1, 2**63 - 1, 2**63, 2**64 - 1, -(2**63)])
ODD = st.one_of(
    st.none(),
    st.booleans(),
    WHOLE,
    WHOLE.map(str),
    st.sampled_from([0.0, 0.5, 204.0, 1e40, -2.5, 2.0**63]),
    st.sampled_from(["", " ", "NaN", "Infinity", "true", "0x1", "1.0", "1e3", " 7", "+7", "zz", "\x00", "aGk=", "é"]),
    st.sampled_from(["EEE19B7EC3C1B174", "0" * 16, "5b8efff7 98038103d269b633813fc60", "SPAN_KIND_CLIENT"]),
    st.sampled_from([[], {}, [None], [{}], [[]], {"stringValue": "x"}, {"intValue": "7"}, {"values": []}, {"a": 1}]),
)


def places(held: object, path: tuple = ()) -> list[tuple]:
    """The way to everything that is in a document."""
    inner = held.items() if isinstance(held, dict) else enumerate(held) if isinstance(held, list) else ()
    return [place for name, value in inner for place in ((*path, name), *places(value, (*path, name)))]


NAMES = sorted(
    {step for _, document in REQUESTS.values() for place in places(document) for step in place if isinstance(step, str)}
    | {"trace_id", "string_value", "bytesValue", "future"}
)


@st.composite
def odd(draw, document):
    """The document with up to three things in it otherwise: another value, another name, one more, or one fewer."""
    made = copy.deepcopy(document)
    for _ in range(draw(st.integers(1, 3))):
        if not (here := places(made)):
            break
        *way, last = draw(st.sampled_from(here))
        holder = made
        for step in way:
            holder = holder[step]
        deed = draw(st.sampled_from(["put", "put", "put", "rename", "add", "drop"]))
        if deed == "put":
            holder[last] = draw(ODD)
        elif deed == "drop":
            del holder[last]
        elif isinstance(holder, list):
            holder.append(draw(ODD))
        elif deed == "add":
            holder[draw(st.sampled_from(NAMES))] = draw(ODD)
        else:
            holder[draw(st.sampled_from(NAMES))] = holder.pop(last)
    return made


@pytest.mark.parametrize("signal", REQUESTS)
@settings(max_examples=100, deadline=None)
@given(st.data())
def test_what_columns_take_they_tell_as_it_is_told_item_by_item(signal, data):
    name, document = REQUESTS[signal]
    made = data.draw(odd(document))
    body = orjson.dumps(made)
    by_columns = protobuf_by_columns(name, body, made)
    if by_columns is None:
        return
    with patch.object(from_json, "SMALLEST", 1 << 30):
        try:
            item_by_item = protobuf_of(signal, body)
        except Malformed as refused:
            pytest.fail(f"columns take what is refused as a whole: {refused}")
    told = decode(signal, [by_columns], [1])
    wanted = decode(signal, [item_by_item.payload], [1])
    assert told.table.to_pylist() == wanted.table.to_pylist()
    assert told.refusals == [*item_by_item.refusals, *wanted.refusals]
