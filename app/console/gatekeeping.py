"""What every answer of the console carries, and which host names it answers to (G1)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from models.domain.loopback import is_loopback
from models.settings import Settings

HEADERS = {
    "content-security-policy": (
        "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self' ws: wss: data: blob:; "
        "worker-src 'self' blob:; "
        "object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=(), payment=()",
    "cross-origin-opener-policy": "same-origin",
}
LOOPBACK_NAMES = ("127.0.0.1", "localhost", "[::1]")


def trusted_hosts(settings: Settings) -> tuple[str, ...]:
    """Host names the console answers to: those of loopback where it is bound there, else any.

    A page on the web that points its own name at 127.0.0.1 (DNS rebinding) is thereby refused.
    """
    return LOOPBACK_NAMES if is_loopback(settings.host) else ()


class Gatekeeping:
    """ASGI middleware: refuses whom the proxy in front does not bring, unknown host names and sockets of foreign pages,
    adds the security headers to every HTTP answer.
    """

    def __init__(
        self, app: ASGIApp, hosts: Sequence[str] = (), admits: Callable[[str], bool] = lambda address: True
    ) -> None:
        self._app, self._hosts, self._admits = app, frozenset(hosts), admits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket") and not self._admits((scope.get("client") or ("", 0))[0]):
            refusal = PlainTextResponse("This console is open through its proxy only.", status_code=403)
            return await refusal(scope, receive, send)
        if scope["type"] in ("http", "websocket") and not self._answers_to(Headers(scope=scope).get("host", "")):
            refusal = PlainTextResponse(
                "This console answers on loopback only: open it at http://127.0.0.1.", status_code=421
            )
            return await refusal(scope, receive, send)
        if scope["type"] == "websocket" and not _own_page(Headers(scope=scope)):
            refusal = PlainTextResponse("This socket speaks to the console's own pages only.", status_code=403)
            return await refusal(scope, receive, send)
        return await self._app(scope, receive, _with_headers(send) if scope["type"] == "http" else send)

    def _answers_to(self, host: str) -> bool:
        name = host if host.endswith("]") else host.rpartition(":")[0] or host
        return not self._hosts or name in self._hosts


def _own_page(headers: Headers) -> bool:
    """Whether a socket is opened by a page of ours: what is no browser names no origin. Behind a proxy the name that
    the browser knows us by is the forwarded one, which no page can set.
    """
    origin = headers.get("origin")
    return origin is None or urlsplit(origin).netloc in (headers.get("host"), headers.get("x-forwarded-host"))


def _with_headers(send: Send) -> Send:
    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
        await send(message)

    return sent
