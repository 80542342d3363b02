"""The way to one system: connections of httpcore, through a proxy and with certificates where the systems file says so.

What is built here is handed to the library whole; nothing below a call is our own.
"""

from __future__ import annotations

import ssl
from urllib.parse import unquote, urlsplit

import httpcore

from integrations.contracts.connector import SystemConfig, Transport
from models.domain.errors import Misconfigured

KEPT = 20.0
"""Seconds that an idle connection stays open."""


def pool_of(config: SystemConfig) -> httpcore.ConnectionPool:
    """Connections to one system, at most twice its concurrency.

    Raises Misconfigured naming the setting of `transport` that cannot be used.
    """
    limit = max(2 * config.policy.concurrency, 8)
    guarded = config.base_url.startswith("https:") or config.transport != Transport()
    context = _context(config) if guarded else None  # reading the authorities takes some 20 ms
    if not config.transport.proxy:
        return httpcore.ConnectionPool(
            context, max_connections=limit, max_keepalive_connections=limit, keepalive_expiry=KEPT
        )
    address, user = _proxy(config)
    return httpcore.HTTPProxy(
        address,
        proxy_auth=user,
        ssl_context=context,
        proxy_ssl_context=context if address.startswith("https:") else None,
        max_connections=limit,
        max_keepalive_connections=limit,
        keepalive_expiry=KEPT,
    )


def secret_of(config: SystemConfig) -> str:
    """The proxy's password, empty where there is none; for keeping it out of messages."""
    return unquote(urlsplit(config.transport.proxy).password or "")


def certificate_fault(config: SystemConfig, error: Exception) -> Misconfigured | None:
    """What a failed call says about certificates, theirs or ours; None when it was about something else."""
    cause = error.__cause__ or error.__context__
    if isinstance(cause, ssl.SSLCertVerificationError):
        return Misconfigured(
            f"{config.name} shows a certificate that is not trusted ({cause.verify_message}): "
            "name its authority in transport.ca_bundle"
        )
    if isinstance(cause, ssl.SSLError) and "ALERT" in (cause.reason or ""):
        return Misconfigured(
            f"{config.name} refuses our side of TLS ({cause.reason}): "
            "check transport.client_certificate and transport.client_key"
        )
    return None


def _proxy(config: SystemConfig) -> tuple[str, tuple[str, str] | None]:
    """The proxy's address without its user, and the user."""
    parts = urlsplit(config.transport.proxy)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise Misconfigured(f"{config.name}: transport.proxy is no address: give e.g. http://proxy.example.com:3128")
    user = (unquote(parts.username), unquote(parts.password or "")) if parts.username else None
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}", user


def _context(config: SystemConfig) -> ssl.SSLContext:
    """Whom we trust, and what we show of ourselves. A bundle takes the place of certifi's authorities."""
    given = config.transport
    try:
        context = ssl.create_default_context(cafile=given.ca_bundle) if given.ca_bundle else _certifi()
    except (OSError, ssl.SSLError) as error:
        raise Misconfigured(
            f"{config.name}: transport.ca_bundle {given.ca_bundle} cannot be read: {_why(error)}"
        ) from error
    if given.client_certificate:
        try:
            context.load_cert_chain(given.client_certificate, given.client_key or None, password=lambda: "")
        except (OSError, ssl.SSLError) as error:
            raise Misconfigured(
                f"{config.name}: transport.client_certificate {given.client_certificate} cannot be used with its key: "
                f"{_why(error)}; give PEM files, the key without a password"
            ) from error
    elif given.client_key:
        raise Misconfigured(f"{config.name}: transport.client_key is given without transport.client_certificate")
    return context


def _certifi() -> ssl.SSLContext:
    context: ssl.SSLContext = httpcore.default_ssl_context()
    return context


def _why(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error)
