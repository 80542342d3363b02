"""How far a port of ours is open, and what that takes: beyond loopback nothing without TLS and what else is wanted."""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

from models.domain.errors import Misconfigured
from models.domain.loopback import is_loopback
from models.settings import Settings


@dataclass(frozen=True, slots=True)
class Tls:
    """The files by which we show who we are, and by whose authority others show who they are."""

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
    """A port as its settings describe it; their names begin with `names`, that of its address is `listens` where it is
    another word. `hosts` are the names by which it is called besides its own, `origins` the pages that may send to it.
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
    listens: str = ""


def opened(door: Door, wanted: Sequence[str] = ()) -> Exposure:
    """What a door's settings make of it; `wanted` is what else it lacks beyond loopback. Raises Misconfigured."""
    tls, proxies = _tls(door), _proxies(door)
    exposed = not is_loopback(door.host) or bool(proxies)
    if exposed:
        _complete(door, tls is not None or bool(proxies), wanted)
    return Exposure(tls, exposed and door.client_ca is None, frozenset() if tls else proxies)


def console_exposure(settings: Settings, host: str | None) -> Exposure:
    """What the settings make of the console's port, listening at `host`. Raises Misconfigured.

    A proxy on this machine needs no name: it reaches the console at 127.0.0.1, where nobody else does.
    """
    door = Door(
        "TIEOUT_CONSOLE",
        host or "0.0.0.0",  # where none is named Streamlit listens everywhere
        settings.console_port,
        settings.console_cert,
        settings.console_key,
        None,
        settings.console_proxy,
        "",
        listens="TIEOUT_HOST",
    )
    signed_in = "sign-in (TIEOUT_OIDC_METADATA_URL and its companions)"
    found = opened(door, [] if settings.oidc_metadata_url else [signed_in])
    if any(is_loopback(address) for address in found.proxies):
        raise Misconfigured(
            "TIEOUT_CONSOLE_PROXY names this machine: a proxy here reaches the console at 127.0.0.1, so leave "
            "TIEOUT_HOST and TIEOUT_CONSOLE_PROXY unset"
        )
    return found


def unproven() -> ssl.SSLContext:
    """For asking a process of ours on this machine whether it answers: its certificate names the name others call."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def _complete(door: Door, encrypted: bool, wanted: Sequence[str]) -> None:
    if not encrypted:
        names = door.names
        tls = f"TLS ({names}_CERT and {names}_KEY, or the address of the proxy that ends it in {names}_PROXY)"
        wanted = [tls, *wanted]
    if wanted:
        raise Misconfigured(
            f"{door.listens or f'{door.names}_HOST'}={door.host} can be reached from other machines: "
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
