"""The collector's HTTP face: OTLP/HTTP 1.x, system snapshots, health. Every answer is a status and a sentence, never a
500.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from typing import Any

import orjson

from collectors.pipeline.answers import Answer, encoded
from collectors.pipeline.intake import Intake, Request
from collectors.pipeline.rows import CONTENT_LIMIT
from collectors.pipeline.spool.frame import Kind
from models.domain.clock import Clock

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_DRAIN = 64 << 20  # bytes read and thrown away after a body grew too large, so that the sender hears the answer
_METRICS = (
    "metrics are not collected here: export traces to /v1/traces and logs to /v1/logs (set OTEL_METRICS_EXPORTER=none)"
)
_OFFERED = "POST /v1/traces, /v1/logs, /v1/observations, or GET /healthz"


class Receiver:
    """ASGI application. `limit` is the largest body in bytes, before and after inflating; `health` gives what /healthz
    shows.
    """

    def __init__(
        self, intakes: Mapping[str, tuple[Kind, Intake]], limit: int, clock: Clock, health: Callable[[], dict[str, Any]]
    ) -> None:
        self._intakes, self._limit, self._clock, self._health = intakes, limit, clock, health

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        headers = _headers(scope)
        media = headers.get("content-type", "").partition(";")[0].strip().lower()
        kind, intake = self._intakes.get(scope["path"], (None, None))
        if scope["path"] == "/healthz":
            await self._tell_health(send)
        elif kind is None or intake is None:
            sentence = (
                _METRICS if scope["path"] == "/v1/metrics" else f"there is nothing at {scope['path'][:80]}: {_OFFERED}"
            )
            await _tell(send, Answer(404, sentence), None, media)
        elif scope["method"] != "POST":
            await _tell(send, Answer(405, f"send POST to {scope['path']}"), kind, media, [(b"allow", b"POST")])
        else:
            await self._take(kind, intake, headers, media, scope, receive, send)

    async def _take(
        self,
        kind: Kind,
        intake: Intake,
        headers: Mapping[str, str],
        media: str,
        scope: Scope,
        receive: Receive,
        send: Send,
    ) -> None:
        body, size = await self._body(receive)
        if body is None:
            return
        too_large = size > self._limit
        answered: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        request = Request(
            kind,
            media,
            headers.get("content-encoding", "").strip().lower(),
            body,
            _sender(scope, headers),
            int(self._clock.now().timestamp() * 1_000_000),
            _once(answered),
            size if too_large else 0,
        )
        last = [(b"connection", b"close")] if too_large else []
        if not intake.submit(request):
            return await _tell(
                send, Answer(429, "too many requests wait to be stored: wait", retry_after=1), kind, media, last
            )
        await _tell(send, await answered, kind, media, last)

    async def _body(self, receive: Receive) -> tuple[bytes | None, int]:
        """The body and how many bytes came; of one that is too large only the beginning is held; no body when the
        sender went away.
        """
        parts: list[bytes] = []
        size = 0
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return None, size
            part = message.get("body", b"")
            size += len(part)
            if size <= self._limit:
                parts.append(part)
            elif size - len(part) <= self._limit:
                parts = [b"".join([*parts, part])[:CONTENT_LIMIT]]
            if not message.get("more_body") or size > self._limit + _DRAIN:
                return b"".join(parts), size

    async def _tell_health(self, send: Send) -> None:
        state = self._health()
        content = orjson.dumps(state)
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(content)).encode())]
        await _send(send, 200 if state["ready"] else 503, headers, content)


def deliverer(loop: asyncio.AbstractEventLoop) -> Callable[[Sequence[tuple[Request, Answer]]], None]:
    """Hands answers from an intake's thread to the event loop, a group at a time."""

    def deliver(answers: Sequence[tuple[Request, Answer]]) -> None:
        loop.call_soon_threadsafe(_settle, answers)

    return deliver


def _settle(answers: Sequence[tuple[Request, Answer]]) -> None:
    for request, answer in answers:
        request.answer(answer)


def _once(answered: asyncio.Future[Answer]) -> Callable[[Answer], None]:
    """Settles the future unless the wait for it was given up."""

    def answer(given: Answer) -> None:
        if not answered.done():
            answered.set_result(given)

    return answer


def _headers(scope: Scope) -> dict[str, str]:
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}


def _sender(scope: Scope, headers: Mapping[str, str]) -> str:
    client = scope.get("client")
    return f"{client[0] if client else 'unknown'} {headers.get('user-agent', '')[:120]}".strip()


async def _tell(
    send: Send, answer: Answer, kind: Kind | None, media: str, extra: Sequence[tuple[bytes, bytes]] = ()
) -> None:
    content, headers = encoded(answer, kind, media)
    await _send(send, answer.status, [*headers, *extra], content)


async def _send(send: Send, status: int, headers: list[tuple[bytes, bytes]], content: bytes) -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": content})
