"""The connected systems: who plays which role for which legal entity, owns what there, and says it in which words
(S3, S4, S5, M8).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from integrations.contracts.connector import Connector, Role
from models.domain.ownership import Ownership
from models.domain.value_map import MapBook


class Landscape:
    """Connectors by system name and by role. A system without legal entities serves all of them."""

    def __init__(
        self,
        connectors: Mapping[str, Connector] | Iterable[Connector],
        ownership: Ownership = Ownership(),
        words: MapBook = MapBook(),
    ) -> None:
        self.ownership, self.words = ownership, words
        given = connectors.values() if isinstance(connectors, Mapping) else connectors
        self.connectors: dict[str, Connector] = {connector.config.name: connector for connector in given}
        self._roles = tuple(dict.fromkeys(connector.config.role for connector in self.connectors.values()))
        self._players: dict[tuple[str, str | None], str | None] = {}
        self._played: dict[str | None, dict[Role, str]] = {}

    def system_of(self, role: str, legal_entity: str | None) -> str:
        """The system that plays `role` for a legal entity; one named for it beats one that serves all.

        Without a legal entity only a role played by a single system is clear. Raises KeyError when no system plays it.
        """
        asked = (role, legal_entity)
        if asked not in self._players:
            self._players[asked] = self._search(*asked)
        found = self._players[asked]
        if found is None:
            raise KeyError(
                f"no system plays {role} for legal entity {legal_entity or '(unknown)'}: add one to the systems file"
            )
        return found

    def played(self, legal_entity: str | None) -> Mapping[Role, str]:
        """The roles that some system plays for a legal entity, with the system's name."""
        if legal_entity not in self._played:
            found = {role: self._search(role, legal_entity) for role in self._roles}
            self._played[legal_entity] = {role: name for role, name in found.items() if name is not None}
        return self._played[legal_entity]

    def _search(self, role: str, legal_entity: str | None) -> str | None:
        players = [connector.config for connector in self.connectors.values() if connector.config.role == role]
        named = [config.name for config in players if legal_entity in config.legal_entities]
        general = [config.name for config in players if not config.legal_entities]
        if named or general:
            return (named + general)[0]
        return players[0].name if legal_entity is None and len(players) == 1 else None
