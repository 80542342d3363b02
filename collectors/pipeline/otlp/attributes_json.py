"""OTLP attributes as JSON text, built column by column: types are kept, no Python object per value.

Strings, integers, doubles and booleans become their JSON kind; bytes become base64 text, arrays and maps nested JSON;
NaN and infinities, which JSON lacks, become the texts that the protobuf JSON mapping gives them. An unset value is
null.
"""

from __future__ import annotations

import base64
import math
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.compute as pc
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValueList

from collectors.pipeline.hint import searching
from collectors.pipeline.protect import foreign_secret, protected, secret_pairs
from collectors.pipeline.refusal import Malformed
from models.domain.secrets import MASK

_to_escape = searching(rb'[\x00-\x1f"\\]')
_ESCAPES = (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"), ("\r", "\\r"), ("\t", "\\t"))
NESTED_BYTES = 512 << 10  # two bytes can be a nested value, and each becomes a Python object
_MASKED = pa.scalar(f'"{MASK}"')


def attributes_json(pairs: pa.ListArray) -> pa.Array:
    """One JSON object text per row of list<{key, value}>; secrets masked, `{}` for no attributes."""
    flat = pairs.flatten()
    keys, values = pc.struct_field(flat, "key"), pc.struct_field(flat, "value")
    texts = value_json(values)
    secret = secret_pairs(keys)
    if secret is not None:
        texts = pc.if_else(secret, _MASKED, texts)
    entries = joined('"', escaped(keys), '":', texts)
    return joined("{", grouped(pairs, entries), "}")


def value_json(values: pa.StructArray) -> pa.Array:
    """One JSON text per AnyValue."""
    parts = [joined('"', escaped(pc.struct_field(values, "string_value")), '"')]
    for field, render in _RENDERED.items():
        column = pc.struct_field(values, field)
        if column.null_count < len(column):
            parts.append(render(column))
    return pc.fill_null(pc.coalesce(*parts), "null")


def grouped(lists: pa.ListArray, entries: pa.Array) -> pa.Array:
    """The entries of each list joined by commas; a missing list is an empty text."""
    return pc.fill_null(pc.binary_join(_same_shape(lists, entries), ","), "")


def joined(*parts: str | pa.Array) -> pa.Array:
    """Texts put together element by element; null where an array is null."""
    return pc.binary_join_element_wise(
        *(pa.scalar(part) if isinstance(part, str) else part for part in parts), pa.scalar("")
    )


def escaped(strings: pa.Array) -> pa.Array:
    """The inside of a JSON string literal, as orjson escapes it; rare control characters go through it."""
    if not _to_escape(contents(strings)[1]):
        return strings
    if pc.any(pc.match_substring_regex(strings, r"[\x00-\x08\x0b\x0c\x0e-\x1f]")).as_py():
        return pa.array(
            [None if text is None else orjson.dumps(text).decode()[1:-1] for text in strings.to_pylist()], pa.string()
        )
    for plain, escape in _ESCAPES:
        strings = pc.replace_substring(strings, plain, escape)
    return strings


def contents(column: pa.Array) -> tuple[pa.Array, bytes]:
    """All bytes of a column of texts or bytes as one, and where each value begins, counted from the same place."""
    _, places, data = column.buffers()
    if not len(column) or data is None:
        return pa.array([0] * (len(column) + 1), pa.int32()), b""
    offsets = pa.Array.from_buffers(pa.int32(), len(column) + 1, [None, places], offset=column.offset)
    first, last = offsets[0].as_py(), offsets[-1].as_py()
    return pc.subtract(offsets, pa.scalar(first, pa.int32())), data[first:last].to_pybytes() if last > first else b""


def any_value(value: AnyValue) -> Any:
    """An AnyValue as a JSON-ready value, unmasked."""
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return [any_value(item) for item in value.array_value.values]
    if kind == "kvlist_value":
        return {pair.key: any_value(pair.value) for pair in value.kvlist_value.values}
    if kind == "bytes_value":
        return base64.b64encode(value.bytes_value).decode()
    if kind == "double_value":
        return finite(value.double_value)
    return getattr(value, kind) if kind else None


def finite(number: float) -> float | str:
    """The number, or the name that the protobuf JSON mapping gives to what JSON cannot hold."""
    if math.isfinite(number):
        return number
    return "NaN" if math.isnan(number) else "Infinity" if number > 0 else "-Infinity"


def _same_shape(lists: pa.ListArray, entries: pa.Array) -> pa.ListArray:
    if not lists.null_count:
        return pa.ListArray.from_arrays(lists.offsets, entries)
    lengths = pc.fill_null(pc.list_value_length(lists), 0)
    return pa.ListArray.from_arrays(
        pa.concat_arrays([pa.array([0], lengths.type), pc.cumulative_sum(lengths)]).cast(pa.int32()), entries
    )


def _doubles(column: pa.Array) -> pa.Array:
    return pa.array(
        [None if number is None else orjson.dumps(finite(number)).decode() for number in column.to_pylist()],
        pa.string(),
    )


def _base64(column: pa.Array) -> pa.Array:
    return pa.array(
        [None if raw is None else f'"{base64.b64encode(raw).decode()}"' for raw in column.to_pylist()], pa.string()
    )


def _nested_array(column: pa.Array) -> pa.Array:
    return pa.array(
        [
            None if raw is None else _json_of([any_value(item) for item in ArrayValue.FromString(_small(raw)).values])
            for raw in column.to_pylist()
        ],
        pa.string(),
    )


def _nested_map(column: pa.Array) -> pa.Array:
    return pa.array(
        [
            None
            if raw is None
            else _json_of({pair.key: any_value(pair.value) for pair in KeyValueList.FromString(_small(raw)).values})
            for raw in column.to_pylist()
        ],
        pa.string(),
    )


def _small(raw: bytes) -> bytes:
    if len(raw) > NESTED_BYTES:
        raise Malformed(f"a nested attribute value of {len(raw)} bytes is larger than {NESTED_BYTES}")
    return raw


def _json_of(value: Any) -> str:
    return orjson.dumps(protected(value, "", foreign_secret)).decode()


_RENDERED = {
    "int_value": lambda column: pc.cast(column, pa.string()),
    "double_value": _doubles,
    "bool_value": lambda column: pc.cast(column, pa.string()),
    "array_value": _nested_array,
    "kvlist_value": _nested_map,
    "bytes_value": _base64,
}
