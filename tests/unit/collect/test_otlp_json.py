"""OTLP JSON as the specification has it, and what a sender may get wrong (C1, N4)."""

from __future__ import annotations

import json

import pytest

from collectors.pipeline.otlp import from_json
from collectors.pipeline.otlp.decode import Signal, decode
from collectors.pipeline.otlp.from_json import protobuf_of
from collectors.pipeline.refusal import Malformed

pytestmark = pytest.mark.req("C1", "N4")

GOOD = {
    "traceId": "5B8EFFF798038103D269B633813FC60C",
    "spanId": "eee19b7ec3c1b174",
    "name": "x",
    "kind": 2,
    "startTimeUnixNano": "1544712660000000000",
    "endTimeUnixNano": 1544712661000000000,
}


@pytest.fixture(params=["by columns", "item by item"], autouse=True)
def _road(request, monkeypatch):
    """However large a request is, it says the same."""
    monkeypatch.setattr(from_json, "SMALLEST", 0 if request.param == "by columns" else 1 << 30)


def body(*spans):
    return json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": list(spans)}]}]}).encode()


def stored(content):
    found = protobuf_of(Signal.TRACES, content)
    return decode(Signal.TRACES, [found.payload], [1]).table.to_pylist(), found.refusals


def test_hex_in_either_case_and_64_bit_numbers_as_text_or_number():
    (row,), refusals = stored(body(GOOD))
    assert not refusals
    assert row["trace_id"] == "5b8efff798038103d269b633813fc60c"
    assert row["duration_us"] == 1_000_000


def test_unknown_fields_are_ignored_and_nulls_are_absent():
    (row,), refusals = stored(
        body({**GOOD, "futureField": {"deep": [1]}, "parentSpanId": None, "attributes": None, "status": None})
    )
    assert not refusals and row["parent_span_id"] is None and row["attributes"] == "{}"


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"traceId": "zz"}, "traceId must be 32 hex digits"),
        ({"traceId": "g" * 32}, "traceId must be 32 hex digits"),
        ({"spanId": 7}, "spanId must be 16"),
        ({"attributes": [{"key": "a", "value": {"intValue": "much"}}]}, "cannot be read"),
        ({"startTimeUnixNano": "soon"}, "cannot be read"),
        ({"trace_id": "5b8efff798038103d269b633813fc60c"}, "given twice"),
        ({"links": "none"}, "links must be a list"),
        ({"name": 5}, "cannot be read"),
    ],
)
def test_one_bad_span_is_refused_alone_with_its_reason(change, sentence):
    rows, refusals = stored(body(GOOD, {**GOOD, **change}, GOOD))
    assert len(rows) == 2
    assert len(refusals) == 1 and sentence in refusals[0].reason


@pytest.mark.parametrize("span", [None, 5, "x", []])
def test_a_span_that_is_no_object_is_refused_alone(span):
    rows, refusals = stored(body(GOOD, span))
    assert len(rows) == 1 and len(refusals) == 1


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{not json",
        b"[]",
        b"null",
        b'"x"',
        b'{"resourceSpans": {}}',
        b'{"resourceSpans": [1]}',
        b'{"resourceSpans": [{"resource": 5}]}',
        b'{"resourceSpans": [{"scopeSpans": [{"spans": {}}]}]}',
    ],
)
def test_a_body_of_another_shape_is_malformed(content):
    with pytest.raises(Malformed):
        protobuf_of(Signal.TRACES, content)


@pytest.mark.req("G3")
def test_what_a_refused_span_leaves_in_the_quarantine_holds_no_credentials():
    bad = {**GOOD, "traceId": "zz", "attributes": [{"key": "authorization", "value": {"stringValue": "hidden"}}]}
    _, refusals = stored(body(bad))
    assert "hidden" not in refusals[0].content and "authorization" in refusals[0].content
