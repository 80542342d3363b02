"""Which items may be stored: what breaks a rule is set aside with a sentence, never dropped (requirement N4)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

LATEST_NS = 4_102_444_800_000_000_000  # 2100-01-01: beyond it a time is a unit error, not a time
BACKWARDS_NS = 5_000_000_000  # clocks step back a little between start and end; more than 5 s is a fault
_LATEST, _BACKWARDS, _NEVER = (pa.scalar(number, pa.uint64()) for number in (LATEST_NS, BACKWARDS_NS, 0))
_NO_TRACE, _NO_SPAN = b"\0" * 16, b"\0" * 8


@dataclass(frozen=True, slots=True)
class Rule:
    """A reason to refuse, with the rows it strikes."""

    code: str
    reason: str
    path: str
    broken: pa.Array


def span_rules(rows: pa.StructArray) -> Iterable[Rule]:
    """The rules for spans, most telling first (OTLP 1.x trace.proto; W3C Trace Context for the ids)."""
    trace, span, parent, start, end, kind = (
        pc.struct_field(rows, name) for name in ("trace_id", "span_id", "parent_span_id", "start", "end", "kind")
    )
    yield Rule(
        "trace-id", "trace id must be 16 bytes (32 hex digits), not all zero", "traceId", _bad_id(trace, _NO_TRACE)
    )
    yield Rule("span-id", "span id must be 8 bytes (16 hex digits), not all zero", "spanId", _bad_id(span, _NO_SPAN))
    yield Rule(
        "parent-span-id",
        "parent span id must be 8 bytes (16 hex digits) or absent",
        "parentSpanId",
        _bad_length(parent, 8),
    )
    yield Rule(
        "start-time",
        "start time must be nanoseconds between 1970 and 2100",
        "startTimeUnixNano",
        pc.or_(pc.equal(start, _NEVER), pc.greater(start, _LATEST)),
    )
    yield Rule(
        "end-time",
        "end time must be nanoseconds before 2100, at most 5 s before the start",
        "endTimeUnixNano",
        _bad_end(start, end),
    )
    yield Rule("kind", "span kind must be 0 to 127", "kind", _outside(kind, 0, 127))
    yield Rule("status-code", "status code must be 0 to 127", "status.code", _outside(_status_code(rows), 0, 127))


def log_rules(rows: pa.StructArray) -> Iterable[Rule]:
    """The rules for log records (OTLP 1.x logs.proto): ids may be absent, not malformed."""
    trace, span, time, observed, severity = (
        pc.struct_field(rows, name) for name in ("trace_id", "span_id", "time", "observed_time", "severity_number")
    )
    yield Rule("trace-id", "trace id must be 16 bytes (32 hex digits) or absent", "traceId", _bad_length(trace, 16))
    yield Rule("span-id", "span id must be 8 bytes (16 hex digits) or absent", "spanId", _bad_length(span, 8))
    yield Rule("time", "time must be nanoseconds before 2100", "timeUnixNano", pc.greater(time, _LATEST))
    yield Rule(
        "observed-time",
        "observed time must be nanoseconds before 2100",
        "observedTimeUnixNano",
        pc.greater(observed, _LATEST),
    )
    yield Rule("severity-number", "severity number must be 0 to 127", "severityNumber", _outside(severity, 0, 127))


def broken_rows(rules: Iterable[Rule]) -> dict[int, Rule]:
    """The first broken rule of each row that breaks one; empty, and cheap, when all is well."""
    broken: dict[int, Rule] = {}
    for rule in rules:
        if pc.any(rule.broken).as_py():
            for row in pc.indices_nonzero(rule.broken).to_pylist():
                broken.setdefault(row, rule)
    return broken


def _bad_id(ids: pa.Array, zero: bytes) -> pa.Array:
    return pc.or_(pc.not_equal(pc.binary_length(ids), len(zero)), pc.equal(ids, zero))


def _bad_length(ids: pa.Array, length: int) -> pa.Array:
    size = pc.binary_length(ids)
    return pc.and_(pc.not_equal(size, length), pc.not_equal(size, 0))


def _bad_end(start: pa.Array, end: pa.Array) -> pa.Array:
    early = pc.and_(pc.not_equal(end, _NEVER), pc.less(pc.add(pc.min_element_wise(end, _LATEST), _BACKWARDS), start))
    return pc.or_(early, pc.greater(end, _LATEST))


def _outside(numbers: pa.Array, low: int, high: int) -> pa.Array:
    return pc.or_(pc.less(numbers, low), pc.greater(numbers, high))


def _status_code(rows: pa.StructArray) -> pa.Array:
    return pc.fill_null(pc.struct_field(pc.struct_field(rows, "status"), "code"), 0)
