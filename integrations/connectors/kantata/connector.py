"""The Kantata connector: approved work out of the event feed, set-up and sync results in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from integrations.connectors.kantata import mapping, observations
from integrations.connectors.kantata.client import KantataClient
from integrations.connectors.kantata.feed import Feed, kind_of
from integrations.connectors.kantata.gap import Gap
from integrations.connectors.kantata.invoicing import Invoicing
from integrations.connectors.kantata.mapping import Verdict
from integrations.connectors.kantata.names import Names, first_word, project_code, worker_number
from integrations.connectors.kantata.observations import INVOICE
from integrations.connectors.kantata.work import Work
from integrations.connectors.kantata.writing import PLURAL, SUBJECT, Writer
from integrations.connectors.rows import Reading, Row, ignored, jsonable
from integrations.connectors.targets import aligned, holds, only, tried, unreadable
from integrations.connectors.watermark import Watermark
from integrations.contracts.connector import Answer, Change, Observation, Page, SystemConfig, TargetState
from models.canonical.events import CloudEvent
from models.domain.clock import Clock
from models.domain.errors import Misconfigured, RateLimited, TieoutError
from models.domain.outcomes import Acknowledgement

WRITABLE = frozenset(
    {("upsert", "project"), ("upsert", "resource"), ("annotate", "time_entry"), ("annotate", "expense")}
    | {("upsert", INVOICE)}
)
WORK = ("time_entry", "expense")
Raw = Mapping[str, Any]


class Kantata:
    """PSA. Options: overlap_seconds (default 120), how far each poll looks back for late events; erp (the service name
    in the sync ledger, default the name of the system that took the posting).
    """

    streams = ("time",)
    snapshots = ("project", "time_entry", "expense", "resource", INVOICE)
    changing = WORK
    bulk_limit: Mapping[str, int] = {"project": 1, "resource": 1, "time_entry": 25, "expense": 25, INVOICE: 1}
    """Annotations go to the vendor one by one; 25 share a call of ours, since that is what a lost worker would repeat.
    """

    def __init__(self, config: SystemConfig, clock: Clock) -> None:
        self.config, self._clock = config, clock
        self._client = KantataClient(config, clock)
        self._overlap = timedelta(seconds=float(config.options.get("overlap_seconds", 120)))
        self._feed = Feed(self._client, self._overlap)
        service = config.options.get("erp")
        self._shown = {entity: Work(self._client, config.name, entity, clock) for entity in WORK}
        self._writer = Writer(self._client, str(service) if service else None)
        self._invoicing = Invoicing(self._client, str(service) if service else None)

    def poll(self, stream: str, cursor: str | None, limit: int = 500) -> Page:
        only(stream, self.streams, self.config.name)
        mark, now = Watermark.parse(cursor), self._clock.now()
        gap = Gap.after(mark, self._overlap, now)
        events, moved, more = (
            (list(gap.events(self._client)), gap.following(), True) if gap else self._feed.after(mark, limit, now)
        )
        verdicts = [(event, found) for event in events if (found := mapping.verdict(kind_of(event), event))]
        names = self._names([found.row for _, found in verdicts])
        reading = Reading(ignored=ignored(self.config.options))
        for event, found in verdicts:
            self._read(reading, event, found, names)
        if gap:
            reading.rejected.append(gap.rejected(self.config.name))
        return Page(reading.events, moved.text(), more, reading.rejected, reading.seen)

    def snapshot(self, entity: str) -> Iterator[Observation]:
        only(entity, self.snapshots, self.config.name)
        if entity in WORK:
            yield from self._shown[entity].all(self._all_names())
            return
        if entity == INVOICE:
            yield from self._invoices()
            return
        references = self._client.referred(SUBJECT[entity])
        make = observations.project_observation if entity == "project" else observations.resource_observation
        for row in self._client.all(PLURAL[entity], {"include_archived": "true"} if entity == "project" else None):
            observed = partial(make, references=references.get(str(row.get("id")), []), legal_entity=self._legal_entity)
            yield unreadable(entity, row, "id", observed)

    def changed(self, entity: str, since: datetime) -> Iterator[Observation] | None:
        return self._shown[only(entity, self.changing, self.config.name)].changed(self._all_names(), since)

    def counted(self, entity: str) -> int:
        return self._shown[only(entity, self.changing, self.config.name)].counted()

    def deliver(self, changes: Sequence[Change]) -> Sequence[Answer]:
        answers: list[Answer] = []
        for change in changes:
            last = answers[-1] if answers else None
            # Once the system asks to wait or cannot be reached, the rest is not sent either.
            answers.append(last if isinstance(last, RateLimited | Misconfigured) else self._delivered(change))
        return answers

    def find(self, changes: Sequence[Change]) -> Sequence[Acknowledgement | None]:
        return [self._found(change) if (change.action, change.entity) in WRITABLE else None for change in changes]

    def state(self, change: Change) -> TargetState:
        writer = self._writer_of(change)
        wanted, found = jsonable(writer.wanted(change)), writer.current(change)
        return (
            TargetState(aligned(found[1], wanted), wanted, self._ack(found[0])) if found else TargetState(None, wanted)
        )

    def check(self) -> str:
        self._client.page("subscribed_events", {"per_page": 1})
        return f"{self.config.name} answers and shows its event feed"

    def close(self) -> None:
        self._client.close()

    @property
    def _legal_entity(self) -> str | None:
        """The legal entity of everything in this account, where it is only one."""
        return self.config.legal_entities[0] if len(self.config.legal_entities) == 1 else None

    def _read(self, reading: Reading, event: Raw, found: Verdict, names: Names) -> None:
        kind = kind_of(event)
        # A time entry and an expense may bear one number, and the names of a stream's rows keep them apart.
        source_id = f"{kind}:{found.row.get('id')}"

        def made() -> CloudEvent:
            happened = Row(event, sparse=True).instant("subject_changed_at")
            return mapping.work_event(self.config.name, kind, found, happened, names)

        reading.drift(source_id, found.row, Row(found.row, kind).beyond(mapping.KNOWN[kind]))
        reading.take(source_id, found.row, made)

    def _names(self, rows: Sequence[Raw]) -> Names:
        """Charge codes, project codes and worker numbers of a page, in a handful of calls."""
        if not rows:
            return Names(legal_entity=self._legal_entity)
        stories = self._client.only("stories", _ids(rows, "story_id"))
        workspaces = self._client.only("workspaces", _ids(rows, "workspace_id"), include_archived="true")
        codes = {key: first_word(str(story.get("title"))) for key, story in stories.items()}
        ours = self._client.references("Workspace", workspaces)
        projects = {key: code for key, row in workspaces.items() if (code := project_code(row, ours.get(key, [])))}
        people = self._client.references("User", _ids(rows, "user_id"))
        workers = {key: number for key, mine in people.items() if (number := worker_number(mine))}
        return Names(codes, projects, workers, self._legal_entity)

    def _all_names(self) -> Names:
        """The same for everything in the account, as a snapshot needs."""
        codes = {str(row["id"]): first_word(str(row.get("title"))) for row in self._client.all("stories")}
        ours, people = self._client.referred(SUBJECT["project"]), self._client.referred(SUBJECT["resource"])
        rows = self._client.all("workspaces", {"include_archived": "true"})
        projects = {str(row["id"]): code for row in rows if (code := project_code(row, ours.get(str(row["id"]), [])))}
        workers = {key: number for key, mine in people.items() if (number := worker_number(mine))}
        return Names(codes, projects, workers, self._legal_entity)

    def _delivered(self, change: Change) -> Answer:
        return tried(change, WRITABLE, self.config.name, self._write)

    def _writer_of(self, change: Change) -> Writer | Invoicing:
        return self._invoicing if change.entity == INVOICE else self._writer

    def _invoices(self) -> Iterator[Observation]:
        """Invoices with the reference by which they are an ERP's, and the codes of their projects."""
        rows = list(self._client.all("invoices", {"include": "workspaces"}))
        references, names = (self._client.referred("Invoice"), self._all_names()) if rows else ({}, Names())
        for row in rows:
            mine = references.get(str(row.get("id")), [])
            observed = partial(observations.invoice_observation, references=mine, names=names)
            yield unreadable(INVOICE, row, "id", observed)

    def _write(self, change: Change) -> Acknowledgement:
        if change.action == "annotate":
            return self._ack(self._writer.annotate(change))
        internal, created = self._writer_of(change).upsert(change)
        return self._ack(internal, created)

    def _found(self, change: Change) -> Acknowledgement | None:
        """A change counts as made once all it would write is there: half a project is not."""
        try:
            writer = self._writer_of(change)
            found = writer.current(change)
        except TieoutError as error:
            if error.code in ("unmappable", "missing-field", "unknown-subject"):
                return None
            raise
        return self._ack(found[0]) if found and holds(found[1], writer.wanted(change)) else None

    def _ack(self, internal: str, created: bool | None = None) -> Acknowledgement:
        return Acknowledgement(self.config.name, internal, {"id": internal}, created=created)


def _ids(rows: Sequence[Raw], name: str) -> set[str]:
    return {str(row[name]) for row in rows if row.get(name)}
