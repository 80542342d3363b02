"""OTLP/HTTP 1.x: traces and logs of any OpenTelemetry source, in protobuf or JSON (C1)."""

from __future__ import annotations

import orjson
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from collectors.pipeline.answer import JSON, PROTOBUF, Answer
from collectors.pipeline.spool.frame import Kind
from collectors.receivers.contract import Host, Post, Receiver
from collectors.receivers.reply import Reply, refused

_METRICS = (
    "metrics are not collected here: export traces to /v1/traces and logs to /v1/logs (set OTEL_METRICS_EXPORTER=none)"
)
_SERVICES = ("trace.v1.TraceService", "logs.v1.LogsService", "metrics.v1.MetricsService")
_GRPC = (
    "this is the port of OTLP/HTTP: set OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf, or send gRPC to its own port, 4317"
)


async def _traces(host: Host, post: Post) -> Reply:
    return _reply(await host.pipeline.take(post.request(Kind.TRACES)), Kind.TRACES, post.media)


async def _logs(host: Host, post: Post) -> Reply:
    return _reply(await host.pipeline.take(post.request(Kind.LOGS)), Kind.LOGS, post.media)


def _reply(answer: Answer, kind: Kind, media: str) -> Reply:
    if answer.status != 200:
        return refused(answer.status, answer.sentence, media, answer.retry_after)
    return Reply(200, _protobuf(answer, kind), PROTOBUF) if media == PROTOBUF else Reply(200, _json(answer, kind), JSON)


def _json(answer: Answer, kind: Kind) -> bytes:
    if not answer.sentence:
        return b"{}"
    field = "rejectedSpans" if kind is Kind.TRACES else "rejectedLogRecords"
    return orjson.dumps({"partialSuccess": {field: str(answer.rejected), "errorMessage": answer.sentence}})


def _protobuf(answer: Answer, kind: Kind) -> bytes:
    if not answer.sentence:
        return b""
    traces, logs = ExportTraceServiceResponse(), ExportLogsServiceResponse()
    traces.partial_success.rejected_spans = logs.partial_success.rejected_log_records = answer.rejected
    traces.partial_success.error_message = logs.partial_success.error_message = answer.sentence
    message: bytes = (traces if kind is Kind.TRACES else logs).SerializeToString()
    return message


RECEIVER = Receiver(
    "otlp-http",
    "traces and logs over OTLP/HTTP",
    routes={"/v1/traces": _traces, "/v1/logs": _logs},
    declined={
        "/v1/metrics": _METRICS,
        **{f"/opentelemetry.proto.collector.{signal}/Export": _GRPC for signal in _SERVICES},
    },
)
