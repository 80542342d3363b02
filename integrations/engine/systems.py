"""A connector for each system of the catalogue (S1, S4)."""

from __future__ import annotations

from collections.abc import Sequence

from integrations.connectors.directory import Maker, connector_of
from integrations.contracts.connector import Connector, SystemConfig
from models.domain.clock import Clock
from models.domain.errors import Misconfigured


def connect(systems: Sequence[SystemConfig], clock: Clock) -> dict[str, Connector]:
    """A connector for each system, by system name. Raises Misconfigured for a vendor without a connector."""
    return {system.name: _maker(system)(system, clock) for system in systems}


def _maker(system: SystemConfig) -> Maker:
    try:
        return connector_of(system.vendor)
    except Misconfigured as error:
        raise Misconfigured(f"system {system.name}: {error}") from error
