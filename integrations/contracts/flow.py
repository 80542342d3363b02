"""The contract of a flow: a named, versioned list of steps over canonical payloads (S4). A flow names roles, never
vendors.

A module `integrations/flows/<flow>.py` exports `FLOW`. Steps are pure functions of the run's payload and a Context;
the engine alone talks to connectors, commits outcomes and keeps order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from integrations.contracts.connector import Change
from models.canonical.events import CloudEvent
from models.canonical.schemas import SystemRef
from models.catalogue import Role
from models.domain.outcomes import Done, Fact, NothingToDo, WaitFor
from models.domain.ownership import Ownership

Payload = dict[str, Any]
"""JSON-ready: the event's data at the start, enriched by each step. Keys beginning with `_` are the engine's."""


@dataclass(frozen=True, slots=True)
class RunView:
    """What a step may know of its run."""

    run_id: str
    flow: str
    flow_version: int
    lineage_id: str
    correlation_id: str
    business_key: str
    event_type: str
    source_version: int
    legal_entity: str | None
    acks: Mapping[str, Mapping[str, Any]]
    """Acknowledgements of earlier delivering steps of this run: step name -> {"system", "system_id", "answer"}."""
    source: str = ""
    """Where the event came from (`CloudEvent.source`; a connector's events begin with its system's name): decides
    ownership (S3) and keeps a system from being sent its own change."""


@dataclass(frozen=True, slots=True)
class Need:
    """A look-up a step will make, declared so that the engine can fetch a whole page's needs in one query.

    kind: "known" (entity, id) | "canonical" (system, entity, id) | "system" (role, entity, id) | "match" (entity, key).
    """

    kind: str
    path: tuple[str, ...]


class Context(Protocol):
    """Read-only look-ups for a step, answered from the journal's registry and crosswalk."""

    run: RunView
    ownership: Ownership
    """Which role owns which attribute in this installation (S3)."""

    def now(self) -> datetime: ...

    def known(self, entity: str, canonical_id: str) -> Mapping[str, Any] | None:
        """The canonical object as last learnt."""
        ...

    def canonical_id(self, ref: SystemRef | Mapping[str, Any]) -> str | None:
        """The canonical id behind a system's own id (`kind` of the ref is the entity)."""
        ...

    def system_id(self, role: Role, entity: str, canonical_id: str) -> str | None:
        """The id of a canonical object in the system that plays a role for this run's legal entity."""
        ...

    def matches(self, entity: str, key: str) -> Sequence[str]:
        """Canonical ids whose identity keys contain `key`."""
        ...

    def system_of(self, role: Role) -> str:
        """The name of the system that plays a role for this run's legal entity.

        Raises KeyError when none does; a Deliver step of such a role is answered NothingToDo by the engine.
        """
        ...

    def played(self) -> Mapping[Role, str]:
        """The roles that some system plays for this run's legal entity, with the system's name."""
        ...

    def key(self, step: str) -> str:
        """The idempotency key of a step of this run: digest(business fact, source version, payload correction, flow,
        step).
        """
        ...


@dataclass(frozen=True, slots=True)
class Transform:
    """A pure step: validate, identify, enrich. Answers Done, NothingToDo or WaitFor; raises Rejected or Unmappable."""

    name: str
    apply: Callable[[Payload, Context], Done | NothingToDo | WaitFor]
    needs: Callable[[Payload], Iterable[Need]] | None = None


@dataclass(frozen=True, slots=True)
class Deliver:
    """A write to the system that plays `role`. `change` makes what is asked (or says why nothing is, or what it waits
    for); `learn` may turn the acknowledgement into facts. `mode` says how callers experience it (E6): "sync" (what
    follows needs its answer), "event" (each change as it comes) or "batch" (many changes in one call). Of a flow's
    `on_dead` step, `learn` is asked when the run goes dead, with `_error` in the payload and no acknowledgement, and
    its facts are kept with the death whatever becomes of the message; not when the failed step's own write was
    acknowledged, nor when one was begun and never answered, since then nobody knows what stands. With `bulk` greater
    than 1 the engine hands up to that many changes (at most the connector's limit) to one call. `to` names the system
    itself, where the payload says which it is.
    """

    name: str
    role: Role
    entity: str
    change: Callable[[Payload, Context], Change | NothingToDo | WaitFor]
    bulk: int = 1
    mode: str = "event"
    learn: Callable[[Payload, Mapping[str, Any]], Sequence[Fact]] | None = None
    needs: Callable[[Payload], Iterable[Need]] | None = None
    to: Callable[[Payload], str] | None = None


@dataclass(frozen=True, slots=True)
class Emit:
    """A pure step that raises further business events, admitted in the same commit (e.g. resource demand)."""

    name: str
    events: Callable[[Payload, Context], Sequence[CloudEvent]]


Step = Transform | Deliver | Emit


@dataclass(frozen=True, slots=True)
class Flow:
    """A process API. A changed step list is a new `version`; runs end on the version they began.

    `aggregate` gives the ordering key of an event (E7), `money` what is at stake (amount, currency) for its dead
    letter, `on_dead` an optional Deliver step sent when a run goes to the dead letters (e.g. reject the entry in the
    PSA); it never changes the run's state. Its title, owner and service level are the installation's: the catalogue
    has an entry for each flow (`flows.toml`).
    """

    name: str
    version: int
    triggers: tuple[str, ...]
    steps: tuple[Step, ...]
    aggregate: Callable[[CloudEvent], str]
    money: Callable[[Payload], tuple[Any, str] | None]
    on_dead: Deliver | None = None
    lane: Callable[[CloudEvent], str] | None = None
    """Fairness key (default: the legal entity): claims go round-robin over lanes, each flow in lanes of its own."""
