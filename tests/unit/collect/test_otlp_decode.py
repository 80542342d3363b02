"""OTLP protobuf to the lake's columns (C1, N4, G3)."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from collectors.pipeline.otlp.decode import Signal, decode
from collectors.pipeline.refusal import Malformed
from models.lake.schema import LOGS, SPANS
from tests.unit.collect.requests import START, logs, traces

pytestmark = pytest.mark.req("C1")


def one(request, signal=Signal.TRACES):
    return decode(signal, [request.SerializeToString()], [1_700_000_000_000_001]).table.to_pylist()[0]


def test_a_span_keeps_ids_as_hex_times_in_microseconds_and_types_of_attributes():
    request = traces(trace_id=bytes(range(16)), span_id=bytes(range(8)), parent_span_id=b"\xff" * 8)
    span = request.resource_spans[0].scope_spans[0].spans[0]
    for key, field, value in [
        ("text", "string_value", 'a "quote"\\ and\nline\x01'),
        ("half", "double_value", 0.5),
        ("whole", "double_value", 2.0),
        ("yes", "bool_value", True),
        ("raw", "bytes_value", b"\x00\xff"),
        ("odd", "double_value", float("nan")),
    ]:
        setattr(span.attributes.add(key=key).value, field, value)
    span.attributes.add(key="list").value.array_value.values.add().int_value = 7
    span.attributes.add(key="map").value.kvlist_value.values.add(key="inner").value.string_value = "x"
    span.attributes.add(key="nothing")
    row = one(request)
    assert (row["trace_id"], row["span_id"], row["parent_span_id"]) == (
        bytes(range(16)).hex(),
        bytes(range(8)).hex(),
        "ff" * 8,
    )
    assert row["start_time"] == datetime(2023, 11, 14, 22, 13, 20, 123456, UTC)
    assert row["duration_us"] == 2000
    assert row["recorded_at"] == datetime(2023, 11, 14, 22, 13, 20, 1, UTC)
    assert json.loads(row["attributes"]) == {
        "n": 0,
        "text": 'a "quote"\\ and\nline\x01',
        "half": 0.5,
        "whole": 2.0,
        "yes": True,
        "raw": "AP8=",
        "odd": "NaN",
        "list": [7],
        "map": {"inner": "x"},
        "nothing": None,
    }
    assert '"whole":2.0' in row["attributes"], "a double stays a double"


def test_events_and_links_are_json_lists():
    request = traces()
    span = request.resource_spans[0].scope_spans[0].spans[0]
    event = span.events.add(time_unix_nano=START, name='said "hi"')
    event.attributes.add(key="exception.message").value.string_value = "tab\there"
    span.links.add(trace_id=b"\x01" * 16, span_id=b"\x02" * 8)
    row = one(request)
    assert json.loads(row["events"]) == [
        {"time_unix_nano": START, "name": 'said "hi"', "attributes": {"exception.message": "tab\there"}}
    ]
    assert json.loads(row["links"]) == [{"trace_id": "01" * 16, "span_id": "02" * 8, "attributes": {}}]


def test_many_requests_keep_their_own_resource_and_time():
    first, second = traces(3, service="a"), traces(2, service="b")
    second.resource_spans[0].resource.ClearField("attributes")
    table = decode(Signal.TRACES, [first.SerializeToString(), b"", second.SerializeToString()], [1, 2, 3]).table
    assert table.schema == SPANS
    assert table["service_name"].to_pylist() == ["a"] * 3 + ["unknown_service"] * 2
    assert [moment.microsecond for moment in table["recorded_at"].to_pylist()] == [1, 1, 1, 3, 3]


@pytest.mark.req("N4")
@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("trace_id", b"", "trace-id"),
        ("trace_id", b"\0" * 16, "trace-id"),
        ("trace_id", b"zz", "trace-id"),
        ("span_id", b"\0" * 8, "span-id"),
        ("span_id", b"\x01" * 9, "span-id"),
        ("parent_span_id", b"\x01" * 3, "parent-span-id"),
        ("start_time_unix_nano", 0, "start-time"),
        ("start_time_unix_nano", 2**64 - 1, "start-time"),
        ("end_time_unix_nano", START - 6_000_000_000, "end-time"),
        ("end_time_unix_nano", 2**64 - 1, "end-time"),
        ("kind", 300, "kind"),
    ],
)
def test_a_bad_span_is_refused_alone_with_a_reason(field, value, code):
    request = traces(3)
    setattr(request.resource_spans[0].scope_spans[0].spans[1], field, value)
    found = decode(Signal.TRACES, [traces(1).SerializeToString(), request.SerializeToString()], [1, 1])
    assert found.table.num_rows == 3
    (refusal,) = found.refusals
    assert (refusal.request, refusal.code) == (1, code)
    assert json.loads(refusal.content)["name"] == "span 1"


def test_a_span_still_open_and_a_clock_that_stepped_back_are_kept():
    assert one(traces(end_time_unix_nano=0))["duration_us"] is None
    assert one(traces(end_time_unix_nano=START - 1_000_000))["duration_us"] == 0


@pytest.mark.parametrize("body", [b"\xff" * 64, b"\x0a\x05abc", b"hello"])
def test_bytes_that_are_no_request_are_malformed(body):
    with pytest.raises(Malformed, match="no OTLP traces request"):
        decode(Signal.TRACES, [traces().SerializeToString(), body], [1, 1])


def test_a_broken_nested_value_is_malformed_and_not_a_crash():
    request = traces()
    request.resource_spans[0].scope_spans[0].spans[0].attributes.add(
        key="list"
    ).value.array_value.values.add().string_value = "abc"
    broken = request.SerializeToString().replace(b"abc", b"\xff\xfe\xfd")
    with pytest.raises(Malformed):
        decode(Signal.TRACES, [broken], [1])


def test_log_records_fall_back_on_observed_time_and_keep_structured_bodies_as_json():
    request = logs(2, time_unix_nano=0, observed_time_unix_nano=START)
    request.resource_logs[0].scope_logs[0].log_records[1].body.kvlist_value.values.add(key="a").value.int_value = 1
    table = decode(Signal.LOGS, [request.SerializeToString()], [5]).table
    assert table.schema == LOGS
    assert table["body"].to_pylist() == ["line 0", '{"a":1}']
    assert table["time"].to_pylist()[0] == datetime(2023, 11, 14, 22, 13, 20, 123456, UTC)
    assert table["trace_id"].to_pylist() == [None, None]


@pytest.mark.req("E2")
@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("trace_id", "0af7651916cd43dd8448eb211c80319c"),
        ("otelTraceID", "0af7651916cd43dd8448eb211c80319c"),
        ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
    ],
)
def test_a_log_record_without_context_takes_it_from_its_attributes(key, value):
    request = logs()
    request.resource_logs[0].scope_logs[0].log_records[0].attributes.add(key=key).value.string_value = value
    assert one(request, Signal.LOGS)["trace_id"] == "0af7651916cd43dd8448eb211c80319c"


@pytest.mark.req("G3")
def test_credentials_are_masked_in_attributes_resources_events_and_log_bodies():
    request = traces()
    secret = "Bearer abcdefghijklmnop0123"
    group = request.resource_spans[0]
    group.resource.attributes.add(key="api_key").value.string_value = "hidden"
    span = group.scope_spans[0].spans[0]
    span.attributes.add(key="http.request.header.authorization").value.string_value = "hidden"
    span.attributes.add(key="header").value.string_value = secret
    span.attributes.add(key="nested").value.kvlist_value.values.add(key="client_secret").value.string_value = "hidden"
    span.attributes.add(key="gen_ai.usage.token_count").value.int_value = 5
    span.events.add(name="e").attributes.add(key="password").value.string_value = "hidden"
    row = one(request)
    assert "hidden" not in str(row) and "abcdefghijklmnop" not in str(row)
    assert json.loads(row["attributes"])["gen_ai.usage.token_count"] == 5
    record = logs()
    record.resource_logs[0].scope_logs[0].log_records[0].body.string_value = f"sent Authorization: {secret} to the ERP"
    assert one(record, Signal.LOGS)["body"] == "sent Authorization: *** to the ERP"
