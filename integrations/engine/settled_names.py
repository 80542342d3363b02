"""What a snapshot shows, under the ids that were settled on: a connector mints keys, the crosswalk knows better."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from integrations.contracts.connector import Observation
from models.journal.crosswalk import Crosswalk


class SettledNames:
    """The canonical ids of one system's objects, read once for each kind of object that a snapshot refers to (M2)."""

    def __init__(self, crosswalk: Crosswalk, system: str) -> None:
        self._crosswalk, self._system = crosswalk, system
        self._named: dict[str, Mapping[str, str]] = {}

    def of(self, seen: Observation) -> Observation:
        """The observation with the settled id in each place that its refs name; unchanged where nothing is linked."""
        settled = {name: found for name, (entity, own) in seen.refs.items() if (found := self._of(entity).get(own))}
        if not settled:
            return seen
        return replace(seen, key=settled.pop("key", seen.key), fields={**seen.fields, **settled})

    def _of(self, entity: str) -> Mapping[str, str]:
        if entity not in self._named:
            self._named[entity] = self._crosswalk.named(self._system, entity)
        return self._named[entity]
