"""Who sends: a sender by its token, an engine by the key of the installation, on loopback anybody."""

from __future__ import annotations

import hmac
import threading
from collections.abc import Mapping
from datetime import datetime

from collectors.receivers.reply import Reply, refused
from models.domain.clock import Clock
from models.domain.errors import Misconfigured
from models.domain.signature import bearer
from models.senders import SenderBook

ENGINE = "engine"
_BURST_SECONDS = 10.0


class Refused(Exception):
    """Why a request may not come in."""

    def __init__(self, status: int, sentence: str, retry_after: int | None = None) -> None:
        super().__init__(sentence)
        self.status, self.sentence, self.retry_after = status, sentence, retry_after

    def reply(self, media: str) -> Reply:
        """The same over HTTP."""
        made = refused(self.status, self.sentence, media, self.retry_after)
        if self.status != 401:
            return made
        return Reply(made.status, made.content, made.media, [*made.extra, (b"www-authenticate", b"Bearer")])


class Credentials:
    """Knows senders by what they show. `required` is whether one must show something, `rate` how many requests a second
    one sender may send, 0 for any number. Methods may be called from several threads.
    """

    def __init__(self, book: SenderBook, key: bytes, clock: Clock, required: bool, rate: float = 0.0) -> None:
        self._book, self._engine, self._clock = book, bearer(key), clock
        self._required, self._rate = required, rate
        self._lock = threading.Lock()
        self._seen: dict[str, datetime] = {}
        self._left: dict[str, tuple[datetime, float]] = {}

    def sender(self, authorization: str | None, scope: str, address: str, brought: bool = False) -> str | None:
        """The sender's name, None for one on loopback without a name; one that a proxy brought needs one. Raises
        Refused.
        """
        name = self._named(authorization, scope)
        if name is None and brought and not self._required:
            raise Refused(
                401,
                "this came through a proxy, so from another machine: name the proxy in TIEOUT_OTLP_PROXY and send the "
                "token of a sender (`tieout senders add`)",
            )
        if name is None and self._required:
            raise Refused(401, "send the token of a sender: authorization: Bearer … (`tieout senders add`)")
        if name != ENGINE:
            self._pace(name or address)
        return name

    def keep_seen(self) -> None:
        """Put on record when senders were last heard."""
        with self._lock:
            seen, self._seen = self._seen, {}
        if seen:
            self._book.seen(seen)

    def _named(self, authorization: str | None, scope: str) -> str | None:
        if authorization is None:
            return None
        kind, _, token = authorization.strip().partition(" ")
        if kind.lower() != "bearer" or not token:
            raise Refused(401, "the authorization must be: Bearer <token of a sender>")
        if hmac.compare_digest(token.strip().encode(), self._engine.encode()):
            return ENGINE
        try:
            found = self._book.of(token.strip())
        except Misconfigured as error:
            raise Refused(503, str(error), 5) from error
        if found is None:
            raise Refused(401, "no sender has this token, or it was revoked (`tieout senders list`)")
        if scope not in found.scopes:
            raise Refused(403, f"the sender {found.name} may send {', '.join(found.scopes)}, not {scope}")
        with self._lock:
            self._seen[found.name] = self._clock.now()
        return found.name

    def _pace(self, sender: str) -> None:
        """A bucket of ten seconds' requests for each sender."""
        if not self._rate:
            return
        now, most = self._clock.now(), self._rate * _BURST_SECONDS
        with self._lock:
            before, left = self._left.get(sender, (now, most))
            left = min(most, left + self._rate * max(0.0, (now - before).total_seconds()))
            self._left[sender] = (now, left - 1 if left >= 1 else left)
            if len(self._left) > 10_000:
                self._left.clear()
        if left < 1:
            raise Refused(429, f"more than {self._rate:g} requests a second: wait, or send larger batches", 1)


def scope_of(path: str) -> str:
    """What a request to a path is for, in the words of a sender's scopes."""
    scopes: Mapping[str, str] = {"/v1/traces": "traces", "/v1/logs": "logs"}
    return scopes.get(path, "events")
