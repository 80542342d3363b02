"""An HTTP port of the collector, which its receivers share. Every answer is a status and a sentence, never a 500."""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from typing import Any, cast

from collectors.arrival import Arrived, Receive, TooSlow, arrived
from collectors.credentials import Refused, scope_of
from collectors.doorkeeper import Doorkeeper, brought
from collectors.pipeline.refusal import Malformed, TooLarge, UnknownEncoding
from collectors.receivers.contract import Host, Port, Post, Receiver, Take
from collectors.receivers.reply import Reply, refused
from collectors.room import NoRoom, Room
from models.domain.errors import Retriable
from models.domain.loopback import is_loopback
from models.domain.secrets import without_secrets

_log = logging.getLogger(__name__)
Scope = MutableMapping[str, Any]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_METRICS = "/metrics"
_CLOSE = (b"connection", b"close")
_STATUS = {Malformed: 400, TooLarge: 413, UnknownEncoding: 415, Retriable: 503}
Shown = Mapping[str, Callable[[], Reply]]
"""What the collector tells of itself, by path."""


class Gateway:
    """ASGI application over the paths of the receivers at one `port`; `shown` are the paths that tell of the collector
    itself, `limit` is the largest body in bytes.
    """

    def __init__(
        self,
        receivers: Sequence[Receiver],
        host: Host,
        shown: Mapping[str, Callable[[], Reply]],
        doorkeeper: Doorkeeper,
        port: Port = "telemetry",
        limit: int | None = None,
    ) -> None:
        self._routes: dict[str, Take] = {}
        self._below: dict[str, Take] = {}
        self._declined: dict[str, str] = {}
        at_it = [receiver for receiver in receivers if receiver.port == port]
        for receiver in at_it:
            self._routes |= receiver.routes
            self._below |= receiver.below
            self._declined |= receiver.declined
        self._signed = {take for one in at_it if one.signed for take in (*one.routes.values(), *one.below.values())}
        self._host, self._shown = host, shown
        self._limit = limit or host.settings.max_body_mib << 20
        self._doorkeeper = doorkeeper
        self._room = Room(host.settings.intake_memory_mib << 20)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        path, headers = scope["path"], _headers(scope)
        if refusal := self._doorkeeper.refusal(headers, _address(scope)):
            return await _send(send, refusal)
        if path in self._shown:
            return await _send(send, self._told(path, headers, _address(scope)))
        take = self._take(path)
        if take is None:
            return await _send(send, _refused(headers, 404, self._declined.get(path) or self._nothing_at(path)))
        if scope["method"] == "OPTIONS" and (answer := self._doorkeeper.preflight(headers)):
            return await _send(send, answer, *self._doorkeeper.cors(headers))
        if scope["method"] != "POST":
            return await _send(send, _refused(headers, 405, f"send POST to {path}"), (b"allow", b"POST"))
        await self._taken(take, scope, headers, receive, send)

    async def _taken(self, take: Take, scope: Scope, headers: dict[str, str], receive: Receive, send: Send) -> None:
        """Read the body as far as there is room for it, and answer."""
        path, address = scope["path"], _address(scope)
        try:
            name = None if take in self._signed else self._doorkeeper.sender(headers, scope_of(path), address)
        except Refused as error:
            return await _send(send, error.reply(_media(headers)), *self._doorkeeper.cors(headers))
        stay = self._room.stay(name or address)
        try:
            body = await arrived(receive, headers, self._limit, stay)
            if body is not None:
                post = self._post(path, headers, body, name, address)
                extra = [*self._doorkeeper.cors(headers), *([_CLOSE] if body.size else [])]
                await _send(send, await self._reply(take, post), *extra)
        except NoRoom as error:
            await _send(send, _refused(headers, 429, str(error), 2))
        except TooSlow as error:
            await _send(send, _refused(headers, 408, str(error)), _CLOSE)
        except asyncio.CancelledError:  # so the server ends whoever has not been answered when it stops
            await _send(send, _refused(headers, 503, "the collector ends: send again", 5), _CLOSE)
        finally:
            stay.leave()

    def _take(self, path: str) -> Take | None:
        return self._routes.get(path) or next((take for top, take in self._below.items() if path.startswith(top)), None)

    def _told(self, path: str, headers: Mapping[str, str], address: str) -> Reply:
        """What the collector tells of itself: to other machines no more than yes or no, measures to who has a token."""
        if is_loopback(address) and not brought(headers):
            return self._shown[path]()
        if path == _METRICS:
            try:
                self._doorkeeper.sender(headers, "metrics", address)
            except Refused as error:
                return error.reply("")
            return self._shown[path]()
        ready = self._shown[path]().status == 200
        return Reply(200 if ready else 503, b'{"ready":true}' if ready else b'{"ready":false}')

    async def posted(self, path: str, headers: Mapping[str, str], body: bytes, address: str) -> Reply:
        """What a sender is answered whose body came by another road than HTTP."""
        take = self._routes.get(path)
        if take is None:
            return refused(405, self._declined.get(path) or self._nothing_at(path), _media(headers))
        if refusal := self._doorkeeper.refusal(headers, address):
            return refusal
        stay = self._room.stay(address)
        try:
            name = self._doorkeeper.sender(headers, scope_of(path), address)
            await stay.take(len(body))
            return await self._reply(take, self._post(path, headers, Arrived(body, 0), name, address))
        except Refused as error:
            return error.reply(_media(headers))
        except NoRoom as error:
            return refused(429, str(error), _media(headers), 2)
        finally:
            stay.leave()

    def _post(self, path: str, headers: Mapping[str, str], body: Arrived, name: str | None, address: str) -> Post:
        sender = " ".join(filter(None, (name, address, without_secrets(headers.get("user-agent", ""))[:120])))
        return Post(path, headers, body.body, sender, self._now_us(), self._limit, body.size)

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

    def _nothing_at(self, path: str) -> str:
        paths = [*(f"POST {path}" for path in (*self._routes, *self._below)), *(f"GET {path}" for path in self._shown)]
        return f"there is nothing at {path[:80]}: {', '.join(paths)}"

    def _now_us(self) -> int:
        return int(self._host.clock.now().timestamp() * 1_000_000)


def _headers(scope: Scope) -> dict[str, str]:
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}


def _address(scope: Scope) -> str:
    client = scope.get("client")
    return str(client[0]) if client else "unknown"


def _media(headers: Mapping[str, str]) -> str:
    return headers.get("content-type", "").partition(";")[0].strip().lower()


def _refused(headers: Mapping[str, str], status: int, sentence: str, retry_after: int | None = None) -> Reply:
    return refused(status, sentence, _media(headers), retry_after)


async def _send(send: Send, reply: Reply, *extra: tuple[bytes, bytes]) -> None:
    await send({"type": "http.response.start", "status": reply.status, "headers": [*reply.headers, *extra]})
    await send({"type": "http.response.body", "body": reply.content})
