"""Where a broker is, and who we are there: from the environment, never shown."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import SplitResult, unquote, urlsplit

from models.catalogue.broker import Broker
from models.domain.errors import Misconfigured
from models.domain.loopback import is_loopback

_PORTS = {"amqp": 5672, "amqps": 5671}


@dataclass(frozen=True, slots=True)
class Reach:
    """One address of a broker; as text its host and port alone."""

    host: str
    port: int
    user: str = field(repr=False)
    password: str = field(repr=False)
    virtual_host: str
    tls: ssl.SSLContext | None = field(repr=False)

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


def reaches(broker: Broker, environment: Mapping[str, str]) -> tuple[Reach, ...]:
    """Every address of a broker. Raises Misconfigured with what to mend; the address itself is never in it."""
    given = environment.get(broker.url, "").split()
    if not given:
        raise Misconfigured(f"broker {broker.name}: set {broker.url} to amqps://user:password@host/virtual-host")
    try:
        return tuple(_reach(broker, urlsplit(one)) for one in given)
    except (OSError, ValueError) as error:
        raise Misconfigured(f"broker {broker.name}: {broker.url} needs mending: {_said(error)}") from error


def _reach(broker: Broker, url: SplitResult) -> Reach:
    if url.scheme not in _PORTS or not url.hostname:
        raise _Fault("give an address that begins with amqps://, or amqp:// on this machine")
    if url.query or url.fragment:
        raise _Fault("an address ends with its virtual host: options are in brokers.toml")
    if url.scheme == "amqp" and not is_loopback(url.hostname):
        raise _Fault("beyond this machine a password goes by amqps:// alone")
    user, password = unquote(url.username or "guest"), unquote(url.password or "guest")
    tls = _tls(broker) if url.scheme == "amqps" else None
    return Reach(url.hostname, url.port or _PORTS[url.scheme], user, password, unquote(url.path[1:]) or "/", tls)


def _tls(broker: Broker) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=broker.ca_bundle or None)
    if broker.client_certificate:
        context.load_cert_chain(broker.client_certificate, broker.client_key)
    return context


class _Fault(ValueError):
    """What we say ourselves."""


def _said(error: Exception) -> str:
    """The fault without what was given: a parser quotes it."""
    if isinstance(error, _Fault):
        return str(error)
    return f"ca_bundle or certificate: {error}" if isinstance(error, OSError) else "it is no address"
