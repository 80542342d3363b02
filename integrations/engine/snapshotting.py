"""Snapshots: what each system holds now, sent to the collector where it changed since the last time (C4)."""

from __future__ import annotations

import gzip
import hashlib
import logging
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from itertools import islice
from typing import Any
from uuid import uuid4

import httpx
import orjson

from integrations.contracts.connector import Changing, Connector, Observation, Policy
from integrations.contracts.metering import TALLY
from integrations.engine.gate import Gate, HeldBack
from integrations.engine.gates import Gates
from integrations.engine.quota import Quota, waits
from integrations.engine.retry import error_of
from integrations.engine.settled_names import SettledNames
from integrations.engine.telemetry import LOG
from integrations.engine.words import day_of
from models.action_log import action
from models.domain.clock import Clock
from models.domain.errors import RateLimited, Retriable
from models.domain.storable import json_text
from models.domain.value_map import MapBook
from models.journal.ports.engine import EnginePort
from models.journal.snapshots import Extract, Seen, SnapshotMoved
from models.keys.keyring import Keyring
from models.keys.sealing import sealed, subjects

_ROWS = 5_000
"""Rows in one request: the collector refuses bodies over its limit, and a lost answer repeats no more than this."""
LATE = timedelta(minutes=10)
"""How far before the last extract changes are asked for: a vendor's clock need not be ours, nor its stamps in order."""
_CHUNK = 500
"""Observations that are read in one passing of the gate."""


class CollectorAway(Retriable):
    """The collector did not confirm; that says nothing about the system that was read."""


@dataclass(slots=True)
class _Memory:
    """What this process knows of an entity: as the journal had it at `version`."""

    version: int
    seen: dict[str, Seen]
    beside: int = 0
    """How many more the system counts than it shows: what this user may count and not read."""


@dataclass(slots=True)
class _Taken:
    """Entities whose extract reached its end, with the world time at which it began, and the calls that sweeps made;
    `left` calls of today were there when it began.
    """

    at: dict[str, datetime] = field(default_factory=dict)
    swept: dict[str, int] = field(default_factory=dict)
    left: int | None = None


@dataclass(slots=True)
class _Sending:
    """Rows of one extract on their way, by system id."""

    head: Mapping[str, Any]
    changed: dict[str, Seen] = field(default_factory=dict)
    rows: list[str] = field(default_factory=list)

    def add(self, system_id: str, seen: Seen, fields: Mapping[str, Any] | None) -> None:
        self.rows.append(json_text(_row(self.head, system_id, seen, fields)))


