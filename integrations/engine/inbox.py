"""The inbox: what receivers took in is admitted like a polled page, each item once and in order (E11)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import sqlalchemy as sa
from pydantic import ValidationError

from integrations.engine.hints import Hints
from integrations.engine.routing import UNSTORABLE, Routing
from models.canonical.events import CloudEvent
from models.canonical.hint import is_hint
from models.domain.errors import Unmappable
from models.journal.inbox import INBOX, Item
from models.journal.inbox_queue import Waiting
from models.journal.ports.engine import EnginePort
from models.journal.runs.run import Arrival


class InboxAdmission:
    """Admits what waits in the inbox. Safe to repeat: an event that came by a poll before is recognised. A hint is
    admitted as what its system shows of it.
    """

    def __init__(self, journal: EnginePort, routing: Routing, hints: Hints, limit: int = 500) -> None:
        self._journal, self._routing, self._hints, self._limit = journal, routing, hints, limit

    def admit(self) -> int:
        """Admit everything that waits, but for what its system rests from on the way; how many runs were started or
        woken.
        """
        changed, resting = 0, set(self._hints.resting())
        while page := self._journal.inbox_queue.waiting(self._limit, sorted(resting)):
            if events := [one for one in page if not _hints(one)]:
                changed += self._page(events)
            hints = [one for one in page if _hints(one)]
            for system in dict.fromkeys(one.item.source for one in hints):
                mine = [one for one in hints if one.item.source == system]
                changed += self._hints.admit(system, mine, partial(self._gone, mine))
            resting.update(self._hints.resting())
        return changed

    def _page(self, page: Sequence[Waiting]) -> int:
        """One odd item holds up no neighbour: where a page cannot be kept, each of its items is admitted alone."""
        try:
            return self._admitted(page, [self._arrival(one.item) for one in page])
        except UNSTORABLE as error:
            if len(page) > 1:
                return sum(self._page([one]) for one in page)
            reason = getattr(error, "orig", error)
            refusal = Unmappable(f"the journal cannot keep what it holds: {reason}", "", code="unstorable")
            return self._admitted(page, [self._refused(page[0].item, refusal)])

    def _admitted(self, page: Sequence[Waiting], arrivals: Sequence[Arrival]) -> int:
        admitted = self._journal.runs.admit(arrivals, partial(self._gone, page))
        return len(admitted.started) + len(admitted.woken)

    def _gone(self, page: Sequence[Waiting], connection: sa.Connection) -> None:
        """What joins the admission: the items leave the inbox, and dead letters end whose bodies were put back."""
        self._journal.inbox_queue.admitted(connection, [one.position for one in page])
        for source in sorted({one.item.source for one in page}):
            came = {one.item.item_id for one in page if one.item.source == source}
            self._journal.runs.shown(connection, source, INBOX, came, False)

    def _arrival(self, item: Item) -> Arrival:
        if item.refusal is not None:
            code, message, field = item.refusal
            return self._refused(item, Unmappable(message, field or "", code=code))
        try:
            event = CloudEvent.model_validate(item.body)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            path = ".".join(str(part) for part in first["loc"])
            return self._refused(item, Unmappable(f"no CloudEvent at {path}: {first['msg']}", path, code="no-event"))
        if event.traceparent is None:
            event = event.model_copy(update={"traceparent": item.traceparent})
        return self._routing.arrival(event)

    def _refused(self, item: Item, error: Unmappable) -> Arrival:
        return self._routing.rejected(item.source, INBOX, item.item_id, item.body, error, item.received_at)


def _hints(one: Waiting) -> bool:
    return one.item.refusal is None and is_hint(one.item.body)
