"""A finding: one sentence of a detector about one subject, with the money that hangs on it and the evidence."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

import orjson

from models.domain.fingerprint import case_fingerprint


@dataclass(frozen=True, slots=True)
class Cause:
    """What all findings of one case have in common: the words people read and the one who must act.

    `root` says that these words name the cause itself, so that they stand before the words of a detector which only saw
    an effect (a dead letter). `floor` is the least severity; `subject` (entity, key) is the thing to mend, where that
    is known and not the finding's own subject: the project, not the 214 entries that wait for it. `suggestion` is
    either a correction (dotted path of the payload -> value) or {"roots": run ids to replay first, from their start}.
    """

    cause: str
    title: str
    explanation: str
    next_action: str
    owner: str
    money_kind: str = "none"
    floor: str = "low"
    suggestion: Mapping[str, Any] | None = None
    flow: str | None = None
    system: str | None = None
    root: bool = False
    subject: tuple[str, str | None] | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """One subject under one fingerprint. `amount` is exact, in `currency`; `reporting` is the same in the reporting
    currency at the rate of the record's own day, where it has one: else the rate of today is taken. `since` is when the
    trouble began, `period` the month it is about, `2026-08`.

    A case is what findings of one fingerprint and one legal entity are together.
    """

    fingerprint: str
    cause: Cause
    subject_entity: str
    subject_key: str
    amount: Decimal | None = None
    currency: str | None = None
    since: datetime | None = None
    run_id: str | None = None
    trace_id: str | None = None
    legal_entity: str | None = None
    project_key: str | None = None
    customer_key: str | None = None
    evidence: Mapping[str, Any] = field(default_factory=dict)
    period: str | None = None
    reporting: Decimal | None = None

    @property
    def case_fingerprint(self) -> str:
        """The fingerprint of its case."""
        return case_fingerprint(self.fingerprint, self.legal_entity)

    def digest(self) -> str:
        """What a change of makes this finding worth writing again, the words of its cause among it; its case and
        subject are its identity.
        """
        about = [self.amount, self.currency, self.run_id, self.trace_id, self.period, self.project_key, self.evidence]
        parts = [*about, self.customer_key, self.cause, *([] if self.reporting is None else [self.reporting])]
        return hashlib.sha256(orjson.dumps(parts, default=str, option=orjson.OPT_SORT_KEYS)).hexdigest()[:16]
