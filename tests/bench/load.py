"""A cheap OTLP/HTTP load: prepared requests with fresh ids over raw connections, spans as rich as a service's."""

from __future__ import annotations

import asyncio
import os
import time
from base64 import b64decode
from collections.abc import Iterator
from typing import Any

import orjson
from google.protobuf.json_format import MessageToDict
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, Span

PROTOBUF, JSON = "application/x-protobuf", "application/json"
RESOURCES = 3
"""Services whose spans one request carries, where it carries so many spans: a gateway's batches do."""
_TRACE_MARK, _SPAN_MARK = b"\xa5" * 16, b"\x5a" * 8
_WORDS = {
    "http.request.method": "POST",
    "server.address": "erp.example.com",
    "url.full": "https://erp.example.com/services/rest/record/v1/timeBill?replace=item",
    "network.protocol.version": "1.1",
    "thread.name": "worker-3",
    "tieout.flow": "time-to-bill",
    "tieout.step": "post-to-erp",
    "project.code": "PRJ-1001",
    "legal_entity": "NOV-DE",
    "user_agent.original": "tieout/0.1 (integration engine; +https://example.com/tieout) python-httpx/0.28",
}
_SERVICE = {
    "service.version": "4.2.1",
    "deployment.environment.name": "production",
    "host.name": "node-17.eu-central.example.com",
    "telemetry.sdk.name": "opentelemetry",
    "telemetry.sdk.language": "nodejs",
    "process.runtime.name": "nodejs",
}


class Requests:
    """OTLP trace requests of `per_request` spans in one form; each body has ids of its own. A span has 13 attributes,
    every fourth an event; in protobuf it takes about 700 bytes, in JSON 1,700.
    """

    def __init__(self, per_request: int, form: str = PROTOBUF) -> None:
        self.per_request, self.form = per_request, form
        request = _request(per_request)
        text = form == JSON
        self._template = bytearray(orjson.dumps(_as_sent(request)) if text else request.SerializeToString())
        self._marks = [mark.hex().encode() if text else mark for mark in (_TRACE_MARK, _SPAN_MARK)]
        self._places = _places(self._template, *self._marks)

    def body(self) -> bytes:
        """A body with fresh trace and span ids."""
        trace_size, span_size = map(len, self._marks)
        size = trace_size + span_size
        fresh = os.urandom(24 * self.per_request)
        if self.form == JSON:
            fresh = fresh.hex().encode()
        template = self._template
        for number, (trace, span) in enumerate(self._places):
            at = number * size
            template[trace : trace + trace_size] = fresh[at : at + trace_size]
            template[span : span + span_size] = fresh[at + trace_size : at + size]
        return bytes(template)

    def message(self, port: int) -> bytes:
        """The same as one HTTP/1.1 message."""
        body = self.body()
        head = (
            f"POST /v1/traces HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\n"
            f"content-type: {self.form}\r\ncontent-length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body


def sent(port: int, requests: Requests, count: int, connections: int) -> int:
    """Send `count` requests over `connections` connections, each waiting for its answer; how many were accepted."""
    return asyncio.run(_sent(port, requests, count, connections))


async def _sent(port: int, requests: Requests, count: int, connections: int) -> int:
    left = iter(range(count))
    return sum(await asyncio.gather(*(_connection(port, requests, left) for _ in range(connections))))


async def _connection(port: int, requests: Requests, left: Iterator[int]) -> int:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    accepted = 0
    for _ in left:
        accepted += await answered(reader, writer, requests.message(port)) == 200
    writer.close()
    await writer.wait_closed()
    return accepted


async def answered(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, message: bytes) -> int:
    """The status of the answer to one HTTP/1.1 message."""
    writer.write(message)
    head = await reader.readuntil(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0] or 0)
    await reader.readexactly(length)
    return int(head.split(b" ", 2)[1])


def _request(spans: int) -> ExportTraceServiceRequest:
    request = ExportTraceServiceRequest()
    now = time.time_ns()
    services = [_service(request.resource_spans.add(), number) for number in range(min(RESOURCES, spans))]
    for number in range(spans):
        services[number % len(services)].append(_span(number, now + number * 1_000_000))
    return request


def _service(group: ResourceSpans, number: int) -> Any:
    for key, word in {"service.name": f"bench-{number}", **_SERVICE}.items():
        group.resource.attributes.add(key=key).value.string_value = word
    scope = group.scope_spans.add()
    scope.scope.name, scope.scope.version = "@opentelemetry/instrumentation-http", "0.57.2"
    return scope.spans


def _span(number: int, start: int) -> Span:
    span = Span(
        trace_id=_TRACE_MARK,
        span_id=_SPAN_MARK,
        parent_span_id=number.to_bytes(8, "big"),
        name=f"post time entry {number % 20}",
        kind=Span.SPAN_KIND_CLIENT,
        start_time_unix_nano=start,
        end_time_unix_nano=start + 1_500_000 + number,
    )
    for key, word in _WORDS.items():
        span.attributes.add(key=key).value.string_value = word
    span.attributes.add(key="business.key").value.string_value = f"time_entry:TE-kantata-{number}"
    span.attributes.add(key="http.response.status_code").value.int_value = 204
    span.attributes.add(key="retry.count").value.int_value = number % 3
    if number % 4 == 0:
        event = span.events.add(time_unix_nano=start + 500_000, name="exception")
        event.attributes.add(key="exception.type").value.string_value = "TimeoutError"
        event.attributes.add(key="exception.message").value.string_value = "no answer within 10 s"
    return span


def _as_sent(request: ExportTraceServiceRequest) -> Any:
    """The request as exporters write it: hex ids, numbers of enums, whole numbers as such."""
    return _exported(MessageToDict(request, use_integers_for_enums=True))


def _exported(node: Any) -> Any:
    if isinstance(node, list):
        return [_exported(one) for one in node]
    if not isinstance(node, dict):
        return node
    return {name: _written(name, held) for name, held in node.items()}


def _written(name: str, held: Any) -> Any:
    if name in ("traceId", "spanId", "parentSpanId"):
        return b64decode(held).hex()
    return int(held) if name == "intValue" else _exported(held)


def _places(body: bytes | bytearray, trace: bytes, span: bytes) -> list[tuple[int, int]]:
    places, at = [], body.find(trace)
    while at >= 0:
        places.append((at, body.index(span, at + len(trace))))
        at = body.find(trace, at + len(trace))
    return places
