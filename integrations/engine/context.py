"""The Context of a run: look-ups for its steps, its own facts of this page first."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson

from integrations.contracts.connector import Role
from integrations.contracts.flow import Deliver, RunView
from integrations.engine.lookups import Lookups
from models.canonical.schemas import SystemRef
from models.domain.clock import Clock
from models.domain.errors import Rejected
from models.domain.outcomes import Fact
from models.journal.runs.run import Run


def idempotency_key(run: Run, step: str) -> str:
    """Digest of business fact, source version, payload correction, flow and step; 40 hex digits of SHA-256.

    Retries and uncorrected replays get the same key, so that a target sees the same write again; a correction is a
    different write and says so.
    """
    correction = (
        orjson.dumps(run.correction, option=orjson.OPT_SORT_KEYS, default=str).decode() if run.correction else ""
    )
    text = "\x1f".join((run.flow, run.business_key, str(run.source_version), correction, step))
    return hashlib.sha256(text.encode()).hexdigest()[:40]


def with_error(run: Run) -> dict[str, Any]:
    """What a flow's on_dead step sees: the dead run's payload with `_error` = {code, message, field, step}."""
    error = {"code": run.error_code, "message": run.error_message, "field": run.error_field, "step": run.step_name}
    return {**run.payload, "_error": error}


class RunContext:
    """Serves `integrations.contracts.flow.Context` for one claimed run."""

    def __init__(self, run: Run, lookups: Lookups, clock: Clock) -> None:
        self._row, self._lookups, self._clock = run, lookups, clock
        self._facts: dict[tuple[str, str], Mapping[str, Any]] = {}
        self._links: dict[tuple[str, str, str], str] = {}
        self._keys: dict[tuple[str, str], list[str]] = {}
        self.run, self.ownership, self.words = self._view(), lookups.landscape.ownership, lookups.landscape.words

    def now(self) -> datetime:
        return self._clock.now()

    def known(self, entity: str, canonical_id: str) -> Mapping[str, Any] | None:
        own = self._facts.get((entity, canonical_id))
        return own if own is not None else self._lookups.known(entity, canonical_id)

    def canonical_id(self, ref: SystemRef | Mapping[str, Any]) -> str | None:
        system, kind, identity = (
            (ref.system, ref.kind, ref.id) if isinstance(ref, SystemRef) else (ref["system"], ref["kind"], ref["id"])
        )
        return self._links.get((system, kind, identity)) or self._lookups.canonical_id(system, kind, identity)

    def system_id(self, role: Role, entity: str, canonical_id: str) -> str | None:
        system = self._lookups.player(role, self._row.legal_entity)
        if system is None:
            return None
        own = next(
            (ref[2] for ref, name in self._links.items() if ref[:2] == (system, entity) and name == canonical_id), None
        )
        return own or self._lookups.system_id(system, entity, canonical_id)

    def matches(self, entity: str, key: str) -> Sequence[str]:
        own = self._keys.get((entity, key), [])
        return list(dict.fromkeys([*self._lookups.matches(entity, key), *own]))

    def system_of(self, role: Role) -> str:
        return self._lookups.landscape.system_of(role, self._row.legal_entity)

    def target(self, step: Deliver) -> str:
        """The system that a step writes to. Raises KeyError where none plays its role, Rejected where the one that its
        payload names is not connected.
        """
        if step.to is None:
            return self.system_of(step.role)
        if (named := step.to(self._row.payload)) not in self._lookups.landscape.connectors:
            raise Rejected(f"{named} is not in the catalogue any more: add it there", code="endpoint-refused")
        return named

    def played(self) -> Mapping[Role, str]:
        return self._lookups.landscape.played(self._row.legal_entity)

    def key(self, step: str) -> str:
        return idempotency_key(self._row, step)

    def learn(self, facts: Sequence[Fact], links: Sequence[tuple[str, str, str, str]]) -> None:
        """What this run learnt just now: its later steps see it before the commit, other runs after."""
        for fact in facts:
            self._facts[(fact.entity, fact.canonical_id)] = fact.body
            for key in fact.match_keys:
                self._keys.setdefault((fact.entity, key), []).append(fact.canonical_id)
        for system, entity, system_id, canonical_id in links:
            self._links[(system, entity, system_id)] = canonical_id

    def settle_entity(self, payload: Mapping[str, Any]) -> None:
        """A run whose event named no legal entity takes the one its payload has found."""
        if self._row.legal_entity is None and (found := legal_entity_in(payload)):
            self._row.legal_entity = found
            self.run = self._view()

    def _view(self) -> RunView:
        run = self._row
        return RunView(
            run_id=run.run_id,
            flow=run.flow,
            flow_version=run.flow_version,
            lineage_id=run.lineage_id,
            correlation_id=run.correlation_id,
            business_key=run.business_key,
            event_type=run.event_type,
            source_version=run.source_version,
            legal_entity=run.legal_entity,
            acks=run.acks,
            source=run.event_source,
        )


def legal_entity_in(payload: Mapping[str, Any]) -> str | None:
    """The legal entity that a payload names; None where it names none."""
    dimensions = payload.get("dimensions")
    nested = dimensions.get("legal_entity_id") if isinstance(dimensions, Mapping) else None
    found = payload.get("legal_entity_id") or nested
    return found if isinstance(found, str) else None
