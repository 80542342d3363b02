"""OTLP request bodies (protobuf) to flat Arrow tables of the lake's schema: many requests a call, one table back.

The wire format is opentelemetry-proto 1.x. A body that is not readable at all makes the whole call fail with Malformed;
an item that breaks a rule is left out of the table and handed back as a Refusal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import orjson
import pyarrow as pa
import pyarrow.compute as pc
from google.protobuf.message import DecodeError

from collectors.pipeline.correlate import correlated_logs
from collectors.pipeline.otlp.attributes_json import attributes_json, escaped, grouped, joined, value_json
from collectors.pipeline.otlp.columnar import record_batch
from collectors.pipeline.otlp.columns import Items, hexadecimal, instants, items
from collectors.pipeline.protect import protected_texts
from collectors.pipeline.refusal import MOST_REFUSALS, Malformed, Refusal, rest
from collectors.pipeline.validate import Rule, broken_rows, log_rules, span_rules
from models.lake.schema import LOGS, SPANS


class Signal(StrEnum):
    TRACES = "traces"
    LOGS = "logs"


@dataclass(frozen=True, slots=True)
class Decoded:
    """The rows to store and the items refused."""

    table: pa.Table
    refusals: list[Refusal]


def decode(signal: Signal, bodies: Sequence[bytes], received_us: Sequence[int]) -> Decoded:
    """The rows of all `bodies`, each received at its `received_us` (µs since 1970).

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
            refusals = _refusals(found, broken)
            found = _without(found, broken)
        return Decoded(columns(found, _received(found, received_us)), refusals)
    except (DecodeError, RecursionError) as error:
        raise Malformed(f"the body is no OTLP {signal} request in protobuf: {_reason(error)}") from error


def _span_table(found: Items, received: pa.Array) -> pa.Table:
    rows = found.rows
    field = {name: pc.struct_field(rows, name) for name in (inner.name for inner in rows.type)}
    start, ended = field["start"], pc.greater(field["end"], 0)
    end = pc.if_else(ended, pc.max_element_wise(field["end"], start), start)
    duration = pc.cast(pc.divide(pc.subtract(end, start), pa.scalar(1000, pa.uint64())), pa.int64())
    status = field["status"]
    return pa.Table.from_arrays(
        [
            hexadecimal(field["trace_id"]),
            hexadecimal(field["span_id"]),
            _or_null(hexadecimal(field["parent_span_id"]), ("", "0" * 16)),
            field["name"],
            found.service_name,
            pc.cast(field["kind"], pa.int8()),
            instants(start),
            pc.if_else(ended, instants(end), None),
            pc.if_else(ended, duration, None),
            pc.cast(pc.fill_null(pc.struct_field(status, "code"), 0), pa.int8()),
            pc.fill_null(pc.struct_field(status, "message"), ""),
            attributes_json(field["attributes"]),
            found.resource,
            found.scope_name,
            _events(field["events"]),
            _links(field["links"]),
            field["trace_state"],
            pc.cast(field["flags"], pa.int32(), safe=False),
            received,
        ],
        schema=SPANS,
    )


def _log_table(found: Items, received: pa.Array) -> pa.Table:
    rows = found.rows
    field = {name: pc.struct_field(rows, name) for name in (inner.name for inner in rows.type)}
    observed = instants(field["observed_time"])
    body = field["body"]
    spoken = pc.struct_field(body, "string_value")
    text = pc.if_else(pc.is_valid(body), pc.coalesce(spoken, value_json(body)), "")
    return correlated_logs(
        pa.Table.from_arrays(
            [
                pc.coalesce(instants(field["time"]), observed, received),
                observed,
                pc.cast(field["severity_number"], pa.int8()),
                field["severity_text"],
                protected_texts(text),
                _or_null(hexadecimal(field["trace_id"]), ("", "0" * 32)),
                _or_null(hexadecimal(field["span_id"]), ("", "0" * 16)),
                found.service_name,
                attributes_json(field["attributes"]),
                found.resource,
                found.scope_name,
                field["event_name"],
                received,
            ],
            schema=LOGS,
        )
    )


