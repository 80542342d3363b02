"""What a step can answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Fact:
    """A canonical object as just learnt, kept in the journal's registry so that other flows can look it up.

    `match_keys` are normalised identity keys (`models.domain.identity`) that find duplicates of it.
    """

    entity: str
    canonical_id: str
    body: Mapping[str, Any]
    match_keys: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """A target's answer to a write: its id for the object, and what it said."""

    system: str
    system_id: str
    answer: Mapping[str, Any] = field(default_factory=dict)
    created: bool | None = None


@dataclass(frozen=True, slots=True)
class Done:
    """The step is finished; `payload` replaces the run's payload, `facts` go to the registry in the same commit,
    `links` (system, entity, system id, canonical id) to the crosswalk."""

    payload: Mapping[str, Any]
    facts: Sequence[Fact] = ()
    links: Sequence[tuple[str, str, str, str]] = ()


@dataclass(frozen=True, slots=True)
class NothingToDo:
    """The step has no effect here, because …; the run goes on."""

    because: str


@dataclass(frozen=True, slots=True)
class WaitFor:
    """Pause until `what` (`entity/id`) changes, at the latest until `until`; then the step is tried again.

    `missing` names the fields a person must supply, `owner` the system whose people own them.
    """

    what: str
    because: str
    missing: Sequence[str] = ()
    owner: str | None = None
    until: datetime | None = None
