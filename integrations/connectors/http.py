"""The one HTTP client of all connectors: what is the same for every vendor, and nothing a vendor may differ in.

It runs on httpcore, the connection layer of httpx, which brings proxies and TLS (`transport`): billing on
httpx's own client took a quarter more processor time, since a PSA that takes sync results one by one makes such calls
by the hundred a second.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import httpcore
import orjson
from opentelemetry.propagate import inject

from integrations.connectors.bearer import Bearer
from integrations.connectors.reply import Reply, words_of
from integrations.connectors.transport import certificate_fault, pool_of, secret_of
from integrations.contracts.connector import SystemConfig
from integrations.contracts.metering import TALLY, before_call
from models.domain.clock import Clock
from models.domain.errors import Misconfigured, OutcomeUnknown, RateLimited, Retriable, TieoutError, Unmappable

NOT_SENT = (httpcore.ConnectError, httpcore.ConnectTimeout, httpcore.PoolTimeout)
MAYBE_SENT = (httpcore.TimeoutException, httpcore.NetworkError, httpcore.RemoteProtocolError)
LONGEST_WAIT = timedelta(days=2)


class HttpClient:
    """Calls one system: trace context, time limits, one re-authentication, faults named by what happens next.
    Thread-safe.

    A call that writes names its `key`; when its answer never comes the error is OutcomeUnknown(key), for a call that
    reads it is Retriable. Time limits in seconds.
    """

    def __init__(self, config: SystemConfig, clock: Clock, bearer: Bearer | None = None) -> None:
        address = urlsplit(config.base_url)
        if address.scheme not in ("http", "https") or not address.hostname:
            raise Misconfigured(
                f"{config.name}: base_url {config.base_url!r} is no address: give e.g. https://host/path"
            )
        self.config, self._clock, self._bearer = config, clock, bearer
        self._prefix, self._origin = address.path.rstrip("/"), f"{address.scheme}://{address.netloc}"
        self._pool = pool_of(config)
        seconds = config.policy.timeout
        self._extensions = {
            "timeout": {"connect": min(seconds, 5.0), "read": seconds, "write": seconds, "pool": seconds}
        }
        guarded = (*config.credentials.values(), secret_of(config))
        self._secrets = tuple(value for value in guarded if len(value) > 3)

    def read(
        self, path: str, query: Mapping[str, Any] | None = None, headers: Mapping[str, str] | None = None
    ) -> Reply:
        """A GET that may be repeated at will."""
        return self.call("GET", path, query=query, headers=headers)

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        query: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        key: str | None = None,
    ) -> Reply:
        """One call; `body` is bytes, or something to send as JSON (Decimals as exact numbers)."""
        token = self._bearer.token() if self._bearer else None
        reply = self._once(method, path, body, query, headers, key, token)
        if reply.status == 401 and self._bearer:
            reply = self._once(method, path, body, query, headers, key, self._bearer.token(refused=token))
        return reply

    def local(self, link: str) -> str:
        """The path, below this system's base address, of a link that the vendor sent; its host is never trusted.

        Raises Unmappable for a link that is no path: added to our host's name it would name another.
        """
        parts = urlsplit(link)
        path = parts.path.removeprefix(self._prefix) if self._prefix else parts.path
        if not path.startswith("/"):
            raise Unmappable(
                f"{self.config.name} sent a link that is no path on its host: {self.clean(link)[:200]!r}",
                "link",
                code="bad-payload",
            )
        return f"{path}?{parts.query}" if parts.query else path

    def fault(self, reply: Reply, said: str, *, key: str | None = None, again: bool = True) -> TieoutError | None:
        """The error for the statuses that mean the same everywhere, or None where only the vendor's code can say.

        `again` says that the call may be repeated without harm; a write (`key`) that may not is in doubt after a 5xx.
        """
        about = f"{self.config.name} answered {reply.status}: {self.clean(words_of(said))[:500]}"
        if reply.status == 429:
            return RateLimited(f"{about}; wait before the next call", self.wait_until(reply))
        if reply.status == 407:
            return Misconfigured(f"{about}; check the user of transport.proxy of {self.config.name}")
        if reply.status == 401:
            return Misconfigured(
                f"{about}; check the credentials of {self.config.name} ({', '.join(self.config.credentials) or 'none'})"
            )
        if reply.status >= 500 and reply.status != 503 and key is not None and not again:
            return OutcomeUnknown(f"{about}; the write may have happened", key)
        if reply.status >= 500 or reply.status == 408:
            return Retriable(about)
        return None

    def wait_until(self, reply: Reply, default: float = 1.0) -> datetime:
        """When to call again: Retry-After in seconds or as a date, X-Retry-After in epoch milliseconds; else in
        `default` seconds.

        Moments are taken relative to the server's own Date header, since its clock need not be ours.
        """
        now = self._clock.now()
        return now + max(timedelta(0), min(reply.delay(now, default), LONGEST_WAIT))

    def clean(self, text: str) -> str:
        """A text without any credential of this system in it (G3)."""
        for secret in (*self._secrets, self._bearer.held if self._bearer else ""):
            text = text.replace(secret, "•••") if secret else text
        return text

    def close(self) -> None:
        self._pool.close()

    def __repr__(self) -> str:
        return f"HttpClient({self.config.name!r}, {self._origin + self._prefix!r})"

    def _once(
        self,
        method: str,
        path: str,
        body: Any,
        query: Mapping[str, Any] | None,
        headers: Mapping[str, str] | None,
        key: str | None,
        token: str | None,
    ) -> Reply:
        before_call()
        TALLY.add(self.config.name)
        sent: dict[str, str] = {"accept": "application/json", "user-agent": "tieout"}
        content = body if body is None or isinstance(body, bytes) else _packed(body)
        if content is not None:
            sent["content-type"] = "application/json"
            sent["content-length"] = str(len(content))
        elif method != "GET":
            sent["content-length"] = "0"
        if token:
            sent["authorization"] = f"Bearer {token}"
        inject(sent)
        sent.update(headers or {})
        sent["host"] = urlsplit(self._origin).netloc
        url = (
            self._origin
            + self._prefix
            + quote(path, safe="/?&=:%,!+")
            + (("&" if "?" in path else "?") + urlencode(query) if query else "")
        )
        try:
            answer = self._pool.request(
                method, url, headers=list(sent.items()), content=content, extensions=self._extensions
            )
        except NOT_SENT as error:
            raise certificate_fault(self.config, error) or Retriable(
                f"{self.config.name} cannot be reached at {self._origin} ({type(error).__name__}): is it up?"
            ) from error
        except MAYBE_SENT as error:
            raise certificate_fault(self.config, error) or self._lost(method, path, key, error) from error
        except httpcore.ProxyError as error:
            raise self._blocked(error) from error
        except (httpcore.UnsupportedProtocol, httpcore.ProtocolError) as error:
            raise Misconfigured(
                f"{self.config.name}: the call {method} {path} could not be made: {self.clean(str(error))}"
            ) from error
        reply = Reply.of(answer)
        if (quota := reply.quota) is not None:
            TALLY.told(self.config.name, *quota)
        return reply

    def _blocked(self, error: httpcore.ProxyError) -> TieoutError:
        """A proxy that opened no tunnel: nothing was sent. Refusing us needs a person, anything else may pass."""
        about = f"the proxy on the way to {self.config.name} opened no connection: {self.clean(str(error))}"
        refused = str(error).startswith(("401", "403", "407"))
        return Misconfigured(f"{about}; check transport.proxy") if refused else Retriable(about)

    def _lost(self, method: str, path: str, key: str | None, error: Exception) -> TieoutError:
        about = f"{self.config.name} gave no answer to {method} {self.clean(path)} ({type(error).__name__})"
        return Retriable(about) if key is None else OutcomeUnknown(f"{about}; the write may have happened", key)


def _packed(body: Any) -> bytes:
    try:
        return orjson.dumps(body, default=_number)
    except TypeError as error:
        raise Unmappable(f"the change cannot be written as JSON: {error}", "body", code="unmappable") from error


def _number(value: object) -> Any:
    if isinstance(value, Decimal):
        return orjson.Fragment(format(value, "f"))
    raise TypeError(f"{type(value).__name__} cannot be sent as JSON")
