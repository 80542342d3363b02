"""Message brokers by which events come in and go out, as the catalogue's file says it (E11, E12, S6)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from models.catalogue.entries import BrokerEntry, Unheard
from models.catalogue.files import SYSTEMS, Files


@dataclass(frozen=True, slots=True)
class Broker:
    """A broker that speaks AMQP 0-9-1. `url` names the environment variable that holds its addresses, with user and
    password: amqps://user:password@host:5671/virtual-host, several of one cluster apart by blanks.

    From `queue` come events of these `sources` (systems by whose name a CloudEvents source begins), at most `prefetch`
    of them unanswered and of `body_bytes` each; empty: nothing comes in. To `exchange` go the events that were
    admitted, with labour rates and pay in them only with `rates`; what no queue there hears is dropped, or kept for
    somebody to send again; empty: nothing goes out. The others are paths of PEM files: whom to trust in place of the
    authorities of this Python, and who we are.
    """

    name: str
    url: str
    queue: str = ""
    sources: tuple[str, ...] = ()
    prefetch: int = 200
    body_bytes: int = 1 << 20
    exchange: str = ""
    unheard: Unheard = "drop"
    rates: bool = False
    ca_bundle: str = ""
    client_certificate: str = ""
    client_key: str = ""


def brokers_of(files: Files) -> tuple[Broker, ...]:
    """Every broker, in the order of the file."""
    return tuple(_broker(entry) for entry in files.values("brokers.toml"))


def named_like_a_system(files: Files) -> Iterator[str]:
    """Brokers that bear a system's name: dead letters of the two could not be told apart."""
    systems = files.keys(SYSTEMS)
    for one in files.written["brokers.toml"]:
        if one.key in systems:
            yield f"{one.path}: broker {one.key}: a system has this name too: give the broker another"


def _broker(entry: BrokerEntry) -> Broker:
    return Broker(
        name=entry.name,
        url=entry.url,
        queue=entry.queue,
        sources=tuple(entry.sources),
        prefetch=entry.prefetch,
        body_bytes=entry.body_kib << 10,
        exchange=entry.exchange,
        unheard=entry.unheard,
        rates=entry.rates,
        ca_bundle=entry.ca_bundle,
        client_certificate=entry.client_certificate,
        client_key=entry.client_key,
    )
