"""The connected systems: who plays which role for which legal entity (S4, S5)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from integrations.contracts.connector import Connector, Role


class Landscape:
    """Connectors by system name and by role. A system without legal entities serves all of them."""

    def __init__(self, connectors: Mapping[str, Connector] | Iterable[Connector]) -> None:
        given = connectors.values() if isinstance(connectors, Mapping) else connectors
        self.connectors: dict[str, Connector] = {connector.config.name: connector for connector in given}
        self._played: dict[tuple[Role, str | None], str | None] = {}

    def system_of(self, role: Role, legal_entity: str | None) -> str:
        """The system that plays `role` for a legal entity; one named for it beats one that serves all.

        Without a legal entity only a role played by a single system is clear. Raises KeyError when no system plays it.
        """
        asked = (Role(role), legal_entity)
        if asked not in self._played:
            self._played[asked] = self._search(*asked)
        found = self._played[asked]
        if found is None:
            raise KeyError(
                f"no system plays {asked[0].value} for legal entity {legal_entity or '(unknown)'}: add one to the systems file"
            )
        return found

    def _search(self, role: Role, legal_entity: str | None) -> str | None:
        players = [connector.config for connector in self.connectors.values() if connector.config.role is role]
        named = [config.name for config in players if legal_entity in config.legal_entities]
        general = [config.name for config in players if not config.legal_entities]
        if named or general:
            return (named + general)[0]
        return players[0].name if legal_entity is None and len(players) == 1 else None
