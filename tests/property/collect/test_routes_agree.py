"""The columnar decoder, the upb oracle and the JSON road agree on every request (C1)."""

from __future__ import annotations

import base64

import orjson
import pytest
from google.protobuf.json_format import MessageToDict
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue

from collectors.pipeline.otlp.decode import Signal, decode
from collectors.pipeline.otlp.from_json import protobuf_of
from collectors.pipeline.otlp.json_columns import protobuf_by_columns
from tests.property.collect import oracle

pytestmark = pytest.mark.req("C1")

text = st.text(max_size=12)
key = st.text(alphabet='abcdefgh. é"\\\n', min_size=1, max_size=8)
nanoseconds = st.integers(1, 4_102_444_800_000_000_000)


def _filled(kind, held):
    value = AnyValue()
    if kind == "array_value":
        value.array_value.values.extend(held)
    elif kind == "kvlist_value":
        value.kvlist_value.SetInParent()
        for name, inner in held.items():
            value.kvlist_value.values.add(key=name).value.CopyFrom(inner)
    elif kind:
        setattr(value, kind, held)
    return value


leaf = st.one_of(
    st.tuples(st.just("string_value"), text),
    st.tuples(st.just("bool_value"), st.booleans()),
    st.tuples(st.just("int_value"), st.integers(-(2**63), 2**63 - 1)),
    st.tuples(st.just("double_value"), st.floats()),
    st.tuples(st.just("bytes_value"), st.binary(max_size=6)),
    st.tuples(st.just(""), st.none()),
).map(lambda pair: _filled(*pair))
values = st.recursive(
    leaf,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda held: _filled("array_value", held)),
        st.dictionaries(key, inner, max_size=3).map(lambda held: _filled("kvlist_value", held)),
    ),
    max_leaves=5,
)
attributes = st.dictionaries(key, values, max_size=4)


def _add(pairs, held):
    for name, value in held.items():
        pairs.add(key=name).value.CopyFrom(value)


def _identity(draw, size):
    return draw(st.binary(min_size=size, max_size=size).filter(lambda raw: raw.strip(b"\0")))


@st.composite
def trace_requests(draw):
    request = ExportTraceServiceRequest()
    for _ in range(draw(st.integers(0, 2))):
        group = request.resource_spans.add()
        _add(group.resource.attributes, draw(attributes))
        if draw(st.booleans()):
            group.resource.attributes.add(key="service.name").value.string_value = draw(text)
        for _ in range(draw(st.integers(0, 2))):
            scope = group.scope_spans.add()
            if draw(st.booleans()):
                scope.scope.name = draw(text)
            for _ in range(draw(st.integers(0, 3))):
                start = draw(nanoseconds)
                span = scope.spans.add(
                    trace_id=_identity(draw, 16),
                    span_id=_identity(draw, 8),
                    parent_span_id=draw(st.sampled_from([b"", b"\0" * 8, b"\x01" * 8])),
                    name=draw(text),
                    kind=draw(st.integers(0, 5)),
                    start_time_unix_nano=start,
                    trace_state=draw(text),
                    flags=draw(st.integers(0, 1023)),
                    end_time_unix_nano=draw(st.one_of(st.just(0), st.integers(start, 4_102_444_800_000_000_000))),
                )
                if draw(st.booleans()):
                    span.status.code, span.status.message = draw(st.integers(0, 2)), draw(text)
                _add(span.attributes, draw(attributes))
                for _ in range(draw(st.integers(0, 2))):
                    _add(
                        span.events.add(time_unix_nano=draw(nanoseconds), name=draw(text)).attributes, draw(attributes)
                    )
                for _ in range(draw(st.integers(0, 1))):
                    _add(
                        span.links.add(trace_id=_identity(draw, 16), span_id=_identity(draw, 8)).attributes,
                        draw(attributes),
                    )
    return request