class Snapshotting:
    """Rows are remembered as sent only after the collector answered 200: what it did not confirm goes out again. What
    was sent is the journal's to remember, so that a deletion is told whichever engine sees it.
    """

    def __init__(
        self,
        journal: EnginePort,
        clock: Clock,
        address: str,
        client: httpx.Client | None = None,
        gates: Gates | None = None,
        keys: Keyring | None = None,
        words: MapBook = MapBook(),
    ) -> None:
        """With `keys` labour rates, pay and contract values are sealed before anything is made of them: their digest
        tells nothing, and neither the wire nor the collector's spool, quarantine and lake hold them in clear. By
        `words` each system's own are told in canonical ones.
        """
        self._words = words
        self._journal, self._clock, self._address, self._keys = journal, clock, address, keys
        self._client = client or httpx.Client(timeout=30.0)
        self._gates = gates or Gates(journal, clock, _slept)
        self.quota = Quota(journal)
        self._memory: dict[tuple[str, str], _Memory] = {}

    def take(self, connector: Connector) -> int:
        """Extract every entity of a system and send what changed or is gone; how many objects that were.

        An entity that cannot be read costs no other one its turn, and stands as failed until it can. Raises RateLimited
        where the system asked to wait, Retriable when the collector did not confirm; the next snapshot repeats.
        """
        sent, taken = 0, _Taken(left=self.quota.left(connector))
        try:
            for entity in connector.snapshots:
                sent += self._tried(connector, entity, taken)
        finally:
            self._journal.snapshots.taken(connector.config.name, taken.at, taken.swept)
        return sent

    def close(self) -> None:
        self._client.close()

    def _tried(self, connector: Connector, entity: str, taken: _Taken) -> int:
        name, began = connector.config.name, self._clock.now()
        try:
            sent = self._entity(connector, entity, taken)
            taken.at[entity] = began
            return sent
        except (HeldBack, CollectorAway):
            raise
        except SnapshotMoved:
            return 0
        except Exception as error:
            code, message, _ = error_of(error)
            self._journal.snapshots.failed(name, entity, f"{code}: {message}")
            action(LOG, logging.WARNING, "snapshot.failed", system=name, entity=entity, why=message)
            if isinstance(error, RateLimited):
                raise
            return 0

    def _entity(self, connector: Connector, entity: str, taken: _Taken) -> int:
        """What changed where that can be asked for, everything where that is due or where the count tells more."""
        name, gate = connector.config.name, self._gates.asked(connector)
        extract, memory = self._known(name, entity)
        sending, sent = _Sending(self._head(connector, entity)), 0
        changing = _changing(connector, entity)
        since = _since(extract, connector.config.policy, self._clock.now())
        if (late := waits(name, taken.left, extract.sweep_calls)) is not None and extract.taken_at is not None:
            since = since or extract.taken_at - LATE
        if changing is not None and since is not None:
            with gate.reading():
                changed = changing.changed(entity, since)
            if changed is not None:
                sent = self._told(connector, entity, memory, sending, lambda: changed, set())
                if _count(gate, changing, entity) == len(memory.seen) + memory.beside:
                    return sent
                if late is not None:
                    action(LOG, logging.WARNING, "snapshot.sweep_waits", system=name, entity=entity, why=late)
                    return sent
        if late is not None:
            raise late
        before = TALLY.of_thread
        sent += self._swept(connector, entity, memory, sending, changing)
        taken.swept[entity] = TALLY.of_thread - before
        return sent

    def _swept(
        self, connector: Connector, entity: str, memory: _Memory, sending: _Sending, changing: Changing | None
    ) -> int:
        """Read everything: who is missing is gone. A page that moved while it was read shows less than there is, so
        that only who is missing twice is.
        """
        gate, present = self._gates.of(connector), set[str]()
        whole = partial(connector.snapshot, entity)
        sent = self._told(connector, entity, memory, sending, whole, present)
        if missing := memory.seen.keys() - present:
            missing -= {observation.system_id for observation in _gated(gate, whole)}
        gone = sorted(missing)
        for system_id in gone:
            sending.add(system_id, memory.seen[system_id], None)
        sent += self._sent(connector.config.name, entity, memory, sending, gone)
        if changing is not None:
            memory.beside = _count(gate, changing, entity) - len(memory.seen)
        return sent

    def _told(
        self,
        connector: Connector,
        entity: str,
        memory: _Memory,
        sending: _Sending,
        begin: Callable[[], Iterator[Observation]],
        present: set[str],
    ) -> int:
        """Send what differs of what is read, under the ids that were settled on."""
        name, sent = connector.config.name, 0
        settled = SettledNames(self._journal.crosswalk, name)
        read = map(partial(self._in_words, name), _gated(self._gates.of(connector), begin))
        for observation in self._shut(map(settled.of, read), not memory.seen):
            present.add(observation.system_id)
            _compared(observation, memory, sending)
            if len(sending.rows) >= _ROWS:
                sent += self._sent(name, entity, memory, sending, [])
        return sent + self._sent(name, entity, memory, sending, [])

    def _in_words(self, system: str, observation: Observation) -> Observation:
        """In canonical words; a word that no map has shows as it came."""
        if not self._words:
            return observation
        day = day_of(observation.fields, self._clock.now())
        told = self._words.observed(system, observation.entity, observation.fields, day)
        return observation if told is observation.fields else replace(observation, fields=told)

    def _shut(self, observations: Iterator[Observation], first: bool) -> Iterator[Observation]:
        """With their classified values sealed; the `first` time there are many keys to make, a chunk's at once."""
        keys = self._keys
        if keys is None:
            yield from observations
            return
        while chunk := list(islice(observations, _CHUNK)):
            if first:
                keys.know(subjects((one.fields, one.entity, one.key) for one in chunk))
            for one in chunk:
                yield replace(one, fields=sealed(keys, one.fields, one.entity, one.key))

    def _known(self, system: str, entity: str) -> tuple[Extract, _Memory]:
        """What is held of an entity; read from the journal again where another engine changed it."""
        extract = self._journal.snapshots.extract(system, entity)
        known = self._memory.get((system, entity))
        if known is None or known.version != extract.version:
            seen = self._journal.snapshots.seen(system, entity)
            known = self._memory[(system, entity)] = _Memory(extract.version, seen)
        return extract, known

    def _head(self, connector: Connector, entity: str) -> dict[str, Any]:
        config = connector.config
        return {
            "observed_at": self._clock.now().isoformat(),
            "snapshot_id": uuid4().hex,
            "system": config.name,
            "role": config.role,
            "entity": entity,
        }

    def _sent(self, system: str, entity: str, memory: _Memory, sending: _Sending, gone: list[str]) -> int:
        if not sending.rows:
            return 0
        self._post(gzip.compress("\n".join(sending.rows).encode(), 1))
        try:
            memory.version = self._journal.snapshots.keep(system, entity, memory.version, sending.changed, gone)
        except SnapshotMoved:
            self._memory.pop((system, entity), None)
            raise
        memory.seen.update(sending.changed)
        for name in gone:
            memory.seen.pop(name, None)
        sent = len(sending.changed) + len(gone)
        sending.rows, sending.changed = [], {}
        return sent

    def _post(self, body: bytes) -> None:
        headers = {"content-type": "application/x-ndjson", "content-encoding": "gzip"}
        try:
            answer = self._client.post(self._address, content=body, headers=headers)
        except httpx.HTTPError as error:
            raise CollectorAway(
                f"the collector at {self._address} did not answer ({error}): is `tieout collect` running?"
            ) from error
        if answer.status_code != 200:
            raise CollectorAway(f"the collector at {self._address} answered {answer.status_code}: {answer.text[:200]}")


