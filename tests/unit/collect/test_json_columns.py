"""Large JSON requests go by columns, odd ones item by item: what each road takes, and that they say the same (C1)."""

from __future__ import annotations

import copy
from typing import Any

import orjson
import pytest

from collectors.pipeline.otlp import from_json
from collectors.pipeline.otlp.decode import Signal, decode
from collectors.pipeline.otlp.from_json import protobuf_of
from collectors.pipeline.otlp.json_columns import protobuf_by_columns

pytestmark = pytest.mark.req("C1")
SPAN = {
    "traceId": "5b8efff798038103d269b633813fc60c",
    "spanId": "eee19b7ec3c1b174",
    "parentSpanId": "eee19b7ec3c1b173",
    "name": "POST",
    "kind": 3,
    "startTimeUnixNano": "1544712660000000000",
    "endTimeUnixNano": "1544712661000000000",
    "attributes": [
        {"key": "http.request.method", "value": {"stringValue": "POST"}},
        {"key": "http.response.status_code", "value": {"intValue": 204}},
        {"key": "retried", "value": {"boolValue": False}},
        {"key": "share", "value": {"doubleValue": 0.5}},
        {"key": "args", "value": {"arrayValue": {"values": [{"stringValue": "a"}, {"intValue": 2}]}}},
        {"key": "map", "value": {"kvlistValue": {"values": [{"key": "k", "value": {"boolValue": True}}]}}},
    ],
    "droppedAttributesCount": 0,
    "events": [{"timeUnixNano": "1544712660500000000", "name": "exception", "attributes": []}],
    "links": [{"traceId": "5b8efff798038103d269b633813fc60d", "spanId": "eee19b7ec3c1b175"}],
    "status": {"code": 2, "message": "no answer"},
    "flags": 257,
}


def request(change: dict[str, Any], number: int = 20) -> dict[str, Any]:
    """Enough spans to go by columns; the last is changed."""
    spans = [copy.deepcopy(SPAN) for _ in range(number)]
    spans[-1] |= change
    resource = {"attributes": [{"key": "service.name", "value": {"stringValue": "billing"}}]}
    return {"resourceSpans": [{"resource": resource, "scopeSpans": [{"scope": {"name": "http"}, "spans": spans}]}]}


def roads(document: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> tuple[bool, Any, Any]:
    """Whether it goes by columns, and what is stored and refused of it on the road that it takes and item by item."""
    body = orjson.dumps(document)
    assert len(body) > from_json.SMALLEST
    said = []
    for smallest in (0, 1 << 30):
        monkeypatch.setattr(from_json, "SMALLEST", smallest)
        found = protobuf_of(Signal.TRACES, body)
        stored = decode(Signal.TRACES, [found.payload], [1])
        said.append((stored.table.to_pylist(), [*found.refusals, *stored.refusals]))
    return protobuf_by_columns("Traces", body, document) is not None, *said


VALUE = {"key": "v", "value": {"stringValue": "x"}}


@pytest.mark.parametrize(
    ("change", "by_columns"),
    [
        ({}, True),
        ({"parentSpanId": "", "links": [], "events": None, "status": None, "attributes": None}, True),
        ({"startTimeUnixNano": "0"}, True),  # refused, by either road
        ({"traceId": "0" * 32}, True),
        ({"futureField": {"deep": [1]}}, True),
        ({"name": 'trace_id: \\"quoted\\" \u00e9 \U0001f600'}, True),
        ({"attributes": [{"key": "empty", "value": {}}, {"key": "none"}]}, True),
        ({"spanId": "zz"}, False),
        ({"spanId": "eee19b7ec3c1b17 "}, False),
        ({"startTimeUnixNano": 1544712660000000000}, False),
        ({"startTimeUnixNano": "soon"}, False),
        ({"startTimeUnixNano": "-1"}, False),
        ({"start_time_unix_nano": "1544712660000000000"}, False),
        ({"kind": "SPAN_KIND_CLIENT"}, False),
        ({"kind": 1 << 40}, False),
        ({"attributes": [None]}, False),
        ({"attributes": [{"key": "two", "value": {"stringValue": "x", "intValue": 1}}]}, False),
        ({"attributes": [{"key": "bytes", "value": {"bytesValue": "aGk="}}]}, False),
        ({"attributes": [{"key": "text", "value": {"intValue": "7"}}]}, False),
        ({"attributes": [{"key": "deep", "value": {"arrayValue": {"values": [{"arrayValue": {}}]}}}]}, False),
        ({"attributes": [{"key": "truth", "value": {"doubleValue": True}}]}, False),
        ({"status": []}, False),
        ({"attributes": [{"key": "listed", "value": []}]}, False),
        ({"links": "none"}, False),
        ({"name": 5}, False),
    ],
)
def test_both_roads_say_the_same(change: dict[str, Any], by_columns: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    columns, taken, item_by_item = roads(request(change), monkeypatch)
    assert columns is by_columns
    assert taken == item_by_item


def test_whole_numbers_may_be_texts_as_a_collector_writes_them(monkeypatch: pytest.MonkeyPatch) -> None:
    document = orjson.loads(
        orjson.dumps(request({}))
        .replace(b'"intValue":204', b'"intValue":"204"')
        .replace(b'"intValue":2}', b'"intValue":"2"}')
    )
    columns, taken, item_by_item = roads(document, monkeypatch)
    assert columns and taken == item_by_item and '"http.response.status_code":204' in taken[0][0]["attributes"]


def test_what_is_mostly_empty_objects_is_counted_one_by_one() -> None:
    """Three bytes of text would take hundreds in columns."""
    document = {"resourceSpans": [{"scopeSpans": [{"spans": [{} for _ in range(20_000)]}]}]}
    assert protobuf_by_columns("Traces", orjson.dumps(document), document) is None
