"""Ties logs to traces: a log record without trace context may carry it in its attributes, as many log bridges do."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

_TRACE = r'"(?:trace_id|traceId|trace\.id|otelTraceID|dd\.trace_id)":"(?P<id>[0-9a-f]{32})"'
_SPAN = r'"(?:span_id|spanId|span\.id|otelSpanID)":"(?P<id>[0-9a-f]{16})"'
_PARENT = r'"traceparent":"[0-9a-f]{2}-(?P<trace>[0-9a-f]{32})-(?P<span>[0-9a-f]{16})-[0-9a-f]{2}"'


def correlated_logs(logs: pa.Table) -> pa.Table:
    """The same rows with trace_id and span_id filled from attributes where the record itself has none.

    Known names: trace_id, traceId, trace.id, otelTraceID, and W3C traceparent. What a sender set is never replaced.
    """
    if not logs["trace_id"].null_count:
        return logs
    attributes = logs["attributes"]
    parent = pc.extract_regex(attributes, _PARENT)
    trace = pc.coalesce(logs["trace_id"], _group(pc.extract_regex(attributes, _TRACE), "id"), _group(parent, "trace"))
    inherits = pc.is_null(logs["trace_id"])
    found = pc.coalesce(logs["span_id"], _group(pc.extract_regex(attributes, _SPAN), "id"), _group(parent, "span"))
    span = pc.if_else(inherits, found, logs["span_id"])
    logs = logs.set_column(logs.schema.get_field_index("trace_id"), logs.schema.field("trace_id"), trace)
    return logs.set_column(logs.schema.get_field_index("span_id"), logs.schema.field("span_id"), span)


def _group(matches: pa.ChunkedArray, name: str) -> pa.ChunkedArray:
    return pc.struct_field(matches, name)
