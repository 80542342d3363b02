"""Spans and log records as flat tables of the lake's schema."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from collectors.pipeline.correlate import correlated_logs
from collectors.pipeline.otlp.attributes_json import attributes_json, escaped, grouped, joined, value_json
from collectors.pipeline.otlp.columns import Items, hexadecimal, instants
from models.lake.schema import LOGS, SPANS


def span_table(found: Items, received: pa.Array) -> pa.Table:
    """One row a span; `received` is when each came."""
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


def log_table(found: Items, received: pa.Array) -> pa.Table:
    """One row a log record; `received` is when each came."""
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
                text,
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


def _or_null(column: pa.Array, absent: tuple[str, ...]) -> pa.Array:
    for value in absent:
        column = pc.if_else(pc.equal(column, value), None, column)
    return column


def _repeated(text: str, times: int) -> pa.Array:
    return pa.repeat(pa.scalar(text), times)