def _events(events: pa.ListArray) -> pa.Array:
    flat = events.flatten()
    if not len(flat):
        return _repeated("[]", len(events))
    entries = joined(
        '{"time_unix_nano":',
        pc.cast(pc.struct_field(flat, "time"), pa.string()),
        ',"name":"',
        escaped(pc.struct_field(flat, "name")),
        '","attributes":',
        attributes_json(pc.struct_field(flat, "attributes")),
        "}",
    )
    return joined("[", grouped(events, entries), "]")


def _links(links: pa.ListArray) -> pa.Array:
    flat = links.flatten()
    if not len(flat):
        return _repeated("[]", len(links))
    entries = joined(
        '{"trace_id":"',
        hexadecimal(pc.struct_field(flat, "trace_id")),
        '","span_id":"',
        hexadecimal(pc.struct_field(flat, "span_id")),
        '","attributes":',
        attributes_json(pc.struct_field(flat, "attributes")),
        "}",
    )
    return joined("[", grouped(links, entries), "]")


def _refusals(found: Items, broken: dict[int, Rule]) -> list[Refusal]:
    places = sorted(broken)
    requests = pc.take(found.request, pa.array(places, pa.int64())).to_pylist()
    kept: dict[int, list[int]] = {}
    for place, request in zip(places, requests, strict=True):
        kept.setdefault(request, []).append(place)
    refusals = []
    for request, struck in kept.items():
        refusals += _shown(
            found.rows.take(pa.array(struck[:MOST_REFUSALS], pa.int64())), [broken[place] for place in struck], request
        )
        if len(struck) > MOST_REFUSALS:
            refusals.append(rest(request, len(struck) - MOST_REFUSALS))
    return refusals


def _shown(rows: pa.StructArray, rules: Sequence[Rule], request: int) -> list[Refusal]:
    attributes = attributes_json(pc.struct_field(rows, "attributes")).to_pylist()
    columns = {name: pc.struct_field(rows, name).to_pylist() for name in _SHOWN if rows.type.get_field_index(name) >= 0}
    refusals = []
    for place, rule in zip(range(len(rows)), rules, strict=False):
        held = {
            name: value.hex() if isinstance(value := column[place], bytes) else value
            for name, column in columns.items()
        }
        content = orjson.dumps({**held, "attributes": orjson.Fragment(attributes[place])}).decode()
        refusals.append(Refusal(request, rule.code, rule.reason, rule.path, content, len(content)))
    return refusals


def _without(found: Items, broken: dict[int, Rule]) -> Items:
    struck = pa.array(sorted(broken), pa.int64())
    kept = pc.invert(pc.is_in(pa.array(range(len(found.rows)), pa.int64()), struck))
    return Items(*(pc.filter(getattr(found, name), kept) for name in Items.__slots__))


def _received(found: Items, received_us: pa.Array) -> pa.Array:
    return pc.cast(pc.take(received_us, found.request), pa.timestamp("us", tz="UTC"))


def _or_null(column: pa.Array, absent: tuple[str, ...]) -> pa.Array:
    for value in absent:
        column = pc.if_else(pc.equal(column, value), None, column)
    return column


def _repeated(text: str, times: int) -> pa.Array:
    return pa.repeat(pa.scalar(text), times)


def _reason(error: BaseException) -> str:
    return str(error).strip().removeprefix("failed to decode Protobuf message: ") or type(error).__name__


_SHOWN = (
    "trace_id",
    "span_id",
    "parent_span_id",
    "name",
    "kind",
    "start",
    "end",
    "time",
    "observed_time",
    "severity_number",
    "severity_text",
)
_SIGNALS: dict[Signal, tuple[Callable[[pa.StructArray], Iterable[Rule]], Callable[[Items, pa.Array], pa.Table]]] = {
    Signal.TRACES: (span_rules, _span_table),
    Signal.LOGS: (log_rules, _log_table),
}
_MESSAGE = {Signal.TRACES: "Traces", Signal.LOGS: "Logs"}
