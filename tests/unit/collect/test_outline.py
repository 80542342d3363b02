"""Small bodies that would become huge are refused before they are built (C1, N4)."""

from __future__ import annotations

import orjson
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from collectors.pipeline.observations import check_lines
from collectors.pipeline.otlp.decode import Signal, decode
from collectors.pipeline.otlp.from_json import protobuf_of
from collectors.pipeline.otlp.outline import check_outline
from collectors.pipeline.refusal import MOST_REFUSALS, Malformed, TooLarge
from tests.unit.collect.requests import traces, within

pytestmark = pytest.mark.req("C1", "N4")


@pytest.mark.parametrize(
    "body",
    [
        within(0x0A, 0x12, content=b"\x12\x00" * 2_000_000),
        within(0x0A, 0x12, 0x12, content=b"\x4a\x00" * 2_000_000),
        within(0x0A, 0x12, 0x12, 0x5A, content=b"\x1a\x00" * 2_000_000),
        within(0x0A, content=b"\x12\x00" * 2_000_000),
        b"\x0a\x00" * 2_000_000,
        within(0x0A, 0x0A, content=b"\x0a\x00" * 2_000_000),
    ],
    ids=["spans", "attributes", "event attributes", "scopes", "resources", "resource attributes"],
)
def test_millions_of_empty_parts_are_too_large(body):
    ExportTraceServiceRequest.FromString(body)  # it is a sound request
    with pytest.raises(TooLarge, match="more than"):
        check_outline("traces", body)


def test_a_large_honest_request_passes_and_a_large_broken_one_is_malformed():
    request = traces(3000, name="x" * 400).SerializeToString()
    assert len(request) > 1 << 20
    check_outline("traces", request)
    with pytest.raises(Malformed):
        check_outline("traces", b"\xff" * (2 << 20))


def test_a_nested_value_of_a_megabyte_is_malformed():
    request = traces()
    nested = request.resource_spans[0].scope_spans[0].spans[0].attributes.add(key="list").value.array_value
    for _ in range(300_000):
        nested.values.add().bool_value = True
    with pytest.raises(Malformed, match="nested"):
        decode(Signal.TRACES, [request.SerializeToString()], [1])


def test_json_and_lines_have_the_same_limit():
    spans = orjson.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [0] * 100_001}]}]})
    with pytest.raises(TooLarge):
        protobuf_of(Signal.TRACES, spans)
    with pytest.raises(TooLarge):
        check_lines(b"1\n" * 100_001)


def test_refusals_beyond_the_first_thousand_are_counted():
    found = decode(
        Signal.TRACES,
        [traces(1).SerializeToString(), traces(MOST_REFUSALS + 500, kind=300).SerializeToString()],
        [1, 1],
    )
    assert len(found.refusals) == MOST_REFUSALS + 1
    assert (found.refusals[-1].request, found.refusals[-1].items) == (1, 500)
    spans = orjson.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [0] * (MOST_REFUSALS + 7)}]}]})
    refusals = protobuf_of(Signal.TRACES, spans).refusals
    assert sum(refusal.items for refusal in refusals) == MOST_REFUSALS + 7
