"""Triage: what people do with cases (X9)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from models.domain.case import ACTIVE, CaseStatus
from models.domain.clock import Clock
from models.domain.record import Record, RecordKind
from models.journal.cases.report import FeedWriter
from models.journal.cases.tables import case_, case_event
from models.journal.writing import writing

_PENDING = (*ACTIVE, CaseStatus.SNOOZED)


class Triage:
    """Each method is one transaction. A triage action takes one case id or many, names who does it, is kept in the
    case's history and handed to the audit lake in the same commit; it answers the ids it changed.
    """

    def __init__(self, engine: sa.Engine, clock: Clock, feed: FeedWriter) -> None:
        self._engine, self._clock, self._feed = engine, clock, feed

    def acknowledge(
        self, case_ids: str | Iterable[str], actor: str, reason: str | None = None, person: str | None = None
    ) -> list[str]:
        """Somebody is on it: open and snoozed cases become acknowledged; without an assignee, the actor's, who is
        `person` where that is another word.
        """
        values = {
            "status": CaseStatus.ACKNOWLEDGED,
            "active": 1,
            "snoozed_until": None,
            "assignee": sa.func.coalesce(case_.c.assignee, person or actor),
        }
        return self._triage(
            case_ids, actor, "acknowledged", {"reason": reason}, values, (CaseStatus.OPEN, CaseStatus.SNOOZED)
        )

    def assign(
        self, case_ids: str | Iterable[str], actor: str, assignee: str | None, reason: str | None = None
    ) -> list[str]:
        """Make `assignee` the one who works on it; None takes it off everybody's desk."""
        body = {"assignee": assignee, "reason": reason}
        return self._triage(case_ids, actor, "assigned", body, {"assignee": assignee}, tuple(CaseStatus))

    def comment(self, case_ids: str | Iterable[str], actor: str, text: str) -> list[str]:
        """Keep a remark in the history.

        Raises ValueError for an empty one.
        """
        return self._triage(
            case_ids, actor, "commented", {"text": _worded(text, "a comment needs words")}, {}, tuple(CaseStatus)
        )

    def snooze(self, case_ids: str | Iterable[str], actor: str, until: datetime, reason: str) -> list[str]:
        """Out of sight until `until` (UTC, in the future); it comes back by itself when it is still found then.

        Raises ValueError without a reason or for a moment that has passed.
        """
        if until <= self._clock.now():
            raise ValueError(f"snooze until a moment in the future, not {until.isoformat()}")
        body = {"until": until.isoformat(), "reason": _worded(reason, "say why this case can wait")}
        values = {"status": CaseStatus.SNOOZED, "active": 0, "snoozed_until": until}
        return self._triage(case_ids, actor, "snoozed", body, values, _PENDING)

    def ignore(self, case_ids: str | Iterable[str], actor: str, reason: str) -> list[str]:
        """Accept the case as it is, for good: it owns its records still, since only two people write one off.

        Raises ValueError without a reason.
        """
        body = {"reason": _worded(reason, "say why this case is accepted: the auditor will ask")}
        return self._triage(
            case_ids,
            actor,
            "ignored",
            body,
            {"status": CaseStatus.IGNORED, "active": 0, "snoozed_until": None},
            _PENDING,
        )

    def reopen(self, case_ids: str | Iterable[str], actor: str, reason: str | None = None) -> list[str]:
        """Back on the list: undoes an acknowledgement, a snooze or an ignore. A resolved case opens only by being found
        again.
        """
        values = {"status": CaseStatus.OPEN, "active": 1, "snoozed_until": None}
        held = (CaseStatus.ACKNOWLEDGED, CaseStatus.SNOOZED, CaseStatus.IGNORED)
        return self._triage(case_ids, actor, "reopened", {"reason": reason}, values, held)

    def _triage(
        self,
        case_ids: str | Iterable[str],
        actor: str,
        action: str,
        body: Mapping[str, Any],
        values: Mapping[str, Any],
        held: tuple[CaseStatus, ...],
    ) -> list[str]:
        wanted = [case_ids] if isinstance(case_ids, str) else list(dict.fromkeys(case_ids))
        kept = {key: value for key, value in body.items() if value is not None}
        now = self._clock.now()
        with writing(self._engine) as connection:
            query = sa.select(case_).where(case_.c.case_id.in_(wanted), case_.c.status.in_(held)).with_for_update()
            changed = [dict(row) for row in connection.execute(query).mappings()]
            if not changed:
                return []
            ids = [row["case_id"] for row in changed]
            if values:
                connection.execute(sa.update(case_).where(case_.c.case_id.in_(ids)).values(**values))
            connection.execute(
                sa.insert(case_event),
                [{"case_id": one, "at": now, "actor": actor, "action": action, "body": kept} for one in ids],
            )
            self._feed.append(connection, [action_record(row, actor, action, kept, now) for row in changed])
        return ids


def action_record(case: Mapping[str, Any], actor: str, action: str, body: Mapping[str, Any], at: datetime) -> Record:
    """What the audit lake keeps of a person's action on a case: who, when, what, why."""
    return Record(
        RecordKind.OPERATOR_ACTION,
        at,
        flow=case["flow"],
        system=case["system"],
        entity="case",
        business_key=f"case:{case['case_id']}",
        legal_entity=case["legal_entity"],
        status=action,
        actor=actor,
        body={"action": action, "case_id": case["case_id"], "fingerprint": case["fingerprint"], **body},
    )


def _worded(text: str, otherwise: str) -> str:
    if not text or not text.strip():
        raise ValueError(otherwise)
    return text.strip()
