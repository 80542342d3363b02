"""A connected system and how it may be called (S1, S5, S7)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import inf
from typing import Any

from models.catalogue.role import Role
from models.catalogue.webhook import Webhook
from models.domain.errors import Misconfigured

_AMOUNTS = (
    "rate",
    "timeout",
    "backoff_base",
    "backoff_limit",
    "breaker_seconds",
    "snapshot_seconds",
    "sweep_seconds",
    "stale_seconds",
)


@dataclass(frozen=True, slots=True)
class Policy:
    """Throttling and retry of one system in one environment (S7). Rates in calls a second, times in seconds.

    A rate of 0 is no limit, which a systems file cannot ask for. Raises Misconfigured for a count below 1 or for what
    is no amount: either would stop the engine or crash it.
    """

    rate: float = 50.0
    burst: int = 50
    concurrency: int = 8
    timeout: float = 30.0
    attempts: int = 6
    backoff_base: float = 0.5
    backoff_limit: float = 300.0
    breaker_failures: int = 8
    breaker_seconds: float = 15.0
    daily_calls: int = 0
    """Calls a day that the vendor allows, where it does not say so itself; 0 where no limit is known."""
    snapshot_seconds: float = 0.0
    """Between two snapshots, where the system can bear fewer than the installation takes of all."""
    sweep_seconds: float = 300.0
    """Between two readings of everything, where a connector can ask for what changed."""
    stale_seconds: float = 7200.0
    """How old what was read of the system may get before somebody is told."""

    def __post_init__(self) -> None:
        for name in ("burst", "concurrency", "attempts", "breaker_failures"):
            if getattr(self, name) < 1:
                raise Misconfigured(f"policy {name} is {getattr(self, name)}: give 1 or more")
        for name in _AMOUNTS:
            if not 0 <= getattr(self, name) < inf:
                raise Misconfigured(f"policy {name} is {getattr(self, name)}: give a number that is not negative")


@dataclass(frozen=True, slots=True)
class Transport:
    """The way to one system: an HTTP proxy, whom to trust, and who we are to a server that asks for a certificate.

    `proxy` is an address (`http://user:password@proxy:3128`); the others are paths of PEM files, the key unencrypted.
    Empty: no proxy, the authorities that the installation's Python trusts, no certificate of ours.
    """

    proxy: str = field(default="", repr=False)
    ca_bundle: str = ""
    client_certificate: str = ""
    client_key: str = ""


@dataclass(frozen=True, slots=True)
class SystemConfig:
    """One connected system. `name` is unique in the installation and is what records carry as `system`.

    `credentials` maps a credential's name to its value, read from the environment variables that the systems file
    names; it is empty where the catalogue was loaded without an environment, by a process that connects to nothing.
    `options` are vendor settings that are no secret.
    """

    name: str
    vendor: str
    role: Role
    base_url: str
    legal_entities: tuple[str, ...] = ()
    credentials: Mapping[str, str] = field(default_factory=dict, repr=False)
    options: Mapping[str, Any] = field(default_factory=dict)
    policy: Policy = Policy()
    transport: Transport = Transport()
    webhook: Webhook | None = None
