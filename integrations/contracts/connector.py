"""The contract of a connector: the only code that knows a vendor (S1, S4, S6).

A connector package, `integrations/connectors/<vendor>/` or one that another distribution names by entry point, exports
`CONNECTOR`, a callable `(SystemConfig, Clock) -> Connector`. It is synchronous and thread-safe: the engine calls
`deliver` from several threads at once. It keeps vendor quirks (pagination, error bodies, rate-limit headers, batch
limits, re-authentication) inside and raises only the errors of `models.domain.errors`. It puts the W3C trace context of
the current OpenTelemetry span into every call (E2).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal, Protocol

from models.canonical.events import CloudEvent
from models.canonical.schemas import Canonical
from models.catalogue import Policy as Policy
from models.catalogue import Role as Role
from models.catalogue import SystemConfig as SystemConfig
from models.catalogue import Transport as Transport
from models.domain.outcomes import Acknowledgement


@dataclass(frozen=True, slots=True)
class Page:
    """Events after a cursor, in the source's order as far as it has one, and the cursor to go on from.

    `rejected` are rows the mapping could not read: (source id, raw row, error); they are quarantined, never dropped
    (S8, N4). `more` says that another page waits now. `seen` are the source ids, named as in `rejected`, of the rows
    that could be read: a quarantined row is done with only once it was seen again.
    """

    events: Sequence[CloudEvent]
    cursor: str
    more: bool = False
    rejected: Sequence[tuple[str, Mapping[str, Any], Exception]] = ()
    seen: Sequence[str] = ()


Action = Literal["upsert", "post", "reverse", "annotate"]


@dataclass(frozen=True, slots=True)
class Change:
    """What a target is asked to do.

    `external_id` is our stable id for the object in the target (find-before-write and vendor upserts use it);
    `key` is the idempotency key of this very change; `refs` are the target's own ids of related canonical objects
    (name -> system id, None where the crosswalk has none).
    Actions: upsert (create or bring up to date), post (a posting that must happen once), reverse (undo a posting),
    annotate (write a status or reason back to where a fact came from).
    """

    action: Action
    entity: str
    external_id: str
    key: str
    body: Canonical | Mapping[str, Any]
    refs: Mapping[str, str | None] = field(default_factory=dict)
    amount: Decimal | None = None
    currency: str | None = None
    words: Mapping[str, str] = field(default_factory=dict)
    """The target's words that count whatever its value maps say now, by canonical field: what undoes a posting says
    what the posting said."""


@dataclass(frozen=True, slots=True)
class TargetState:
    """What the target holds now for a change's external id (for previews and in-doubt writes).

    `current` is None when the target has no such object; `wanted` is what the change would send: both flat
    field -> value mappings in the vendor's field names, so that a preview can show the difference field by field.
    """

    current: Mapping[str, Any] | None
    wanted: Mapping[str, Any]
    ack: Acknowledgement | None = None


@dataclass(frozen=True, slots=True)
class Observation:
    """One object as a system snapshot showed it (C4), in canonical words: `key` is the canonical or business key
    that joins systems (project code, customer number, time entry ref …), `fields` are JSON-ready.

    `refs` name, by field or as `key`, what this system mints keys for by rule, as (entity, its own id): where the
    crosswalk knows the object, the engine shows it under the id that was settled on instead.
    """

    entity: str
    system_id: str
    key: str
    fields: Mapping[str, Any]
    legal_entity: str | None = None
    refs: Mapping[str, tuple[str, str]] = field(default_factory=dict)


Answer = Acknowledgement | Exception


class Target(Protocol):
    """The writing half."""

    bulk_limit: Mapping[str, int]
    """Most changes in one `deliver` call, by entity (1 where the vendor has no batch)."""

    def deliver(self, changes: Sequence[Change]) -> Sequence[Answer]:
        """One answer per change, in order; a bad change fails alone. Raises only when nothing at all was sent
        (RateLimited, Retriable, Misconfigured); an OutcomeUnknown per change where its answer never came."""
        ...

    def find(self, changes: Sequence[Change]) -> Sequence[Acknowledgement | None]:
        """Which of these changes are already in the target: its acknowledgement, or None. Reads only."""
        ...

    def state(self, change: Change) -> TargetState:
        """The target's present fields beside those the change would write. Reads only."""
        ...


class Connector(Target, Protocol):
    """A vendor, both ways. A connector of a read-only source has an empty `bulk_limit` and refuses deliveries
    with Misconfigured."""

    config: SystemConfig
    streams: Sequence[str]
    """Names of the change feeds that `poll` can follow (e.g. "accounts", "opportunities")."""
    snapshots: Sequence[str]
    """Canonical entities that `snapshot` can extract."""

    def poll(self, stream: str, cursor: str | None, limit: int = 500) -> Page:
        """Changes of one stream after `cursor` (None: from the beginning). Safe to repeat with the same cursor;
        may repeat events (their ids stay the same), never loses one."""
        ...

    def snapshot(self, entity: str) -> Iterator[Observation]:
        """Everything of one entity that exists now."""
        ...

    def check(self) -> str:
        """One sentence on whether these credentials reach the system; raises Misconfigured or Retriable."""
        ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Named:
    """What a webhook says has changed: the vendor's `id` of a record in one of its streams, of a canonical `entity`.
    `event` and `version` are the vendor's words, for who looks for the delivery; nothing is decided by them.
    """

    stream: str
    entity: str
    id: str
    event: str = ""
    version: str = ""


class Hooked(Protocol):
    """What a connector may offer beside `poll`, of a vendor that sends webhooks. A webhook is a hint: what a record
    holds is read from the vendor, never from the payload, so that a forged or an old one changes nothing."""

    def named(self, payload: Any) -> Sequence[Named]:
        """What a payload names; nothing where it is of an event that no stream follows. Raises Unmappable with the path
        of what is missing. `naming.Naming` does it by data."""
        ...

    def read(self, stream: str, ids: Sequence[str]) -> Page:
        """These records of a stream as they are now: events, ids and rejected rows as `poll` gives them; without those
        that are not there. Its cursor counts for nothing."""
        ...


class Changing(Protocol):
    """What a connector may offer beside `snapshot`, for entities that grow with every day of work: the engine then asks
    for what changed, and for everything only now and then (policy `sweep_seconds`) and where the count tells a
    deletion."""

    changing: Sequence[str]
    """Those of its `snapshots` that can be asked for by change."""

    def changed(self, entity: str, since: datetime) -> Iterator[Observation] | None:
        """What was created or changed at or after `since` (UTC), and more if need be; None where only a reading of
        everything can tell, as when the names behind its references changed."""
        ...

    def counted(self, entity: str) -> int:
        """How many there are now, in one call."""
        ...
