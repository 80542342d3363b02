"""Whatever bytes arrive, the answer is one of the promised ones, and the collector goes on (C1, N4)."""

from __future__ import annotations

import gzip
import zlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from collectors.pipeline.spool.frame import Kind
from tests.any_text import any_integer, any_text, json_bytes
from tests.unit.collect.memory_lake import Desk, MemoryLake
from tests.unit.collect.requests import START, logs, traces, within

pytestmark = pytest.mark.req("C1", "N4")
MEDIA = {
    Kind.TRACES: ("application/x-protobuf", "application/json"),
    Kind.LOGS: ("application/x-protobuf", "application/json"),
    Kind.OBSERVATIONS: ("application/x-ndjson",),
}
SOUND = [traces(3, trace_id=b"\x01" * 16, span_id=b"\x02" * 8).SerializeToString(), logs(3).SerializeToString()]
NAMES = [
    "resourceSpans",
    "scopeSpans",
    "spans",
    "resourceLogs",
    "scopeLogs",
    "logRecords",
    "resource",
    "scope",
    "attributes",
    "key",
    "value",
    "stringValue",
    "intValue",
    "arrayValue",
    "values",
    "kvlistValue",
    "traceId",
    "spanId",
    "links",
    "events",
    "body",
    "kind",
    "startTimeUnixNano",
    "observed_at",
    "snapshot_id",
    "system",
    "entity",
    "fields",
    "present",
]
shapes = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        any_integer,
        st.floats(),
        any_text(max_size=5),
        st.sampled_from(["2026-01-01T00:00:00Z", "ab" * 16, "cd" * 8]),
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(NAMES), inner, max_size=5)),
    max_leaves=25,
)


@st.composite
def damaged(draw):
    body = bytearray(draw(st.sampled_from(SOUND)))
    for _ in range(draw(st.integers(1, 4))):
        body[draw(st.integers(0, len(body) - 1))] = draw(st.integers(0, 255))
    return bytes(body[: draw(st.integers(0, len(body)))]) if draw(st.booleans()) else bytes(body)


bodies = st.one_of(
    st.binary(max_size=80),
    damaged(),
    shapes.map(json_bytes),
    shapes.map(lambda held: json_bytes({"resourceSpans": [{"scopeSpans": [{"spans": [held]}]}]})),
    shapes.map(lambda held: json_bytes({"resourceLogs": [{"scopeLogs": [{"logRecords": [held]}]}]})),
)


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    desk = Desk(tmp_path_factory.mktemp("spool"), MemoryLake())
    desk.until_ready()
    yield desk
    desk.stop()


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    kind=st.sampled_from(list(MEDIA)),
    body=bodies,
    packing=st.sampled_from(["", "gzip", "wrong", "br"]),
    second=st.booleans(),
)
def test_any_body_gets_a_promised_answer_and_the_next_good_one_is_stored(desk, kind, body, packing, second):
    media = MEDIA[kind][second % len(MEDIA[kind])]
    packed = gzip.compress(body) if packing == "gzip" else zlib.compress(body) if packing == "wrong" else body
    answer = desk.ask(kind, media, packed, {"wrong": "gzip"}.get(packing, packing))
    assert answer.status in (200, 400, 415)
    assert answer.status == 200 or len(answer.sentence) > 10
    assert desk.ask(Kind.TRACES, "application/x-protobuf", SOUND[0]).status == 200


@pytest.mark.parametrize("depth", [90, 300, 900, 5000])
@pytest.mark.parametrize("kind", list(MEDIA))
def test_deep_nesting_is_answered(desk, kind, depth):
    deep = b"[" * depth + b"]" * depth
    attribute = b'{"arrayValue":{"values":[' * depth + b"{}" + b"]}}" * depth
    bodies = [
        deep,
        b'{"resourceSpans":[{"scopeSpans":[{"spans":[' + deep + b', {"x":' + deep + b"}]}]}]}",
        b'{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"zz","attributes":[{"key":"a","value":'
        + attribute
        + b"}]}]}]}]}",
        b'{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":' + attribute + b"}]}]}]}",
        b'{"observed_at":"2026-01-01T00:00:00Z","snapshot_id":"s","system":"a","entity":"b","key":"c","fields":{"d":'
        + deep
        + b"}}",
    ]
    for body in bodies:
        assert desk.ask(kind, MEDIA[kind][-1], body).status in (200, 400)
    value = b""
    for _ in range(depth):
        value = within(0x2A, 0x0A, content=value)
    attribute = within(0x4A, content=within(0x0A, content=b"deep") + within(0x12, content=value))
    for identity in (b"\x01" * 16, b"bad"):
        span = (
            within(0x0A, content=identity)
            + within(0x12, content=b"\x02" * 8)
            + b"\x39"
            + START.to_bytes(8, "little")
            + attribute
        )
        assert desk.ask(Kind.TRACES, "application/x-protobuf", within(0x0A, 0x12, 0x12, content=span)).status in (
            200,
            400,
        )
