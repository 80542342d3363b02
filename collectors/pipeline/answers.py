"""What senders are told, in the encoding they spoke (OTLP/HTTP 1.x, section "OTLP/HTTP Response")."""

from __future__ import annotations

from dataclasses import dataclass

import orjson
from google.rpc.status_pb2 import Status  # type: ignore[import-untyped]
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from collectors.pipeline.spool.frame import Kind

PROTOBUF, JSON = "application/x-protobuf", "application/json"
_RPC_CODE = {400: 3, 404: 5, 405: 12, 413: 3, 415: 3, 429: 8, 503: 14}  # google.rpc.Code beside each HTTP status


@dataclass(frozen=True, slots=True)
class Answer:
    """The fate of one request; `stored` and `rejected` count its items, `retry_after` is in seconds."""

    status: int
    sentence: str = ""
    stored: int = 0
    rejected: int = 0
    retry_after: int | None = None


def encoded(answer: Answer, kind: Kind | None, media: str) -> tuple[bytes, list[tuple[bytes, bytes]]]:
    """Body and headers of an answer; JSON unless the sender spoke protobuf."""
    spoken = PROTOBUF if media == PROTOBUF else JSON
    content = _accepted(answer, kind, spoken) if answer.status == 200 else _status(answer, spoken)
    headers = [(b"content-type", spoken.encode()), (b"content-length", str(len(content)).encode())]
    if answer.retry_after is not None:
        headers.append((b"retry-after", str(answer.retry_after).encode()))
    return content, headers


def _accepted(answer: Answer, kind: Kind | None, media: str) -> bytes:
    if kind is Kind.OBSERVATIONS:
        return orjson.dumps({"stored": answer.stored, "quarantined": answer.rejected, "message": answer.sentence})
    if media == JSON:
        if not answer.rejected:
            return b"{}"
        field = "rejectedSpans" if kind is Kind.TRACES else "rejectedLogRecords"
        return orjson.dumps({"partialSuccess": {field: str(answer.rejected), "errorMessage": answer.sentence}})
    return _protobuf(answer, kind)


def _protobuf(answer: Answer, kind: Kind | None) -> bytes:
    if not answer.rejected:
        return b""
    traces, logs = ExportTraceServiceResponse(), ExportLogsServiceResponse()
    traces.partial_success.rejected_spans = logs.partial_success.rejected_log_records = answer.rejected
    traces.partial_success.error_message = logs.partial_success.error_message = answer.sentence
    message: bytes = (traces if kind is Kind.TRACES else logs).SerializeToString()
    return message


def _status(answer: Answer, media: str) -> bytes:
    code = _RPC_CODE.get(answer.status, 2)
    if media == JSON:
        return orjson.dumps({"code": code, "message": answer.sentence})
    status: bytes = Status(code=code, message=answer.sentence).SerializeToString()
    return status
