"""The part of the OTLP 1.x wire format that Tieout stores, as protobuf descriptors for the columnar decoder.

Field numbers are those of opentelemetry-proto 1.x. The descriptor has no recursion: nested arrays and maps stay bytes,
so the columnar decoder knows every column in advance; `attributes_json` opens the rare nested value. The outlines at
the end have the same shape with attributes as bytes, for counting.
"""

from __future__ import annotations

from google.protobuf import descriptor_pb2, descriptor_pool
from google.protobuf.descriptor import Descriptor, FileDescriptor

_FIELD = descriptor_pb2.FieldDescriptorProto
_SCALARS = {
    "string": _FIELD.TYPE_STRING,
    "bytes": _FIELD.TYPE_BYTES,
    "bool": _FIELD.TYPE_BOOL,
    "int64": _FIELD.TYPE_INT64,
    "double": _FIELD.TYPE_DOUBLE,
    "enum": _FIELD.TYPE_INT32,
    "fixed64": _FIELD.TYPE_FIXED64,
    "fixed32": _FIELD.TYPE_FIXED32,
}
_MESSAGES: dict[str, dict[str, tuple[int, str]]] = {
    "Any": {
        "string_value": (1, "string"),
        "bool_value": (2, "bool"),
        "int_value": (3, "int64"),
        "double_value": (4, "double"),
        "array_value": (5, "bytes"),
        "kvlist_value": (6, "bytes"),
        "bytes_value": (7, "bytes"),
    },
    "KeyValue": {"key": (1, "string"), "value": (2, "Any")},
    "Resource": {"attributes": (1, "*KeyValue")},
    "Scope": {"name": (1, "string")},
    "Event": {"time": (1, "fixed64"), "name": (2, "string"), "attributes": (3, "*KeyValue")},
    "Link": {"trace_id": (1, "bytes"), "span_id": (2, "bytes"), "attributes": (4, "*KeyValue")},
    "Status": {"message": (2, "string"), "code": (3, "enum")},
    "Span": {
        "trace_id": (1, "bytes"),
        "span_id": (2, "bytes"),
        "trace_state": (3, "string"),
        "parent_span_id": (4, "bytes"),
        "name": (5, "string"),
        "kind": (6, "enum"),
        "start": (7, "fixed64"),
        "end": (8, "fixed64"),
        "attributes": (9, "*KeyValue"),
        "events": (11, "*Event"),
        "links": (13, "*Link"),
        "status": (15, "Status"),
        "flags": (16, "fixed32"),
    },
    "ScopeSpans": {"scope": (1, "Scope"), "items": (2, "*Span")},
    "ResourceSpans": {"resource": (1, "Resource"), "scopes": (2, "*ScopeSpans")},
    "Traces": {"resources": (1, "*ResourceSpans")},
    "Log": {
        "time": (1, "fixed64"),
        "severity_number": (2, "enum"),
        "severity_text": (3, "string"),
        "body": (5, "Any"),
        "attributes": (6, "*KeyValue"),
        "trace_id": (9, "bytes"),
        "span_id": (10, "bytes"),
        "observed_time": (11, "fixed64"),
        "event_name": (12, "string"),
    },
    "ScopeLogs": {"scope": (1, "Scope"), "items": (2, "*Log")},
    "ResourceLogs": {"resource": (1, "Resource"), "scopes": (2, "*ScopeLogs")},
    "Logs": {"resources": (1, "*ResourceLogs")},
    "EventOutline": {"attributes": (3, "*bytes")},
    "LinkOutline": {"attributes": (4, "*bytes")},
    "SpanOutline": {"attributes": (9, "*bytes"), "events": (11, "*EventOutline"), "links": (13, "*LinkOutline")},
    "LogOutline": {"attributes": (6, "*bytes")},
    "ResourceOutline": {"attributes": (1, "*bytes")},
    "ScopeSpansOutline": {"items": (2, "*SpanOutline")},
    "ScopeLogsOutline": {"items": (2, "*LogOutline")},
    "ResourceSpansOutline": {"resource": (1, "ResourceOutline"), "scopes": (2, "*ScopeSpansOutline")},
    "ResourceLogsOutline": {"resource": (1, "ResourceOutline"), "scopes": (2, "*ScopeLogsOutline")},
    "TracesOutline": {"resources": (1, "*ResourceSpansOutline")},
    "LogsOutline": {"resources": (1, "*ResourceLogsOutline")},
}


def descriptor(message: str) -> Descriptor:
    """The descriptor of Traces, Logs, or an outline of either."""
    return FILE.message_types_by_name[message]


def _file() -> descriptor_pb2.FileDescriptorProto:
    described = descriptor_pb2.FileDescriptorProto(name="tieout_otlp.proto", package="tieout.otlp", syntax="proto3")
    for name, fields in _MESSAGES.items():
        message = described.message_type.add(name=name)
        for field, (number, kind) in fields.items():
            _add(message, field, number, kind)
        if name == "Any":
            message.oneof_decl.add(name="value")
            for alternative in message.field:
                alternative.oneof_index = 0
    return described


def _add(message: descriptor_pb2.DescriptorProto, name: str, number: int, kind: str) -> None:
    label = _FIELD.LABEL_REPEATED if kind.startswith("*") else _FIELD.LABEL_OPTIONAL
    field = message.field.add(name=name, number=number, label=label)
    kind = kind.removeprefix("*")
    if kind in _SCALARS:
        field.type = _SCALARS[kind]
    else:
        field.type, field.type_name = _FIELD.TYPE_MESSAGE, f".tieout.otlp.{kind}"


_descriptors = descriptor_pool.DescriptorPool()
_descriptors.Add(_file())
FILE: FileDescriptor = _descriptors.FindFileByName("tieout_otlp.proto")