@st.composite
def log_requests(draw):
    request = ExportLogsServiceRequest()
    for _ in range(draw(st.integers(0, 2))):
        group = request.resource_logs.add()
        _add(group.resource.attributes, draw(attributes))
        scope = group.scope_logs.add()
        for _ in range(draw(st.integers(0, 3))):
            record = scope.log_records.add(
                time_unix_nano=draw(st.one_of(st.just(0), nanoseconds)),
                observed_time_unix_nano=draw(st.one_of(st.just(0), nanoseconds)),
                severity_number=draw(st.integers(0, 24)),
                severity_text=draw(text),
                event_name=draw(text),
                trace_id=draw(st.sampled_from([b"", b"\x07" * 16])),
                span_id=draw(st.sampled_from([b"", b"\x07" * 8])),
            )
            if draw(st.booleans()):
                record.body.CopyFrom(draw(leaf.filter(lambda held: held.WhichOneof("value") != "double_value")))
            _add(record.attributes, draw(attributes))
    return request


def _with_hex_ids(node):
    if isinstance(node, list):
        return [_with_hex_ids(item) for item in node]
    if isinstance(node, dict):
        return {
            name: base64.b64decode(held).hex() if name in ("traceId", "spanId", "parentSpanId") else _with_hex_ids(held)
            for name, held in node.items()
        }
    return node


def as_json(request, snake):
    document = MessageToDict(request, preserving_proto_field_name=False, use_integers_for_enums=True)
    content = orjson.dumps(_with_hex_ids(document))
    if snake:
        for camel, plain in [
            (b'"resourceSpans"', b'"resource_spans"'),
            (b'"scopeSpans"', b'"scope_spans"'),
            (b'"traceId"', b'"trace_id"'),
            (b'"startTimeUnixNano"', b'"start_time_unix_nano"'),
            (b'"resourceLogs"', b'"resource_logs"'),
            (b'"logRecords"', b'"log_records"'),
        ]:
            content = content.replace(camel + b":", plain + b":")
    return content


@settings(max_examples=40, deadline=None)
@given(st.lists(trace_requests(), min_size=1, max_size=3), st.booleans())
def test_spans_by_columns_by_upb_and_by_json_are_the_same_rows(requests, snake):
    bodies = [request.SerializeToString() for request in requests]
    received = [1_700_000_000_000_000 + place for place in range(len(bodies))]
    found = decode(Signal.TRACES, bodies, received)
    wanted = [row for body, at in zip(bodies, received, strict=True) for row in oracle.span_rows(body, at)]
    assert not found.refusals
    assert [oracle.opened(row) for row in found.table.to_pylist()] == wanted
    roads = [protobuf_of(Signal.TRACES, as_json(request, snake)) for request in requests]
    assert not any(road.refusals or road.remark for road in roads)
    assert decode(Signal.TRACES, [road.payload for road in roads], received).table.equals(found.table)
    for request, at in zip(requests, received, strict=True):
        if by_columns := protobuf_by_columns("Traces", as_json(request, False), orjson.loads(as_json(request, False))):
            alone = decode(Signal.TRACES, [request.SerializeToString()], [at]).table
            assert decode(Signal.TRACES, [by_columns], [at]).table.equals(alone)


@settings(max_examples=40, deadline=None)
@given(st.lists(log_requests(), min_size=1, max_size=3), st.booleans())
def test_log_records_by_columns_by_upb_and_by_json_are_the_same_rows(requests, snake):
    bodies = [request.SerializeToString() for request in requests]
    received = [1_700_000_000_000_000 + place for place in range(len(bodies))]
    found = decode(Signal.LOGS, bodies, received)
    wanted = [row for body, at in zip(bodies, received, strict=True) for row in oracle.log_rows(body, at)]
    assert [oracle.opened(row) for row in found.table.to_pylist()] == wanted
    roads = [protobuf_of(Signal.LOGS, as_json(request, snake)) for request in requests]
    assert decode(Signal.LOGS, [road.payload for road in roads], received).table.equals(found.table)
    for request, at in zip(requests, received, strict=True):
        if by_columns := protobuf_by_columns("Logs", as_json(request, False), orjson.loads(as_json(request, False))):
            alone = decode(Signal.LOGS, [request.SerializeToString()], [at]).table
            assert decode(Signal.LOGS, [by_columns], [at]).table.equals(alone)
