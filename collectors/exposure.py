"""How far the collector's door is open, and what that takes: beyond loopback nothing without credentials and TLS."""

from __future__ import annotations

import ssl
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


def exposure(settings: Settings) -> Exposure:
    """What the settings make of the door. Raises Misconfigured, in a sentence that says what to do."""
    tls = _tls(settings)
    proxies = _proxies(settings)
    exposed = not is_loopback(settings.otlp_host) or bool(proxies)
    if exposed:
        _complete(settings, tls is not None or bool(proxies))
    reachable = frozenset() if tls else proxies
    return Exposure(tls, exposed and settings.otlp_client_ca is None, reachable)


def _complete(settings: Settings, encrypted: bool) -> None:
    wanted = []
    if not encrypted:
        wanted.append(
            "TLS (TIEOUT_OTLP_CERT and TIEOUT_OTLP_KEY, or the address of the proxy that ends it in TIEOUT_OTLP_PROXY)"
        )
    if settings.otlp_client_ca is None and not SenderBook(settings).any:
        wanted.append("senders (`tieout senders add NAME`, or client certificates with TIEOUT_OTLP_CLIENT_CA)")
    if wanted:
        raise Misconfigured(
            f"TIEOUT_OTLP_HOST={settings.otlp_host} can be reached from other machines, and anybody could send: "
            f"give it {' and '.join(wanted)}, or listen on 127.0.0.1"
        )


def _tls(settings: Settings) -> Tls | None:
    certificate, key, client_ca = settings.otlp_cert, settings.otlp_key, settings.otlp_client_ca
    if certificate is None and key is None and client_ca is None:
        return None
    if certificate is None or key is None:
        raise Misconfigured("TLS needs both TIEOUT_OTLP_CERT and TIEOUT_OTLP_KEY, and TIEOUT_OTLP_CLIENT_CA needs TLS")
    try:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        if client_ca is not None:
            context.load_verify_locations(client_ca)
    except (OSError, ssl.SSLError) as error:
        raise Misconfigured(f"TIEOUT_OTLP_CERT, _KEY or _CLIENT_CA cannot be used for TLS: {error}") from error
    return Tls(certificate, key, client_ca)


def _proxies(settings: Settings) -> frozenset[str]:
    named = [one.strip() for one in settings.otlp_proxy.split(",") if one.strip()]
    try:
        return frozenset(str(ip_address(one)) for one in named)
    except ValueError as error:
        raise Misconfigured(f"TIEOUT_OTLP_PROXY takes IP addresses: {error}") from error
