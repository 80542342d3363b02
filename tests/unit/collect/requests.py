"""OTLP requests as tests write them."""

from __future__ import annotations

import os
from typing import Any

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

START = 1_700_000_000_123_456_789


def traces(count: int = 1, service: str = "test", **changes: Any) -> ExportTraceServiceRequest:
    """A request of `count` good spans; `changes` overwrite fields of each."""
    request = ExportTraceServiceRequest()
    group = request.resource_spans.add()
    group.resource.attributes.add(key="service.name").value.string_value = service
    scope = group.scope_spans.add()
    scope.scope.name = "scope"
    for number in range(count):
        fields = {
            "trace_id": os.urandom(16),
            "span_id": os.urandom(8),
            "name": f"span {number}",
            "kind": 2,
            "start_time_unix_nano": START,
            "end_time_unix_nano": START + 2_000_500,
            **changes,
        }
        span = scope.spans.add(**fields)
        span.attributes.add(key="n").value.int_value = number
    return request


def logs(count: int = 1, **changes: Any) -> ExportLogsServiceRequest:
    """A request of `count` good log records."""
    request = ExportLogsServiceRequest()
    group = request.resource_logs.add()
    group.resource.attributes.add(key="service.name").value.string_value = "test"
    scope = group.scope_logs.add()
    for number in range(count):
        record = scope.log_records.add(
            **{"time_unix_nano": START, "severity_number": 9, "severity_text": "INFO", **changes}
        )
        record.body.string_value = f"line {number}"
    return request


def within(*tags: int, content: bytes) -> bytes:
    """`content` as nested length-delimited fields, the outermost tag first."""
    for tag in reversed(tags):
        size, head = len(content), bytearray([tag])
        while size >= 0x80:
            head.append(size & 0x7F | 0x80)
            size >>= 7
        content = bytes(head) + bytes([size]) + content
    return content
