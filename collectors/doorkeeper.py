"""Who may speak to a port of the collector: called by which names, from where, from pages of which origins, as whom."""

from __future__ import annotations

import re
from collections.abc import Mapping

from collectors.credentials import Credentials
from collectors.receivers.reply import Headers, Reply, refused
from models.domain.loopback import is_loopback
from models.door import Door, Exposure

_HOST = re.compile(r"(?P<name>\[[0-9a-f:.]+\]|[^:@/\[\]]+)(:\d+)?")
_ASKED = b"content-type, content-encoding, authorization, traceparent, tracestate, user-agent"


class Doorkeeper:
    """Knows the names of a door, the origins that may send there, and the senders."""

    def __init__(self, door: Door, exposure: Exposure, credentials: Credentials) -> None:
        self._names, self._exposure, self._credentials = door.names, exposure, credentials
        self._hosts = {door.host.lower(), *_listed(door.hosts)}
        self._origins = {origin.rstrip("/") for origin in _listed(door.origins)}

    def sender(self, headers: Mapping[str, str], scope: str, address: str) -> str | None:
        """The name of who sends, None for one on loopback without a name. Raises Refused."""
        return self._credentials.sender(headers.get("authorization"), scope, address, brought(headers))

    def refusal(self, headers: Mapping[str, str], address: str) -> Reply | None:
        """Why a request may not come in: a name that is not ours means that a page elsewhere led a browser here."""
        media = headers.get("content-type", "").partition(";")[0].strip().lower()
        if not self._exposure.admits(address):
            return refused(403, f"{address} is not the proxy in front of this collector: send to that", media)
        host = headers.get("host")
        if host is not None and not self._ours(host):
            return refused(421, f"this collector is not called {host[:80]!r}: name it in {self._names}_HOSTS", media)
        origin = headers.get("origin")
        if origin is not None and not self._allowed(origin):
            sentence = f"pages of {origin[:80]} may not send here: name the origin in TIEOUT_OTLP_ORIGINS"
            return refused(403, sentence, media)
        return None

    def cors(self, headers: Mapping[str, str]) -> Headers:
        """What a browser must hear to let its page send and read the answer."""
        origin = headers.get("origin")
        if origin is None or not self._allowed(origin):
            return []
        return [(b"access-control-allow-origin", origin.encode("latin-1")), (b"vary", b"origin")]

    def preflight(self, headers: Mapping[str, str]) -> Reply | None:
        """The answer to a browser that asks whether its page may send; None for a request that is no such question."""
        if "origin" not in headers or "access-control-request-method" not in headers:
            return None
        allowed = [(b"access-control-allow-methods", b"POST"), (b"access-control-allow-headers", _ASKED)]
        return Reply(204, extra=[*allowed, (b"access-control-max-age", b"7200")])

    def _ours(self, host: str) -> bool:
        found = _HOST.fullmatch(host.lower())
        name = found["name"].strip("[]") if found else ""
        return name in self._hosts or is_loopback(name)

    def _allowed(self, origin: str) -> bool:
        return origin.lower() in self._origins


def brought(headers: Mapping[str, str]) -> bool:
    """Whether a proxy hands this on: then its own address is no proof of where the sender is."""
    return any(name in headers for name in ("x-forwarded-for", "forwarded", "x-real-ip"))


def _listed(names: str) -> set[str]:
    return {name.strip().lower() for name in names.split(",") if name.strip()}
