"""What spans and logs have in common when nested Arrow columns become flat ones."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from collectors.pipeline.otlp.attributes_json import attributes_json, contents

UNKNOWN_SERVICE = "unknown_service"


@dataclass(frozen=True, slots=True)
class Items:
    """Spans or log records of many requests, each with the request it came in and its shared context, one row each."""

    rows: pa.StructArray
    request: pa.Array
    service_name: pa.Array
    resource: pa.Array
    scope_name: pa.Array


def items(batch: pa.RecordBatch) -> Items:
    """Every item below resources and scopes of a batch with one nested row per request."""
    resources = batch.column(0).flatten()
    scopes = pc.struct_field(resources, "scopes")
    flat_scopes = scopes.flatten()
    nested = pc.struct_field(flat_scopes, "items")
    scope_of = pc.list_parent_indices(nested)
    resource_of = pc.take(pc.list_parent_indices(scopes), scope_of)
    attributes = pc.struct_field(pc.struct_field(resources, "resource"), "attributes")
    return Items(
        rows=nested.flatten(),
        request=pc.take(pc.list_parent_indices(batch.column(0)), resource_of),
        service_name=pc.take(_service_names(attributes), resource_of),
        resource=pc.take(attributes_json(attributes), resource_of),
        scope_name=pc.take(pc.fill_null(pc.struct_field(pc.struct_field(flat_scopes, "scope"), "name"), ""), scope_of),
    )


def _service_names(attributes: pa.ListArray) -> pa.Array:
    flat = attributes.flatten()
    named = pc.equal(pc.struct_field(flat, "key"), "service.name")
    owners = pc.filter(pc.list_parent_indices(attributes), named)
    names = pc.filter(pc.struct_field(pc.struct_field(flat, "value"), "string_value"), named)
    everyone = pa.array(range(len(attributes)), owners.type)
    found = pc.take(names, pc.index_in(everyone, owners))
    return pc.if_else(pc.fill_null(pc.greater(pc.binary_length(found), 0), False), found, UNKNOWN_SERVICE)


def hexadecimal(raw: pa.Array) -> pa.Array:
    """Bytes as lower-case hex text; empty bytes as an empty text. The whole column is one call on its buffer."""
    offsets, content = contents(raw)
    doubled = pc.multiply(offsets, pa.scalar(2, pa.int32()))
    return pa.StringArray.from_buffers(len(raw), doubled.buffers()[1], pa.py_buffer(content.hex().encode()))


def instants(nanoseconds: pa.Array) -> pa.Array:
    """Unsigned nanoseconds since 1970 as UTC timestamps in microseconds (cut, not rounded); 0 means unknown and becomes
    null.
    """
    moments = pc.cast(
        pc.cast(pc.divide(nanoseconds, pa.scalar(1000, pa.uint64())), pa.int64()), pa.timestamp("us", tz="UTC")
    )
    return pc.if_else(pc.equal(nanoseconds, pa.scalar(0, pa.uint64())), None, moments)
