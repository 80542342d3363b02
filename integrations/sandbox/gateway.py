"""The sandbox's gateway: one ASGI application that brings each request to its vendor, under its present conditions.

Every vendor has a path prefix of one port. A request meets the conditions first (and may be refused, or lose its answer
after the work), then the vendor; what changed is on file before the answer leaves.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from integrations.sandbox.faults.conditions import Conditions
from integrations.sandbox.vendors.vendor import Vendor
from integrations.sandbox.vendors.wire import Answer, Request, json_answer
from integrations.sandbox.world.ledger import Ledger
from models.domain.clock import Clock

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


class Gateway:
    """ASGI application over vendors by path prefix; `latency` seconds pass before each vendor's answer."""

    def __init__(
        self, vendors: Mapping[str, Vendor], ledger: Ledger, conditions: Conditions, clock: Clock, latency: float = 0.0
    ) -> None:
        self._ledger, self._conditions, self._clock, self.latency = ledger, conditions, clock, latency
        self._vendors: dict[str, Vendor] = {}
        self._busy: dict[str, int] = {}
        self.requests: dict[str, int] = {}
        for prefix, vendor in vendors.items():
            self.mount(prefix, vendor)

    def mount(self, prefix: str, vendor: Vendor) -> None:
        """Serve a vendor under a path prefix; one that begins with _ answers without latency."""
        self._vendors[prefix] = vendor
        self._busy[prefix] = self.requests[prefix] = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            return await _lifespan(receive, send)
        request, prefix = await self._read(scope, receive)
        answer = await self._answer(prefix, request)
        if answer.dropped:
            return await _drop(scope)
        await _reply(send, answer)

    async def _read(self, scope: Scope, receive: Receive) -> tuple[Request, str]:
        chunks = []
        while True:
            message = await receive()
            chunks.append(message.get("body", b""))
            if not message.get("more_body"):
                break
        prefix, _, rest = scope["path"].lstrip("/").partition("/")
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        base = f"{scope.get('scheme', 'http')}://{headers.get('host', 'sandbox')}/{prefix}"
        return Request(
            scope["method"], f"/{rest}", scope["query_string"].decode("latin-1"), headers, b"".join(chunks), base
        ), prefix

    async def _answer(self, prefix: str, request: Request) -> Answer:
        vendor = self._vendors.get(prefix)
        if vendor is None:
            return json_answer({"error": f"nothing lives under /{prefix}: use one of {', '.join(self._vendors)}"}, 404)
        self.requests[prefix] += 1
        self._busy[prefix] += 1
        try:
            if self.latency and not prefix.startswith("_"):
                await asyncio.sleep(self.latency)
            return self._met(vendor, prefix, request)
        finally:
            self._busy[prefix] -= 1

    def _met(self, vendor: Vendor, prefix: str, request: Request) -> Answer:
        if self._busy[prefix] > getattr(vendor, "concurrency", 10**6):
            return vendor.disturbed("throttled", request)
        kind = self._conditions.meet(vendor.name, request.method, request.path, self._clock.now())
        if kind and kind != "dropped":
            return vendor.disturbed(kind, request)
        answer = vendor.answer(request)
        self._ledger.flush()
        answer.dropped = answer.dropped or kind == "dropped"
        return answer


async def _reply(send: Send, answer: Answer) -> None:
    headers = [(name.lower().encode(), value.encode("latin-1")) for name, value in answer.headers.items()]
    if answer.body:
        headers.append((b"content-type", answer.content_type.encode()))
    if answer.status != 204:
        headers.append((b"content-length", str(len(answer.body)).encode()))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})


async def _drop(scope: Scope) -> None:
    """Close the connection without an answer; under a test transport that has none, break it the same way."""
    close = scope.get("extensions", {}).get("sandbox.close", {}).get("close")
    if close is None:
        raise ConnectionResetError("the sandbox closed the connection after doing the work, as the fault plan asks")
    close()
    for _ in range(3):
        await asyncio.sleep(0)


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
