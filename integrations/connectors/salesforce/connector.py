"""The Salesforce connector: polls by SystemModstamp, writes customers by external id."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from integrations.connectors.rows import Reading, Row, ignored, jsonable
from integrations.connectors.salesforce import mapping, observations
from integrations.connectors.salesforce.client import SalesforceClient, literal
from integrations.connectors.salesforce.currency import FIELD
from integrations.connectors.salesforce.fields import ACCOUNT, LINE, OPPORTUNITY
from integrations.connectors.targets import aligned, answers_of, body_of, holds, only, tried, unreadable
from integrations.connectors.watermark import Watermark
from integrations.contracts.connector import Change, Observation, Page, SystemConfig, TargetState
from models.canonical.events import CloudEvent
from models.domain.clock import Clock
from models.domain.errors import Misconfigured, OutcomeUnknown, TieoutError
from models.domain.outcomes import Acknowledgement

EXTERNAL = "Ext_Key__c"
WRITABLE = frozenset({("upsert", "customer")})
FEEDS: Mapping[str, tuple[str, Sequence[str], str]] = {
    "accounts": ("Account", ACCOUNT, ""),
    "opportunities": ("Opportunity", OPPORTUNITY, " AND IsWon = true AND IsDeleted = false"),
}
"""Stream -> object, fields, condition. A deleted account comes as an inactive customer; a deleted sale sets up nothing,
and is missed in the next snapshot.
"""


class Salesforce:
    """CRM. Options: overlap_seconds (default 120), how far each poll looks back for rows that were committed late."""

    streams = tuple(FEEDS)
    snapshots = ("customer", "project")
    bulk_limit: Mapping[str, int] = {"customer": 200}

    def __init__(self, config: SystemConfig, clock: Clock) -> None:
        self.config = config
        self._client = SalesforceClient(config, clock)
        self._overlap = timedelta(seconds=float(config.options.get("overlap_seconds", 120)))

    def poll(self, stream: str, cursor: str | None, limit: int = 500) -> Page:
        kind, fields, only_those = FEEDS[only(stream, FEEDS, self.config.name)]
        mark = Watermark.parse(cursor)
        rows = self._changed(kind, fields, only_those, mark, limit)
        fresh = [row for row in rows if mark.fresh(_mark(row, fields))]
        reading = Reading(ignored=ignored(self.config.options))
        lines = self._lines(fresh) if kind == "Opportunity" else {}
        for row in fresh:
            self._read(reading, kind, fields, row, lines.get(str(row.get("Id")), []))
        moved = mark.moved(((_mark(row, fields), _changed(row)) for row in fresh if _dated(row)), self._overlap)
        return Page(reading.events, moved.text(), len(rows) >= limit + len(mark.seen), reading.rejected, reading.seen)

    def snapshot(self, entity: str) -> Iterator[Observation]:
        only(entity, self.snapshots, self.config.name)
        accounts = list(self._client.query(f"SELECT {', '.join(ACCOUNT)} FROM Account ORDER BY Id"))
        keys = {str(row.get("Id")): observations.customer_key(self.config.name, row) for row in accounts}
        if entity == "customer":
            for row in accounts:
                yield unreadable("customer", row, "Id", lambda raw: observations.customer_observation(raw, keys))
            return
        for row in self._client.query(
            f"SELECT {', '.join(OPPORTUNITY)} FROM Opportunity WHERE IsWon = true ORDER BY Id"
        ):
            yield unreadable("project", row, "Id", lambda raw: observations.project_observation(raw, keys))

    def deliver(self, changes: Sequence[Change]) -> Sequence[Acknowledgement | Exception]:
        return answers_of(
            changes,
            WRITABLE,
            self.config.name,
            _record,
            self._write,
        )

    def find(self, changes: Sequence[Change]) -> Sequence[Acknowledgement | None]:
        held = self._held([change.external_id for change in changes if change.entity == "customer"])
        return [self._found(change, held.get(change.external_id)) for change in changes]

    def state(self, change: Change) -> TargetState:
        wanted = dict(self._client.currency.sent(_record(change)))
        row = self._held([change.external_id]).get(change.external_id)
        current = None if row is None else aligned(jsonable(row), wanted)
        return TargetState(current, wanted, None if row is None else self._ack(row))

    def check(self) -> str:
        list(self._client.query(f"SELECT Id, {FIELD} FROM Account LIMIT 1"))
        self._client.currency.check()
        daily = self._client.limits().get("DailyApiRequests", {})
        left, whole = daily.get("Remaining", "an unknown number of"), daily.get("Max", "?")
        return f"{self.config.name} answers; {left} of {whole} daily calls are left"

    def close(self) -> None:
        self._client.close()

    def _changed(
        self, kind: str, fields: Sequence[str], only_those: str, mark: Watermark, limit: int
    ) -> list[Mapping[str, Any]]:
        since = mark.start(self._overlap)
        where = f"SystemModstamp >= {literal(since) if since else '1970-01-01T00:00:00.000Z'}{only_those}"
        ordered = f"ORDER BY SystemModstamp, Id LIMIT {limit + len(mark.seen)}"
        soql = f"SELECT {', '.join(fields)} FROM {kind} WHERE {where} {ordered}"
        return list(self._client.query(soql, deleted=True))

    def _lines(self, sold: Sequence[Mapping[str, Any]]) -> dict[str, list[Mapping[str, Any]]]:
        found: dict[str, list[Mapping[str, Any]]] = {}
        ids = [str(row["Id"]) for row in sold if row.get("Id")]
        for start in range(0, len(ids), 100):
            wanted = ", ".join(literal(one) for one in ids[start : start + 100])
            where = f"OpportunityId IN ({wanted}) ORDER BY Id"
            soql = f"SELECT {', '.join(LINE)} FROM OpportunityLineItem WHERE {where}"
            for line in self._client.query(soql):
                found.setdefault(str(line.get("OpportunityId")), []).append(line)
        return found

    def _read(
        self,
        reading: Reading,
        kind: str,
        fields: Sequence[str],
        row: Mapping[str, Any],
        lines: Sequence[Mapping[str, Any]],
    ) -> None:
        source_id = str(row.get("Id"))

        def event() -> CloudEvent:
            if kind == "Account":
                return mapping.customer_event(self.config.name, row)
            return mapping.opportunity_event(self.config.name, row, lines)

        reading.drift(source_id, row, Row(row, kind).beyond({*fields, "attributes"}))
        for line in lines:
            reading.drift(source_id, line, Row(line, "OpportunityLineItem").beyond({*LINE, "attributes"}))
        reading.take(source_id, {**row, "OpportunityLineItems": list(lines)} if lines else row, event)

    def _write(self, records: Sequence[Mapping[str, Any]], keys: Sequence[str]) -> list[Acknowledgement | Exception]:
        try:
            rows = self._client.upsert("Account", EXTERNAL, records, keys[0])
        except OutcomeUnknown as error:
            return [OutcomeUnknown(str(error), key) for key in keys]
        return [self._answer(row) for row in rows]

    def _answer(self, row: Mapping[str, Any]) -> Acknowledgement | TieoutError:
        if row.get("success"):
            return Acknowledgement(self.config.name, str(row["id"]), jsonable(row), created=bool(row.get("created")))
        return self._client.refusal(row.get("errors") or (), 200)

    def _held(self, external_ids: Sequence[str]) -> dict[str, Mapping[str, Any]]:
        if not external_ids:
            return {}
        wanted = ", ".join(literal(one) for one in external_ids)
        rows = self._client.query(f"SELECT {', '.join(ACCOUNT)} FROM Account WHERE {EXTERNAL} IN ({wanted})")
        return {str(row.get(EXTERNAL)): row for row in rows}

    def _found(self, change: Change, row: Mapping[str, Any] | None) -> Acknowledgement | None:
        """The account counts once it holds what the change would write."""
        if row is None or (change.action, change.entity) not in WRITABLE:
            return None
        made = tried(change, WRITABLE, self.config.name, lambda change: self._client.currency.sent(_record(change)))
        return self._ack(row) if not isinstance(made, TieoutError) and holds(row, made) else None

    def _ack(self, row: Mapping[str, Any]) -> Acknowledgement:
        return Acknowledgement(self.config.name, str(row["Id"]), {"id": row["Id"]})


def _record(change: Change) -> dict[str, Any]:
    return {EXTERNAL: change.external_id, **mapping.account_record(body_of(change))}


def _dated(row: Mapping[str, Any]) -> bool:
    try:
        return bool(_changed(row))
    except (TieoutError, Misconfigured):
        return False


def _changed(row: Mapping[str, Any]) -> Any:
    return Row(row).instant("SystemModstamp")


def _mark(row: Mapping[str, Any], fields: Sequence[str]) -> str:
    """One version of one row. Lines are not part of it: they are read for fresh rows only, and what they sum up to is
    in the row.
    """
    return f"{row.get('Id')}@{mapping.version_of(row, fields)}"
