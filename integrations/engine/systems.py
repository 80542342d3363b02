"""The installation as this process can run it: its catalogue, checked against the flows and connectors that are here,
and a connector for each system (S1, S4).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from integrations.connectors.directory import Maker, connector_of, vendors
from integrations.contracts.connector import Connector, SystemConfig
from integrations.endpoints.endpoint import EndpointConnector
from integrations.flows import flows
from models.catalogue import Catalogue, load_catalogue
from models.domain.clock import Clock
from models.domain.errors import Misconfigured
from models.settings import Settings


def installed(settings: Settings, environment: Mapping[str, str]) -> Catalogue:
    """The catalogue with every system ready to connect. Raises Misconfigured with all its faults in one message."""
    return load_catalogue(settings, environment, {flow.name for flow in flows()}, vendors())


def connect(systems: Sequence[SystemConfig], clock: Clock) -> dict[str, Connector]:
    """A connector for each system, by system name. Raises Misconfigured for a vendor without a connector, or for
    webhooks that a connector cannot read.
    """
    return {system.name: _hooked(_maker(system)(system, clock)) for system in systems}


def connected(catalogue: Catalogue, clock: Clock) -> dict[str, Connector]:
    """A connector for each system and each endpoint of an installation, by its name; raises what `connect` does."""
    endpoints = {one.system.name: EndpointConnector(one, clock) for one in catalogue.endpoints.values()}
    return {**connect(catalogue.systems, clock), **endpoints}


def _hooked(connector: Connector) -> Connector:
    system = connector.config
    if system.webhook is not None and not hasattr(connector, "named"):
        raise Misconfigured(
            f"system {system.name}: the connector of {system.vendor} declares no webhooks: "
            "take [system.webhook] out of the systems file, the system is polled"
        )
    return connector


def _maker(system: SystemConfig) -> Maker:
    try:
        return connector_of(system.vendor)
    except Misconfigured as error:
        raise Misconfigured(f"system {system.name}: {error}") from error