def _compared(observation: Observation, memory: _Memory, sending: _Sending) -> None:
    seen = Seen(_digest(observation), observation.key, observation.legal_entity)
    known, own = memory.seen.get(observation.system_id), observation.system_id
    if known == seen:
        return
    if known is not None and known.key != seen.key:
        # A tombstone under the key that it has left: who asks for that key hears that it is gone.
        sending.add(own, known, None)
    sending.changed[own] = seen
    sending.add(own, seen, observation.fields)


def _gated(gate: Gate, begin: Callable[[], Iterator[Observation]]) -> Iterator[Observation]:
    """What is read, in chunks that each pass the gate."""
    observations = None
    while True:
        with gate.reading():
            observations = observations or iter(begin())
            chunk = list(islice(observations, _CHUNK))
        yield from chunk
        if len(chunk) < _CHUNK:
            return


def _changing(connector: Any, entity: str) -> Changing | None:
    """The connector, where it can be asked for what changed of an entity."""
    found: Changing | None = connector if entity in getattr(connector, "changing", ()) else None
    return found


def _count(gate: Gate, changing: Changing, entity: str) -> int:
    with gate.reading():
        return changing.counted(entity)


def _since(extract: Extract, policy: Policy, now: datetime) -> datetime | None:
    """From when to ask for what changed. None where everything is to be read: at first, now and then, and when world
    time was set back.
    """
    if extract.swept is None or extract.swept >= policy.sweep_seconds or extract.taken_at is None:
        return None
    return extract.taken_at - LATE if extract.taken_at <= now else None


def _digest(observation: Observation) -> str:
    content = json_text(dict(observation.fields), orjson.OPT_SORT_KEYS)
    return hashlib.sha256(content.encode()).hexdigest()


def _row(head: Mapping[str, Any], system_id: str, seen: Seen, fields: Mapping[str, Any] | None) -> dict[str, Any]:
    return {
        **head,
        "system_id": system_id,
        "key": seen.key,
        "legal_entity": seen.legal_entity,
        "present": fields is not None,
        "digest": seen.digest,
        "fields": fields or {},
    }


def _slept(seconds: float) -> bool:
    time.sleep(seconds)
    return False
