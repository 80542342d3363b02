"""The slow road that checks the fast one: OTLP protobuf to rows by upb messages and plain Python, one by one."""

from __future__ import annotations

import base64
import json
import math
from datetime import UTC, datetime, timedelta
from typing import Any

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def value(any_value: Any) -> Any:
    kind = any_value.WhichOneof("value")
    if kind is None:
        return None
    held = getattr(any_value, kind)
    if kind == "array_value":
        return [value(item) for item in held.values]
    if kind == "kvlist_value":
        return attributes(held.values)
    if kind == "bytes_value":
        return base64.b64encode(held).decode()
    if kind == "double_value" and not math.isfinite(held):
        return "NaN" if math.isnan(held) else "Infinity" if held > 0 else "-Infinity"
    return held


def attributes(pairs: Any) -> dict[str, Any]:
    return {pair.key: value(pair.value) for pair in pairs}


def moment(nanoseconds: int) -> datetime | None:
    return EPOCH + timedelta(microseconds=nanoseconds // 1000) if nanoseconds else None


def span_rows(body: bytes, received_us: int) -> list[dict[str, Any]]:
    rows = []
    for group in ExportTraceServiceRequest.FromString(body).resource_spans:
        resource = attributes(group.resource.attributes)
        for scope in group.scope_spans:
            for span in scope.spans:
                end = span.end_time_unix_nano
                rows.append(
                    {
                        "trace_id": span.trace_id.hex(),
                        "span_id": span.span_id.hex(),
                        "parent_span_id": _parent(span.parent_span_id),
                        "name": span.name,
                        "service_name": _service(resource),
                        "kind": span.kind,
                        "start_time": moment(span.start_time_unix_nano),
                        "end_time": moment(max(end, span.start_time_unix_nano)) if end else None,
                        "duration_us": max(end - span.start_time_unix_nano, 0) // 1000 if end else None,
                        "status_code": span.status.code,
                        "status_message": span.status.message,
                        "attributes": attributes(span.attributes),
                        "resource": resource,
                        "scope_name": scope.scope.name,
                        "events": [
                            {"time_unix_nano": e.time_unix_nano, "name": e.name, "attributes": attributes(e.attributes)}
                            for e in span.events
                        ],
                        "links": [
                            {
                                "trace_id": k.trace_id.hex(),
                                "span_id": k.span_id.hex(),
                                "attributes": attributes(k.attributes),
                            }
                            for k in span.links
                        ],
                        "trace_state": span.trace_state,
                        "flags": span.flags,
                        "recorded_at": EPOCH + timedelta(microseconds=received_us),
                    }
                )
    return rows


def log_rows(body: bytes, received_us: int) -> list[dict[str, Any]]:
    rows = []
    received = EPOCH + timedelta(microseconds=received_us)
    for group in ExportLogsServiceRequest.FromString(body).resource_logs:
        resource = attributes(group.resource.attributes)
        for scope in group.scope_logs:
            for record in scope.log_records:
                observed = moment(record.observed_time_unix_nano)
                rows.append(
                    {
                        "time": moment(record.time_unix_nano) or observed or received,
                        "observed_time": observed,
                        "severity_number": record.severity_number,
                        "severity_text": record.severity_text,
                        "body": _body(record),
                        "trace_id": (record.trace_id.hex().strip("0") and record.trace_id.hex()) or None,
                        "span_id": (record.span_id.hex().strip("0") and record.span_id.hex()) or None,
                        "service_name": _service(resource),
                        "attributes": attributes(record.attributes),
                        "resource": resource,
                        "scope_name": scope.scope.name,
                        "event_name": record.event_name,
                        "recorded_at": received,
                    }
                )
    return rows


def opened(row: dict[str, Any]) -> dict[str, Any]:
    """A stored row with its JSON columns parsed, to compare with the oracle's."""
    return {
        name: json.loads(held) if name in ("attributes", "resource", "events", "links") else held
        for name, held in row.items()
    }


def _service(resource: dict[str, Any]) -> str:
    name = resource.get("service.name")
    return name if isinstance(name, str) and name else "unknown_service"


def _parent(raw: bytes) -> str | None:
    return raw.hex() if raw.strip(b"\0") else None


def _body(record: Any) -> str:
    if not record.HasField("body"):
        return ""
    held = value(record.body)
    if record.body.WhichOneof("value") == "string_value":
        return str(held)
    return json.dumps(held, separators=(",", ":"), ensure_ascii=False)
