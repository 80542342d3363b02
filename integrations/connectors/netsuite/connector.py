"""The NetSuite connector: one asynchronous batch for up to 100 postings, upserts by external id for master data."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import partial
from itertools import groupby, islice
from pathlib import Path
from typing import Any

from integrations.connectors.digest import digest
from integrations.connectors.netsuite import events, mapping, observations
from integrations.connectors.netsuite.actuals import STREAM as ACTUALS
from integrations.connectors.netsuite.actuals import Actuals, Booked
from integrations.connectors.netsuite.client import PAGE, NetSuiteClient
from integrations.connectors.netsuite.dates import TOUCHED, fixed
from integrations.connectors.netsuite.events import row_of
from integrations.connectors.netsuite.invoices import invoice_event
from integrations.connectors.netsuite.night import Night
from integrations.connectors.netsuite.refusals import refusal
from integrations.connectors.rows import Reading, jsonable
from integrations.connectors.targets import aligned, answers_of, holds, only, tried, unreadable
from integrations.connectors.watermark import Watermark
from integrations.contracts.connector import Answer, Change, Observation, Page, SystemConfig, TargetState
from models.canonical.events import CloudEvent
from models.domain.clock import Clock
from models.domain.errors import OutcomeUnknown, TieoutError
from models.domain.outcomes import Acknowledgement
from models.sql_statements import statements

WRITABLE = frozenset(
    {("upsert", entity) for entity in ("customer", "project", "charge_code", "resource", "contract")}
    | {(action, entity) for action in ("post", "reverse") for entity in mapping.POSTED}
)
FEEDS: Mapping[str, tuple[str, Callable[[str, Mapping[str, Any]], CloudEvent]]] = {
    "charge_codes": ("projectTask", events.charge_code_event),
    "projects": ("job", events.project_event),
}
INVOICES, INVOICE_BOOK = "invoices", "invoice_book"
"""What changed of invoices, as it comes; and all of them once a night, which brings what the first missed."""
STATEMENTS = {
    name: fixed(" ".join(text.split())) for name, text in statements(Path(__file__).with_name("queries.sql")).items()
}
LINED = 500
"""Records whose lines are asked for in one query."""
BIG = ("time_entry", "expense", "invoice", "credit_memo", "payment")
"""Entities that grow with every day of work."""
Write = tuple[str, dict[str, Any]]


class NetSuite:
    """ERP. Options: overlap_seconds (default 60), how far each poll looks back, since the vendor's times are whole
    seconds; actuals_hours, how often the books are stated project by project (default 0: never); invoice_events
    (default false), whether invoices are followed, which `invoice-feedback` needs; book_hour (default 2), when in the
    account's night all of them are read again.
    """

    streams: Sequence[str] = tuple(FEEDS)
    snapshots = (*observations.OBSERVED, *observations.WITH_LINES)
    changing = BIG
    bulk_limit: Mapping[str, int] = {entity: 100 if entity in mapping.POSTED else 1 for entity in mapping.KIND}

    def __init__(self, config: SystemConfig, clock: Clock) -> None:
        self.config, self._clock = config, clock
        self._client = NetSuiteClient(config, clock)
        self._overlap = timedelta(seconds=float(config.options.get("overlap_seconds", 60))) + self._client.zone.repeats
        every = timedelta(hours=float(config.options.get("actuals_hours", 0)))
        self._actuals = Actuals(config.name, every, self._periods, self._booked, self._touched) if every else None
        followed = (INVOICES, INVOICE_BOOK) if config.options.get("invoice_events", False) else ()
        self.streams = (*FEEDS, *((ACTUALS,) if self._actuals else ()), *followed)
        self._book_hour = int(config.options.get("book_hour", 2))

    def poll(self, stream: str, cursor: str | None, limit: int = 500) -> Page:
        if only(stream, self.streams, self.config.name) == ACTUALS and self._actuals:
            return self._actuals.poll(cursor, self._clock.now())
        if stream == INVOICE_BOOK:
            return self._book(Night.parse(cursor), limit)
        kind = "invoice" if stream == INVOICES else FEEDS[stream][0]
        mark = Watermark.parse(cursor)
        fresh, more = self._fresh(kind, mark, limit)
        result = self._invoices(fresh, None) if stream == INVOICES else self._taken(stream, fresh)
        moved = mark.moved(((_mark(row), at) for row in fresh if (at := events.changed(row))), self._overlap)
        return Page(result.events, moved.text(), more, result.rejected, result.seen)

    def snapshot(self, entity: str) -> Iterator[Observation]:
        only(entity, self.snapshots, self.config.name)
        return self._observed(entity, self._client.everything(_statement(entity)))

    def changed(self, entity: str, since: datetime) -> Iterator[Observation]:
        only(entity, self.changing, self.config.name)
        changed = f"SELECT * FROM ({_statement(entity)}){self._after(since)}"
        return self._observed(entity, self._client.everything(changed))

    def counted(self, entity: str) -> int:
        return self._client.count(_statement(entity))

    def deliver(self, changes: Sequence[Change]) -> Sequence[Answer]:
        return answers_of(changes, WRITABLE, self.config.name, _write, self._write)

    def find(self, changes: Sequence[Change]) -> Sequence[Acknowledgement | None]:
        held: dict[tuple[str, str], Mapping[str, Any]] = {}
        for kind in {mapping.KIND[change.entity] for change in changes if (change.action, change.entity) in WRITABLE}:
            mine = [mapping.external_id(change) for change in changes if mapping.KIND.get(change.entity) == kind]
            held |= {(kind, name): row for name, row in self._held(kind, mine).items()}
        return [
            self._found(change, held.get((mapping.KIND.get(change.entity, ""), mapping.external_id(change))))
            for change in changes
        ]

    def state(self, change: Change) -> TargetState:
        kind, record = _write(change)
        wanted = jsonable(mapping.flat(record))
        row = self._held(kind, [record["externalId"]]).get(record["externalId"])
        return (
            TargetState(_present(row, wanted), wanted, self._ack(row)) if row is not None else TargetState(None, wanted)
        )

    def check(self) -> str:
        allowed = self._client.limits().get("accountConcurrencyLimit", "an unknown number of")
        return f"{self.config.name} answers; {allowed} calls at a time"

    def close(self) -> None:
        self._client.close()

    def _taken(self, stream: str, rows: Sequence[Mapping[str, Any]]) -> Reading:
        result, make = Reading(), FEEDS[stream][1]
        for row in rows:
            result.take(str(row.get("id")), row, partial(make, self.config.name, row))
        return result

    def _invoices(self, rows: Sequence[Mapping[str, Any]], read_at: datetime | None) -> Reading:
        result = Reading()
        for start in range(0, len(rows), LINED):
            part = rows[start : start + LINED]
            lines = self._lines(part)
            for row in part:
                mine = lines.get(str(row.get("id")), ())
                result.take(str(row.get("id")), row, partial(invoice_event, self.config.name, row, mine, read_at))
        return result

    def _book(self, night: Night, limit: int) -> Page:
        """A page of all invoices, by id; nothing until the next night once one was read to its end."""
        began = night.due(self._clock.now(), self._client.zone, self._book_hour)
        if began is None:
            return Page([], night.text())
        rows = self._client.query(
            f"SELECT * FROM ({STATEMENTS['invoice']}) WHERE id > {night.after} ORDER BY id FETCH NEXT {limit} ROWS ONLY"
        )
        reading, more = self._invoices(rows, began), len(rows) == limit
        reached = Night(began, int(rows[-1]["id"]), False) if more else Night(began, 0, True)
        return Page(reading.events, reached.text(), more, reading.rejected, reading.seen)

    def _fresh(self, kind: str, mark: Watermark, limit: int) -> tuple[list[Mapping[str, Any]], bool]:
        """Up to `limit` rows that were not read before, by time of change, and whether more wait. The overlap may hold
        more known rows than a page has, as after a first load, so pages are read until something new shows.
        """
        since = mark.start(self._overlap)
        where = self._after(since) if since else ""
        fresh: list[Mapping[str, Any]] = []
        while True:
            rows = self._client.query(f"SELECT * FROM ({STATEMENTS[kind]}){where} ORDER BY {TOUCHED}, id")
            fresh += [row for row in rows if mark.fresh(_mark(row))]
            following = self._behind(rows[-1]) if rows else where
            if len(fresh) > limit or len(rows) < PAGE or following in (None, where):
                return fresh[:limit], len(fresh) > limit
            where = following or ""

    def _behind(self, row: Mapping[str, Any]) -> str | None:
        """What comes after a row by time of change and id, so that rows which move meanwhile shift nothing; None where
        the row has no readable time.
        """
        if (at := events.changed(row)) is None:
            return None
        moment = self._client.zone.literal(at)
        return f" WHERE {TOUCHED} > {moment} OR {TOUCHED} = {moment} AND id > {int(row['id'])}"

    def _after(self, since: datetime) -> str:
        return f" WHERE {TOUCHED} >= {self._client.zone.literal(since)}"

    def _periods(self) -> list[Mapping[str, Any]]:
        return list(self._client.everything(STATEMENTS["accountingPeriod"]))

    def _booked(self, entity: str, where: str) -> Iterator[Booked]:
        rows = list(self._client.everything(f"SELECT * FROM ({_statement(entity)}) WHERE {where}"))
        for row, one in zip(rows, self._observed(entity, iter(rows)), strict=True):
            yield one, f"{one.system_id}@{row.get('lastmodifieddate')}"

    def _touched(self, entity: str, since: datetime | None) -> Iterator[date]:
        """The days of which something was booked or changed since, and a moment before it."""
        after = self._after(since - self._overlap) if since else ""
        for row in self._client.query(f"SELECT DISTINCT trandate FROM ({_statement(entity)}){after}"):
            if day := row_of(row).opt_day("trandate"):
                yield day

    def _observed(self, entity: str, rows: Iterator[Mapping[str, Any]]) -> Iterator[Observation]:
        if entity in observations.WITH_LINES:
            while page := list(islice(rows, LINED)):
                yield from self._with_lines(entity, page)
        else:
            make = observations.OBSERVED[entity][1]
            for row in rows:
                yield unreadable(entity, row, "id", make)

    def _lines(self, rows: Sequence[Mapping[str, Any]]) -> dict[str, list[Mapping[str, Any]]]:
        lines: dict[str, list[Mapping[str, Any]]] = {}
        owners = ", ".join(str(int(row["id"])) for row in rows)
        for line in self._client.everything(f"SELECT * FROM ({STATEMENTS['lines']}) WHERE owner IN ({owners})"):
            lines.setdefault(str(line.get("owner")), []).append(line)
        return lines

    def _with_lines(self, entity: str, rows: Sequence[Mapping[str, Any]]) -> Iterator[Observation]:
        whole = observations.WITH_LINES[entity][1]
        lines = self._lines(rows)
        for row in rows:
            yield unreadable(entity, row, "id", lambda raw: whole(raw, lines.get(str(raw["id"]), ())))

    def _write(self, writes: Sequence[Write], keys: Sequence[str]) -> list[Answer]:
        """Postings of one kind go as one batch; the rest one by one. Order is kept."""
        answers: list[Answer] = []
        pairs = list(zip(writes, keys, strict=True))
        for kind, group in groupby(pairs, lambda pair: pair[0][0]):
            mine = list(group)
            for start in range(0, len(mine), 100):
                part = mine[start : start + 100]
                records, names = [write[1] for write, _ in part], [key for _, key in part]
                answers += (
                    self._batch(kind, records, names)
                    if kind in ("timeBill", "expenseReport")
                    else self._single(kind, records, names)
                )
        return answers

    def _single(self, kind: str, records: Sequence[dict[str, Any]], keys: Sequence[str]) -> list[Answer]:
        return [self._put(kind, record, key) for record, key in zip(records, keys, strict=True)]

    def _put(self, kind: str, record: dict[str, Any], key: str) -> Answer:
        try:
            if kind == "salesOrder" and (held := self._client.get(kind, record["externalId"])) is not None:
                record = mapping.with_kept_lines(record, held)
            if kind == "employee" and (held := self._client.get(kind, record["externalId"])) is not None:
                mapping.refuse_namesake(record, held)
            internal = self._client.put(kind, record["externalId"], record, key)
        except TieoutError as error:
            return error
        return Acknowledgement(self.config.name, internal, {"record": kind, "externalId": record["externalId"]})

    def _batch(self, kind: str, records: Sequence[dict[str, Any]], keys: Sequence[str]) -> list[Answer]:
        try:
            results = self._client.batch(kind, records, keys[0])
        except OutcomeUnknown as error:
            return [OutcomeUnknown(str(error), key) for key in keys]
        except TieoutError as error:
            # The vendor took none of them; with nothing else sent in this call the engine hears it once for all.
            return [error for _ in keys]
        return [self._result(kind, record, result) for record, result in zip(records, results, strict=True)]

    def _result(self, kind: str, record: Mapping[str, Any], result: Mapping[str, Any]) -> Answer:
        status = int(result.get("status") or 0)
        if 200 <= status < 300 and result.get("id"):
            answer = {"record": kind, "externalId": record["externalId"]}
            return Acknowledgement(self.config.name, str(result["id"]), answer, created=result.get("created"))
        return refusal(result, status or 500, kind, self.config.name, self._clock.now(), self._client.http.clean)

    def _held(self, kind: str, external_ids: Sequence[str]) -> dict[str, Mapping[str, Any]]:
        wanted = ", ".join("'" + one.replace("'", "''") + "'" for one in external_ids)
        rows = self._client.query(f"SELECT * FROM ({STATEMENTS[kind]}) WHERE externalid IN ({wanted}) ORDER BY id")
        return {str(row["externalid"]): row for row in rows}

    def _found(self, change: Change, row: Mapping[str, Any] | None) -> Acknowledgement | None:
        """A posting is there or not; a master record counts once it holds what the change would write."""
        if row is None:
            return None
        if change.action == "upsert":
            made = tried(change, WRITABLE, self.config.name, lambda change: jsonable(mapping.flat(_write(change)[1])))
            if isinstance(made, TieoutError) or not holds(_present(row, made), made):
                return None
        return self._ack(row)

    def _ack(self, row: Mapping[str, Any]) -> Acknowledgement:
        return Acknowledgement(self.config.name, str(row["id"]), {"externalId": row.get("externalid")})


def _statement(entity: str) -> str:
    return STATEMENTS[(observations.OBSERVED.get(entity) or observations.WITH_LINES[entity])[0]]


def _write(change: Change) -> Write:
    return mapping.KIND[change.entity], mapping.record_of(change)


def _present(row: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    """What the vendor holds of the wanted fields, under their names and as their types (flags come as T and F)."""
    flags = {"T": True, "F": False}
    held = {name: row.get(name.lower()) for name in wanted}
    return aligned(
        {
            name: flags.get(str(value), value) if isinstance(wanted[name], bool) else value
            for name, value in held.items()
        },
        wanted,
    )


def _mark(row: Mapping[str, Any]) -> str:
    return f"{row.get('id')}@{digest(row)}"
