"""Where flows of a rule are run again: the endpoint that their owner has registered (C9)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from urllib.parse import SplitResult, urlsplit

from models.catalogue.connecting import Connecting
from models.catalogue.entries import ReplayEntry, SystemEntry
from models.catalogue.files import Files, Written
from models.catalogue.system import SystemConfig
from models.domain.loopback import is_loopback
from models.signed_webhook import keys_of

VENDOR = ROLE = "endpoint"
GENTLE = {"rate": 5.0, "burst": 5, "concurrency": 2, "timeout": 10.0}
"""How an engine is asked where its owner says nothing: it runs a flow for each call."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where what a rule's flows failed at is sent to be run again. `system` is how it is called: gate, circuit and
    secret are those of any connected system. `preview` is an address of the same host, empty where it offers none;
    within so many seconds a success is to be heard of, by default the service level of the flow.
    """

    rule: str
    system: SystemConfig
    preview: str = ""
    within: float | None = None


def system_of(rule: str) -> str:
    """What records, circuits and cases call the endpoint of a rule."""
    return f"{rule}/replay"


def endpoints_of(files: Files, connecting: Connecting) -> dict[str, Endpoint]:
    """The endpoint of each rule that is switched on and has one; what is wrong is added to the faults of
    `connecting`.
    """
    written = [one for one in files.written["rules.toml"] if one.value is not None and one.value.replay]
    return {one.key: _endpoint(one, one.value.replay, connecting) for one in written if one.value.active}


def _endpoint(written: Written, said: ReplayEntry, connecting: Connecting) -> Endpoint:
    entry = SystemEntry(
        name=system_of(written.key),
        vendor=VENDOR,
        role=ROLE,
        base_url=said.url,
        credentials={"secret": said.secret},
        options={"preview": said.preview},
        policy={**GENTLE, **said.policy},
        transport=said.transport,
    )
    system = connecting.system(replace(written, value=entry))
    preview = str(system.options["preview"])
    unfit = [*_unfit(system, preview), *_unsigned(said.secret, system.credentials.get("secret"))]
    connecting.faults += [f"{written.path}: rule {written.key}: replay: {words}" for words in unfit]
    within = said.within_minutes * 60 if said.within_minutes else None
    return Endpoint(written.key, system, preview, within)


def _unfit(system: SystemConfig, preview: str) -> Iterator[str]:
    """What is wrong with the addresses once variables have their values: what is signed goes over TLS, or stays on this
    machine, and to one host alone.
    """
    if "${" in system.base_url + preview:
        return
    url, other = urlsplit(system.base_url), urlsplit(preview)
    for name, one in {"url": url, **({"preview": other} if preview else {})}.items():
        if one.scheme != "https" and not (one.scheme == "http" and is_loopback(one.hostname)):
            yield f"{name} must begin with https://, or with http:// on this machine"
        if one.username or one.password:
            yield f"{name} holds credentials: leave them out, each call is signed with the secret"
    if preview and _host(url) != _host(other):
        yield f"preview must be on {url.hostname}, too: what is signed for one host is for no other"


def _unsigned(variable: str, secret: str | None) -> Iterator[str]:
    """What is wrong with the secret, where the environment is known."""
    if secret:
        try:
            keys_of(secret, variable)
        except ValueError as error:
            yield str(error)


def _host(address: SplitResult) -> tuple[str, str | None, int | None]:
    return address.scheme, address.hostname, address.port


def endpoint_of(endpoints: Mapping[str, Endpoint], flow: str) -> Endpoint | None:
    """The endpoint that runs a flow again; None for a flow of ours, and where none is registered."""
    return endpoints.get(flow.partition("/")[0]) if "/" in flow else None
