"""What every answer of the console carries, and which host names it answers to (G1)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from models.domain.errors import Misconfigured
from models.settings import Settings

POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self' {sockets} data: blob:; "
    "worker-src 'self' blob:; "
    "object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
)
HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=(), payment=()",
    "cross-origin-opener-policy": "same-origin",
}
LOOPBACK_NAMES = ("127.0.0.1", "localhost", "[::1]")
_NAME = re.compile(r"[a-z0-9._-]+|\[[0-9a-f:.]+\]")
_EVERYWHERE = ("0.0.0.0", "::")


@dataclass(frozen=True, slots=True)
class Names:
    """What a console is called: `hosts` by those who ask it, `sockets` by its pages, as sources of a content policy.

    A page on the web that points its own name at this machine (DNS rebinding) is thereby refused.
    """

    hosts: frozenset[str]
    sockets: tuple[str, ...]


def names_of(settings: Settings) -> Names:
    """Those of loopback, of the address where it listens, and of the addresses that the settings say people open.

    Raises Misconfigured for one of these that is no address.
    """
    scheme, port = "wss" if settings.console_cert else "ws", settings.console_port
    listens = () if settings.host in _EVERYWHERE else (_bracketed(settings.host.lower()),)
    told = {"TIEOUT_CONSOLE_URL": settings.console_url, "TIEOUT_OIDC_REDIRECT_URL": settings.oidc_redirect_url}
    opened = [_opened(setting, url) for setting, url in told.items() if url]
    here = dict.fromkeys((*LOOPBACK_NAMES, *listens))
    sockets = (f"{scheme}://{name}:{port}" for name in here if "[" not in name)  # a policy knows no IPv6 addresses
    return Names(
        frozenset((*here, *(name for name, _ in opened))),
        tuple(dict.fromkeys((*sockets, *(socket for name, socket in opened if "[" not in name)))),
    )


def _opened(setting: str, url: str) -> tuple[str, str]:
    """The name in an address as a browser sends it, and where its pages' sockets go."""
    try:
        parts = urlsplit(url)
        name, port = _bracketed((parts.hostname or "").encode("idna").decode()), parts.port
    except ValueError:
        parts, name, port = urlsplit(""), "", None
    if parts.scheme not in ("http", "https") or not _NAME.fullmatch(name):
        raise Misconfigured(f"{setting} is {url!r}: give the address as people open it, e.g. https://console.example")
    return name, f"{'wss' if parts.scheme == 'https' else 'ws'}://{name}{f':{port}' if port else ''}"


class Gatekeeping:
    """ASGI middleware: refuses whom the proxy in front does not bring, unknown host names and sockets of foreign pages,
    adds the security headers to every HTTP answer. `proxied` tells that nobody but a proxy reaches this port from
    elsewhere: it may call us by a name of its own, and say in X-Forwarded-Host by which it was called.
    """

    def __init__(
        self, app: ASGIApp, names: Names, admits: Callable[[str], bool] = lambda address: True, proxied: bool = False
    ) -> None:
        self._app, self._hosts, self._admits, self._proxied = app, names.hosts, admits, proxied
        self._headers = {**HEADERS, "content-security-policy": POLICY.format(sockets=" ".join(names.sockets))}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            return await self._app(scope, receive, send)
        headers = Headers(scope=scope)
        if not self._admits((scope.get("client") or ("", 0))[0]):
            refusal = PlainTextResponse("This console is open through its proxy only.", status_code=403)
            return await refusal(scope, receive, send)
        if not self._answers_to(headers, (scope.get("server") or ("", 0))[0]):
            refusal = PlainTextResponse(
                "This console answers to its own names only: on its machine http://127.0.0.1, elsewhere those of "
                "TIEOUT_OIDC_REDIRECT_URL and TIEOUT_CONSOLE_URL.",
                status_code=421,
            )
            return await refusal(scope, receive, send)
        if scope["type"] == "websocket" and not _own_page(headers):
            refusal = PlainTextResponse("This socket speaks to the console's own pages only.", status_code=403)
            return await refusal(scope, receive, send)
        return await self._app(scope, receive, self._with_headers(send) if scope["type"] == "http" else send)

    def _answers_to(self, headers: Headers, reached: str) -> bool:
        """Whether we are called by a name of ours, or by the address at which we were reached, which nobody rebinds."""
        host = headers.get("host")
        if host is None:  # a load balancer's probe in HTTP/1.0: a browser never leaves it out
            return True
        if _name(host) in self._hosts or _name(host) == _bracketed(reached):
            return True
        return self._proxied and _name(headers.get("x-forwarded-host", "").partition(",")[0].strip()) in self._hosts

    def _with_headers(self, send: Send) -> Send:
        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
            await send(message)

        return sent


def _name(host: str) -> str:
    """A Host without its port."""
    return (host if host.endswith("]") else host.rpartition(":")[0] or host).lower()


def _bracketed(name: str) -> str:
    return f"[{name}]" if ":" in name else name


def _own_page(headers: Headers) -> bool:
    """Whether a socket is opened by a page of ours: what is no browser names no origin. Behind a proxy the name that
    the browser knows us by is the forwarded one, which no page can set.
    """
    origin = headers.get("origin")
    return origin is None or urlsplit(origin).netloc in (headers.get("host"), headers.get("x-forwarded-host"))
