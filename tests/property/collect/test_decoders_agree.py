"""The columnar decoder and protobuf's own make the same rows, so either may stand in for the other (C1, N4)."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest
from google.protobuf.message import DecodeError
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.pipeline.otlp import columnar, outline
from collectors.pipeline.otlp.columnar import columnar_decoder, plain_batch, record_batch
from collectors.pipeline.otlp.decode import Signal, decode
from collectors.pipeline.otlp.descriptor import descriptor
from collectors.pipeline.otlp.outline import check_outline, sizes, walked
from collectors.pipeline.refusal import Malformed, TooLarge
from tests.property.collect.test_routes_agree import log_requests, trace_requests
from tests.unit.collect.requests import logs, traces, within

pytestmark = pytest.mark.req("C1", "N4")
MESSAGES = ("Traces", "Logs")


def rows(batch: pa.RecordBatch) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = _comparable(batch.to_pylist())
    return found


def _comparable(value: Any) -> Any:
    """NaN equals nothing, itself included: its text does."""
    if isinstance(value, dict):
        return {name: _comparable(held) for name, held in value.items()}
    if isinstance(value, list):
        return [_comparable(held) for held in value]
    return repr(value) if isinstance(value, float) else value


def columns(message: str, bodies: list[bytes]) -> pa.RecordBatch:
    return columnar_decoder(message).list_to_record_batch(bodies)


@settings(max_examples=40, deadline=None)
@given(st.lists(trace_requests(), max_size=3), st.lists(log_requests(), max_size=3))
def test_both_make_the_same_rows_of_the_same_types(spans, records):
    for message, requests in zip(MESSAGES, (spans, records), strict=True):
        bodies = [request.SerializeToString() for request in requests]
        fast, plain = columns(message, bodies), plain_batch(message, bodies)
        assert plain.schema.equals(fast.schema)
        assert rows(plain) == rows(fast)


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(MESSAGES),
    st.one_of(trace_requests(), log_requests()).map(lambda request: request.SerializeToString()),
    st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), min_size=1, max_size=4),
)
def test_a_damaged_body_that_both_read_has_one_content_and_one_that_neither_reads_is_refused(message, body, damage):
    """They differ in one thing: the columnar decoder also skips groups that end under another number."""
    damaged = bytearray(body or b"\x0a\x00")
    for place, byte in damage:
        damaged[place % len(damaged)] = byte
    bodies = [bytes(damaged)]
    plain, fast = _tried(plain_batch, message, bodies), _tried(columns, message, bodies)
    if plain is None and fast is None:
        with pytest.raises(DecodeError):
            record_batch(message, bodies)
    else:
        found = rows(record_batch(message, bodies))
        assert all(found == rows(one) for one in (plain, fast) if one is not None)


def _tried(decoder, message: str, bodies: list[bytes]) -> pa.RecordBatch | None:
    try:
        return decoder(message, bodies)
    except (DecodeError, ValueError):
        return None


@settings(max_examples=40, deadline=None)
@given(st.one_of(trace_requests().map(lambda one: ("Traces", one)), log_requests().map(lambda one: ("Logs", one))))
def test_parts_counted_on_the_wire_are_those_of_the_columns(pair):
    message, request = f"{pair[0]}Outline", pair[1].SerializeToString()
    by_columns: dict[int, int] = {}
    by_walking: dict[int, int] = {}
    for depth, count in sizes(columns(message, [request]).column(0), 0):
        by_columns[depth] = by_columns.get(depth, 0) + count
    for depth, count in walked(memoryview(request), descriptor(message), 0):
        by_walking[depth] = by_walking.get(depth, 0) + count
    assert by_walking == {depth: count for depth, count in by_columns.items() if count}


class Panic(BaseException):
    """As a Rust extension raises it."""


class Broken:
    def list_to_record_batch(self, bodies: list[bytes]) -> pa.RecordBatch:
        raise Panic("index out of bounds")


HANDLERS = {"missing": None, "broken": Broken()}


def without_columnar(monkeypatch, how: str) -> None:
    """From now on there is no columnar decoder, or one that breaks on every body."""
    for module in (columnar, outline):
        monkeypatch.setattr(module, "columnar_decoder", lambda message: HANDLERS[how])


@pytest.fixture(params=HANDLERS)
def without_columns(request, monkeypatch):
    without_columnar(monkeypatch, request.param)


@pytest.mark.parametrize("how", HANDLERS)
@pytest.mark.parametrize(("signal", "make"), [(Signal.TRACES, traces), (Signal.LOGS, logs)])
def test_rows_are_the_same_without_the_columnar_decoder(signal, make, how, monkeypatch):
    bodies = [make(7).SerializeToString(), make(3).SerializeToString(), b""]
    wanted = decode(signal, bodies, [1, 2, 3])
    without_columnar(monkeypatch, how)
    found = decode(signal, bodies, [1, 2, 3])
    assert found.table.equals(wanted.table) and found.refusals == wanted.refusals


def test_what_neither_reads_is_malformed_and_says_so(without_columns):
    with pytest.raises(Malformed, match="no OTLP traces request"):
        decode(Signal.TRACES, [traces().SerializeToString(), b"\xff"], [1, 1])


def test_small_bodies_that_would_become_huge_are_refused_by_walking_too(without_columns):
    with pytest.raises(TooLarge, match="more than"):
        check_outline("traces", within(0x0A, 0x12, content=b"\x12\x00" * 600_000))
    with pytest.raises(Malformed):
        check_outline("traces", b"\xff" * (2 << 20))
    check_outline("logs", logs(50).SerializeToString())
