"""The way back from sign-in: to the page that was asked for, or with the reason why nobody is signed in (G1).

Streamlit's own routes go back to the first page and tell what went wrong to the log alone.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from http.cookies import SimpleCookie
from urllib.parse import parse_qs, quote, unquote, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

PLACE, TROUBLE = "tieout_place", "tieout_trouble"
"""Cookies: the page to come back to, and what became of the attempt."""
SECONDS = 900

UNREACHABLE, UNCONFIRMED = "unreachable", "unconfirmed"
_SIGNED_IN = re.compile(r"_streamlit_user=[^;\s]")
_CODE = re.compile(r"[a-z_]{1,40}")


class Returning:
    """ASGI middleware around the routes `auth/login` and `oauth2callback`; `base` is the console's path on its host."""

    def __init__(self, app: ASGIApp, base: str = "/") -> None:
        self._app, self._base = app, base

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = str(scope.get("path", ""))
        if scope["type"] == "http" and path.endswith("/auth/login"):
            send = _Leaving(send, self._base, Headers(scope=scope))
        elif scope["type"] == "http" and path.endswith("/oauth2callback"):
            send = _Coming(send, self._base, Headers(scope=scope), parse_qs(scope["query_string"].decode("latin-1")))
        await self._app(scope, receive, send)


class _Answering(ABC):
    """Sends what the route answers, once `_changed` has had its headers."""

    def __init__(self, send: Send, base: str, headers: Headers) -> None:
        self._send, self._base, self._headers, self._emptied = send, base, headers, False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._changed(message, MutableHeaders(scope=message))
        elif self._emptied:
            message = {**message, "body": b""}
        await self._send(message)

    @abstractmethod
    def _changed(self, message: Message, headers: MutableHeaders) -> None:
        """Make of the route's answer what the person needs."""

    def _told(self, headers: MutableHeaders, name: str, value: str, seconds: int = SECONDS) -> None:
        headers.append(
            "set-cookie", f"{name}={quote(value)}; Path={self._base}; Max-Age={seconds}; HttpOnly; SameSite=Lax"
        )


class _Leaving(_Answering):
    """On the way to the provider: keeps where the person was."""

    def _changed(self, message: Message, headers: MutableHeaders) -> None:
        came = urlsplit(self._headers.get("referer", ""))
        if came.netloc == self._headers.get("host") or came.netloc == self._headers.get("x-forwarded-host"):
            self._told(headers, PLACE, came.path + (f"?{came.query}" if came.query else ""))
        if message["status"] >= 400:
            message["status"], self._emptied = 302, True
            headers["location"], headers["content-length"] = self._base, "0"
            self._told(headers, TROUBLE, UNREACHABLE)


class _Coming(_Answering):
    """On the way back from it."""

    def __init__(self, send: Send, base: str, headers: Headers, query: Mapping[str, list[str]]) -> None:
        super().__init__(send, base, headers)
        self._query = query

    def _changed(self, message: Message, headers: MutableHeaders) -> None:
        if any(_SIGNED_IN.match(cookie) for cookie in headers.getlist("set-cookie")):
            headers["location"] = self._place()
            for name in (PLACE, TROUBLE):
                self._told(headers, name, "", 0)
        elif "error" in self._query:
            code = self._query["error"][0]
            self._told(headers, TROUBLE, code if _CODE.fullmatch(code) else UNCONFIRMED, 60)
        elif "code" in self._query:
            self._told(headers, TROUBLE, UNCONFIRMED, 60)

    def _place(self) -> str:
        """A page of this console; the first one where none is known."""
        kept = SimpleCookie(self._headers.get("cookie", "")).get(PLACE)
        place = unquote(kept.value) if kept else ""
        of_ours = place.startswith(self._base) and not place.startswith("//") and "\\" not in place
        return place if of_ours and place.isprintable() else self._base


def explained(code: str) -> str:
    """Why nobody is signed in, and what to do; empty where nothing went wrong."""
    if not code:
        return ""
    known = {
        UNREACHABLE: "The identity provider could not be reached. Try again; if it stays, whoever keeps this console "
        "checks TIEOUT_OIDC_METADATA_URL and the console's log.",
        UNCONFIRMED: "The identity provider's answer could not be confirmed. Sign in again; if it stays, whoever keeps "
        "this console checks TIEOUT_OIDC_CLIENT_SECRET and the console's log.",
        "access_denied": "The identity provider let nobody in, or you stopped there. Sign in again, or ask whoever "
        "keeps it to let you use Tieout.",
        "temporarily_unavailable": "The identity provider is too busy to answer. Try again in a minute.",
        "server_error": "The identity provider failed. Try again in a minute.",
    }
    return known.get(
        code,
        f"The identity provider answered {code}, which is about how Tieout is set up there: whoever keeps this console "
        "finds its words in the console's log.",
    )
