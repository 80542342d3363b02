"""A gate before the emulators that remembers what came and can spoil one answer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

App = Callable[..., Awaitable[None]]


@dataclass
class Spoil:
    """What happens to the next calls whose method and path match: an answer of ours, the vendor's work and then
    silence, or the vendor's own answer, edited.
    """

    status: int = 0
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    method: str = ""
    path: str = ""
    times: int = 1
    after_work: bool = False
    edit: Callable[[bytes], bytes] | None = None

    def meets(self, scope: dict[str, Any]) -> bool:
        return self.times > 0 and self.path in scope["path"] and self.method in ("", scope["method"])


class Gate:
    """An ASGI application over another."""

    def __init__(self, app: App) -> None:
        self._app = app
        self.spoils: list[Spoil] = []
        self.calls: list[tuple[str, str, dict[str, str], bytes]] = []

    async def __call__(
        self,
        scope: dict[str, Any],
        receive: Callable[[], Awaitable[dict[str, Any]]],
        send: Callable[..., Awaitable[None]],
    ) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        body = await _whole(receive)
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        self.calls.append((scope["method"], scope["path"], headers, body))
        again = _again(body)
        spoil = next((one for one in self.spoils if one.meets(scope)), None)
        if spoil is None:
            return await self._app(scope, again, send)
        spoil.times -= 1
        if spoil.edit is not None:
            return await self._app(scope, again, _edited(send, spoil.edit))
        if spoil.after_work:
            await self._app(scope, again, _nowhere)
        if spoil.status == 0:
            return await _dropped(scope)
        fields = [
            (name.encode(), value.encode())
            for name, value in {"content-length": str(len(spoil.body)), **spoil.headers}.items()
        ]
        await send({"type": "http.response.start", "status": spoil.status, "headers": fields})
        await send({"type": "http.response.body", "body": spoil.body})


async def _whole(receive: Callable[[], Awaitable[dict[str, Any]]]) -> bytes:
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            return body


def _again(body: bytes) -> Callable[[], Awaitable[dict[str, Any]]]:
    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


def _edited(
    send: Callable[..., Awaitable[None]], edit: Callable[[bytes], bytes]
) -> Callable[[dict[str, Any]], Awaitable[None]]:
    start: dict[str, Any] = {}

    async def passed(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            start.update(message)
            return
        body = edit(message["body"])
        start["headers"] = [(name, value) for name, value in start["headers"] if name != b"content-length"] + [
            (b"content-length", str(len(body)).encode())
        ]
        await send(start)
        await send({**message, "body": body})

    return passed


async def _dropped(scope: dict[str, Any]) -> None:
    scope["extensions"]["sandbox.close"]["close"]()
    for _ in range(3):
        await asyncio.sleep(0)


async def _nowhere(message: dict[str, Any]) -> None:
    return None
