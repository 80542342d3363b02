"""OTLP request bodies (protobuf) to flat Arrow tables of the lake's schema: many requests a call, one table back.

The wire format is opentelemetry-proto 1.x. A body that is not readable at all makes the whole call fail with Malformed;
an item that breaks a rule is left out of the table and handed back as a Refusal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from collectors.pipeline.otlp.columnar import record_batch
from collectors.pipeline.otlp.columns import Items, items
from collectors.pipeline.otlp.guarded import guarded
from collectors.pipeline.otlp.refused_items import refusals_of, without
from collectors.pipeline.otlp.tables import log_table, span_table
from collectors.pipeline.refusal import Malformed, Refusal
from collectors.pipeline.validate import Rule, broken_rows, log_rules, span_rules


class Signal(StrEnum):
    TRACES = "traces"
    LOGS = "logs"


@dataclass(frozen=True, slots=True)
class Decoded:
    """The rows to store and the items refused."""

    table: pa.Table
    refusals: list[Refusal]


def guarded_body(signal: Signal, body: bytes) -> bytes:
    """The request without the secrets in it."""
    return guarded(_REQUEST[signal], body)


def decode(signal: Signal, bodies: Sequence[bytes], received_us: Sequence[int]) -> Decoded:
    """The rows of all `bodies`, secrets masked. Raises like `decode_guarded`."""
    return decode_guarded(signal, [guarded_body(signal, body) for body in bodies], received_us)


def decode_guarded(signal: Signal, bodies: Sequence[bytes], received_us: Sequence[int]) -> Decoded:
    """The rows of all guarded `bodies`, each received at its `received_us` (µs since 1970).

    Raises Malformed when any body is not readable; call again with each alone to learn which.
    """
    try:
        found = items(record_batch(_MESSAGE[signal], bodies))
    except DecodeError as error:
        raise Malformed(f"the body is no OTLP {signal} request in protobuf: {_reason(error)}") from error
    return _decoded(signal, found, pa.array(received_us, pa.int64()))


def _decoded(signal: Signal, found: Items, received_us: pa.Array) -> Decoded:
    rules, columns = _SIGNALS[signal]
    refusals: list[Refusal] = []
    try:
        if broken := broken_rows(rules(found.rows)):
            refusals = refusals_of(found, broken)
            found = without(found, broken)
        return Decoded(columns(found, _received(found, received_us)), refusals)
    except (DecodeError, RecursionError) as error:
        raise Malformed(f"the body is no OTLP {signal} request in protobuf: {_reason(error)}") from error


def _received(found: Items, received_us: pa.Array) -> pa.Array:
    return pc.cast(pc.take(received_us, found.request), pa.timestamp("us", tz="UTC"))


def _reason(error: BaseException) -> str:
    return str(error).strip().removeprefix("failed to decode Protobuf message: ") or type(error).__name__


_SIGNALS: dict[Signal, tuple[Callable[[pa.StructArray], Iterable[Rule]], Callable[[Items, pa.Array], pa.Table]]] = {
    Signal.TRACES: (span_rules, span_table),
    Signal.LOGS: (log_rules, log_table),
}
_REQUEST: dict[Signal, Any] = {Signal.TRACES: ExportTraceServiceRequest, Signal.LOGS: ExportLogsServiceRequest}
_MESSAGE = {Signal.TRACES: "Traces", Signal.LOGS: "Logs"}
