"""The collector's HTTP port, which all receivers share. Every answer is a status and a sentence, never a 500."""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from typing import Any, cast

import orjson

from collectors.pipeline.refusal import Malformed, TooLarge, UnknownEncoding
from collectors.pipeline.rows import CONTENT_LIMIT
from collectors.receivers.contract import Host, Post, Receiver, Take
from collectors.receivers.reply import Reply, refused
from models.domain.errors import Retriable

_log = logging.getLogger(__name__)
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_DRAIN = 64 << 20  # bytes read and thrown away after a body grew too large, so that the sender hears the answer
_CLOSE = (b"connection", b"close")
_STATUS = {Malformed: 400, TooLarge: 413, UnknownEncoding: 415, Retriable: 503}


class Gateway:
    """ASGI application over the receivers' paths; `health` gives what /healthz shows."""

    def __init__(self, receivers: Sequence[Receiver], host: Host, health: Callable[[], dict[str, Any]]) -> None:
        self._routes: dict[str, Take] = {}
        self._declined: dict[str, str] = {}
        for receiver in receivers:
            self._routes |= receiver.routes
            self._declined |= receiver.declined
        self._host, self._health = host, health
        self._limit = host.settings.max_body_mib << 20

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        path, headers = scope["path"], _headers(scope)
        if path == "/healthz":
            return await _send(send, self._healthz())
        take = self._routes.get(path)
        if take is None:
            return await _send(send, _refused(headers, 404, self._declined.get(path) or self._nothing_at(path)))
        if scope["method"] != "POST":
            return await _send(send, _refused(headers, 405, f"send POST to {path}"), (b"allow", b"POST"))
        body, size = await self._body(receive)
        if body is not None:
            post = Post(path, headers, body, _sender(scope, headers), self._now_us(), self._limit, size)
            await _send(send, await self._reply(take, post), *([_CLOSE] if size else []))

    async def _reply(self, take: Take, post: Post) -> Reply:
        """The receiver's reply. A fault of ours asks the sender to come back, for nothing was acknowledged."""
        try:
            if inspect.iscoroutinefunction(take):
                return cast(Reply, await take(self._host, post))
            return await asyncio.to_thread(cast(Callable[[Host, Post], Reply], take), self._host, post)
        except (Malformed, TooLarge, UnknownEncoding, Retriable) as error:
            status = next(status for kind, status in _STATUS.items() if isinstance(error, kind))
            return refused(status, str(error), post.media, 5 if status == 503 else None)
        except Exception as error:  # noqa: BLE001 - whatever it is, a sender wants an answer
            _log.exception("a request to %s could not be taken", post.path)
            sentence = f"the request could not be taken ({type(error).__name__}): send again"
            return refused(503, sentence, post.media, 5)

    async def _body(self, receive: Receive) -> tuple[bytes | None, int]:
        """The body, and 0 or how many bytes came of one that is too large, whose beginning alone is held.

        No body when the sender went away.
        """
        parts: list[bytes] = []
        size = 0
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return None, 0
            part = message.get("body", b"")
            size += len(part)
            if size <= self._limit:
                parts.append(part)
            elif size - len(part) <= self._limit:
                parts = [b"".join([*parts, part])[:CONTENT_LIMIT]]
            if not message.get("more_body") or size > self._limit + _DRAIN:
                return b"".join(parts), size if size > self._limit else 0

    def _healthz(self) -> Reply:
        state = self._health()
        return Reply(200 if state["ready"] else 503, orjson.dumps(state))

    def _nothing_at(self, path: str) -> str:
        return f"there is nothing at {path[:80]}: POST {', '.join(self._routes)}, or GET /healthz"

    def _now_us(self) -> int:
        return int(self._host.clock.now().timestamp() * 1_000_000)


def _headers(scope: Scope) -> dict[str, str]:
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}


def _sender(scope: Scope, headers: Mapping[str, str]) -> str:
    client = scope.get("client")
    return f"{client[0] if client else 'unknown'} {headers.get('user-agent', '')[:120]}".strip()


def _refused(headers: Mapping[str, str], status: int, sentence: str) -> Reply:
    return refused(status, sentence, headers.get("content-type", "").partition(";")[0].strip().lower())


async def _send(send: Send, reply: Reply, *extra: tuple[bytes, bytes]) -> None:
    await send({"type": "http.response.start", "status": reply.status, "headers": [*reply.headers, *extra]})
    await send({"type": "http.response.body", "body": reply.content})
