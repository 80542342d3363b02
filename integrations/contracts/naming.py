"""How a vendor's webhooks name what changed, as data: a connector's `named` in one line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from integrations.contracts.connector import Named
from models.domain.errors import Unmappable


@dataclass(frozen=True, slots=True)
class Naming:
    """Dotted paths in a payload: the `event`'s name, the record's `key`, its `version` (empty: none is told). `streams`
    maps each event that is followed to the stream that reads its record and the canonical entity that this is.
    """

    event: str
    key: str
    streams: Mapping[str, tuple[str, str]]
    version: str = ""

    def named(self, payload: Any) -> Sequence[Named]:
        """What a payload names; nothing for an event that is not followed. Raises Unmappable."""
        event = _text(payload, self.event)
        if event not in self.streams:
            return ()
        stream, entity = self.streams[event]
        key, version = _text(payload, self.key), _found(payload, self.version) if self.version else None
        return (Named(stream, entity, key, event, "" if version is None else str(version)),)


def _found(payload: Any, path: str) -> Any:
    """What stands at a path, None where nothing does."""
    for name in path.split("."):
        payload = payload.get(name) if isinstance(payload, Mapping) else None
    return payload


def _text(payload: Any, path: str) -> str:
    found = _found(payload, path)
    if found is None:
        raise Unmappable(f"{path} is missing in the webhook's payload", path, code="missing-field")
    if isinstance(found, bool) or not isinstance(found, str | int) or found == "":
        raise Unmappable(
            f"{path} came as {type(found).__name__}, expected text or a number", path, code="retyped-field"
        )
    return str(found)
