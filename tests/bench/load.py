"""A cheap OTLP/HTTP load: prepared protobuf requests with fresh ids over raw loopback connections."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Iterator

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

_TRACE_MARK, _SPAN_MARK = b"\xa5" * 16, b"\x5a" * 8
_WORDS = {
    "http.request.method": "POST",
    "server.address": "erp.example.com",
    "url.path": "/services/rest/record/v1/timeBill",
    "tieout.flow": "time-to-bill",
    "tieout.step": "post-to-erp",
    "project.code": "PRJ-1001",
    "legal_entity": "NOV-DE",
    "user_agent.original": "tieout/0.1 (integration engine; +https://example.com/tieout) python-httpx/0.28; "
    "tenant=novalis; region=eu-central",
}


class Requests:
    """OTLP trace requests of `per_request` spans of about 550 bytes; each body has ids of its own."""

    def __init__(self, per_request: int) -> None:
        self.per_request = per_request
        self._template = bytearray(_request(per_request).SerializeToString())
        self._places = _places(self._template)

    def body(self) -> bytes:
        """A protobuf body with fresh trace and span ids."""
        fresh = os.urandom(24 * self.per_request)
        template = self._template
        for number, (trace, span) in enumerate(self._places):
            at = number * 24
            template[trace : trace + 16] = fresh[at : at + 16]
            template[span : span + 8] = fresh[at + 16 : at + 24]
        return bytes(template)

    def message(self, port: int) -> bytes:
        """The same as one HTTP/1.1 message."""
        body = self.body()
        head = (
            f"POST /v1/traces HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\n"
            f"content-type: application/x-protobuf\r\ncontent-length: {len(body)}\r\n\r\n"
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
        writer.write(requests.message(port))
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0] or 0)
        await reader.readexactly(length)
        accepted += head.startswith(b"HTTP/1.1 200")
    writer.close()
    await writer.wait_closed()
    return accepted


def _request(spans: int) -> ExportTraceServiceRequest:
    request = ExportTraceServiceRequest()
    group = request.resource_spans.add()
    name = group.resource.attributes.add(key="service.name")
    name.value.string_value = "bench"
    scope = group.scope_spans.add()
    scope.scope.name = "tieout.bench"
    now = time.time_ns()
    for number in range(spans):
        scope.spans.append(_span(number, now + number * 1_000_000))
    return request


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
    return span


def _places(body: bytes | bytearray) -> list[tuple[int, int]]:
    places, at = [], body.find(_TRACE_MARK)
    while at >= 0:
        places.append((at, body.index(_SPAN_MARK, at)))
        at = body.find(_TRACE_MARK, at + 16)
    return places
