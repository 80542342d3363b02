"""How far a door of the collector is open, and what that takes: beyond loopback nothing without credentials and TLS."""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

from models.domain.errors import Misconfigured
from models.domain.loopback import is_loopback
from models.senders import SenderBook
from models.settings import Settings


@dataclass(frozen=True, slots=True)
class Tls:
    """The files by which we show who we are, and by whose authority senders show who they are."""

    certificate: Path
    key: Path
    client_ca: Path | None


@dataclass(frozen=True, slots=True)
class Exposure:
    """`tokens` tells whether a sender must show one, `proxies` from which addresses alone connections are taken."""

    tls: Tls | None
    tokens: bool
    proxies: frozenset[str] = frozenset()

    def admits(self, address: str) -> bool:
        """Whether a connection may come from this address."""
        return not self.proxies or address in self.proxies or is_loopback(address)


@dataclass(frozen=True, slots=True)
class Door:
    """A port of the collector as its settings describe it; their names begin with `names`. `hosts` are the names by
    which it is called besides its own, `origins` the pages that may send to it.
    """

    names: str
    host: str
    port: int
    cert: Path | None
    key: Path | None
    client_ca: Path | None
    proxy: str
    hosts: str
    origins: str = ""


def telemetry_door(settings: Settings) -> Door:
    """The port of telemetry and observations."""
    return Door(
        "TIEOUT_OTLP",
        settings.otlp_host,
        settings.otlp_port,
        settings.otlp_cert,
        settings.otlp_key,
        settings.otlp_client_ca,
        settings.otlp_proxy,
        settings.otlp_hosts,
        settings.otlp_origins,
    )


def webhook_door(settings: Settings) -> Door:
    """The port of webhooks, whose senders are known by what they show with each delivery."""
    return Door(
        "TIEOUT_WEBHOOK",
        settings.webhook_host,
        settings.webhook_port,
        settings.webhook_cert,
        settings.webhook_key,
        None,
        settings.webhook_proxy,
        settings.webhook_hosts,
    )


def exposure(settings: Settings) -> Exposure:
    """What the settings make of the door of telemetry. Raises Misconfigured, in a sentence that says what to do."""
    door = telemetry_door(settings)
    known = door.client_ca is not None or SenderBook(settings).any
    senders = "senders (`tieout senders add NAME`, or client certificates with TIEOUT_OTLP_CLIENT_CA)"
    return opened(door, [] if known else [senders])


def opened(door: Door, wanted: Sequence[str] = ()) -> Exposure:
    """What a door's settings make of it; `wanted` is what else it lacks beyond loopback. Raises Misconfigured."""
    tls, proxies = _tls(door), _proxies(door)
    exposed = not is_loopback(door.host) or bool(proxies)
    if exposed:
        _complete(door, tls is not None or bool(proxies), wanted)
    return Exposure(tls, exposed and door.client_ca is None, frozenset() if tls else proxies)


def _complete(door: Door, encrypted: bool, wanted: Sequence[str]) -> None:
    if not encrypted:
        names = door.names
        tls = f"TLS ({names}_CERT and {names}_KEY, or the address of the proxy that ends it in {names}_PROXY)"
        wanted = [tls, *wanted]
    if wanted:
        raise Misconfigured(
            f"{door.names}_HOST={door.host} can be reached from other machines, and anybody could send: "
            f"give it {' and '.join(wanted)}, or listen on 127.0.0.1"
        )


def _tls(door: Door) -> Tls | None:
    certificate, key, client_ca = door.cert, door.key, door.client_ca
    if certificate is None and key is None and client_ca is None:
        return None
    if certificate is None or key is None:
        raise Misconfigured(
            f"TLS needs both {door.names}_CERT and {door.names}_KEY, and TIEOUT_OTLP_CLIENT_CA needs TLS"
        )
    try:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        if client_ca is not None:
            context.load_verify_locations(client_ca)
    except (OSError, ssl.SSLError) as error:
        raise Misconfigured(f"{door.names}_CERT, _KEY or _CLIENT_CA cannot be used for TLS: {error}") from error
    return Tls(certificate, key, client_ca)


def _proxies(door: Door) -> frozenset[str]:
    named = [one.strip() for one in door.proxy.split(",") if one.strip()]
    try:
        return frozenset(str(ip_address(one)) for one in named)
    except ValueError as error:
        raise Misconfigured(f"{door.names}_PROXY takes IP addresses: {error}") from error
