"""What the steps of a page look up, fetched from the journal a page at a time and remembered for that page only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from integrations.contracts.flow import Need
from integrations.engine.landscape import Landscape
from models.journal.ports.engine import EnginePort


class Lookups:
    """Answers are as of the page's claim or later; None is remembered too. Not shared between threads."""

    def __init__(self, journal: EnginePort, landscape: Landscape) -> None:
        self._journal, self.landscape = journal, landscape
        self._known: dict[tuple[str, str], Mapping[str, Any] | None] = {}
        self._canonical: dict[tuple[str, str, str], str | None] = {}
        self._system: dict[tuple[str, str, str], str | None] = {}
        self._matches: dict[tuple[str, str], Sequence[str]] = {}

    def fetch(self, needs: Iterable[tuple[Need, str | None]]) -> None:
        """Fetch what these steps will ask for (with each run's legal entity), one query for each kind."""
        known: set[tuple[str, str]] = set()
        canonical: set[tuple[str, str, str]] = set()
        system: set[tuple[str, str, str]] = set()
        matches: set[tuple[str, str]] = set()
        for need, legal_entity in needs:
            path = tuple(str(part) for part in need.path)
            if need.kind == "known":
                known.add((path[0], path[1]))
            elif need.kind == "canonical":
                canonical.add((path[0], path[1], path[2]))
            elif need.kind == "match":
                matches.add((path[0], path[1]))
            elif need.kind == "system" and (name := self.player(path[0], legal_entity)) is not None:
                system.add((name, path[1], path[2]))
        self._fetch(known, canonical, system, matches)

    def player(self, role: str, legal_entity: str | None) -> str | None:
        """The system that plays a role, None when none does."""
        try:
            return self.landscape.system_of(role, legal_entity)
        except KeyError:
            return None

    def known(self, entity: str, canonical_id: str) -> Mapping[str, Any] | None:
        if (entity, canonical_id) not in self._known:
            self._fetch({(entity, canonical_id)}, set(), set(), set())
        return self._known[(entity, canonical_id)]

    def canonical_id(self, system: str, entity: str, system_id: str) -> str | None:
        if (system, entity, system_id) not in self._canonical:
            self._fetch(set(), {(system, entity, system_id)}, set(), set())
        return self._canonical[(system, entity, system_id)]

    def system_id(self, system: str, entity: str, canonical_id: str) -> str | None:
        if (system, entity, canonical_id) not in self._system:
            self._fetch(set(), set(), {(system, entity, canonical_id)}, set())
        return self._system[(system, entity, canonical_id)]

    def matches(self, entity: str, key: str) -> Sequence[str]:
        if (entity, key) not in self._matches:
            self._fetch(set(), set(), set(), {(entity, key)})
        return self._matches[(entity, key)]

    def _fetch(
        self,
        known: set[tuple[str, str]],
        canonical: set[tuple[str, str, str]],
        system: set[tuple[str, str, str]],
        matches: set[tuple[str, str]],
    ) -> None:
        if known := known - self._known.keys():
            bodies = self._journal.registry.known(known)
            self._known.update({name: bodies.get(name) for name in known})
        if canonical := canonical - self._canonical.keys():
            ids = self._journal.crosswalk.canonical_ids(canonical)
            self._canonical.update({ref: ids.get(ref) for ref in canonical})
        if system := system - self._system.keys():
            refs = self._journal.crosswalk.system_ids(system)
            self._system.update({name: refs.get(name) for name in system})
        if matches := matches - self._matches.keys():
            found = self._journal.registry.matches(matches)
            self._matches.update({name: found.get(name, ()) for name in matches})
