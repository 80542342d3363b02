"""Kantata's feed of subscribed events, read so that late, doubled and out-of-order events are each taken once.

The feed is ordered by the moment an event became visible. Each poll anchors on the last event it knows: where that
still stands at its place, nothing came in before it and only what follows is read; otherwise the overlap is read again
whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from integrations.connectors.kantata.client import PAGE, Envelope, KantataClient
from integrations.connectors.kantata.gap import LISTS, rested
from integrations.connectors.rows import Row
from integrations.connectors.watermark import Watermark
from models.domain.errors import Unmappable

TYPES = ",".join(f"{kind}:{verb}" for kind in ("time_entry", "expense") for verb in ("created", "updated", "deleted"))
Raw = Mapping[str, Any]


class Feed:
    """Events after a watermark."""

    def __init__(self, client: KantataClient, overlap: timedelta) -> None:
        self._client, self._overlap = client, overlap

    def after(self, mark: Watermark, limit: int, now: datetime) -> tuple[list[Raw], Watermark, bool]:
        """Unseen events (with their payloads), the watermark after them, and whether more wait."""
        known = sorted(mark.seen.items(), key=lambda one: (one[1], len(one[0]), one[0]))
        fresh: list[Raw] = []
        more = False
        for envelope in self._envelopes(mark, [name for name, _ in known]):
            rows = [_subject(event, envelope) for event in envelope.rows if mark.fresh(str(event.get("id")))]
            fresh += [row for row in rows if all(row.get("id") != other.get("id") for other in fresh[-PAGE:])]
            if more := len(fresh) >= limit:
                break
        moved = mark.moved(_marks(fresh), self._overlap)
        return fresh, moved if more else rested(moved, self._overlap, now), more

    def _envelopes(self, mark: Watermark, known: Sequence[str]) -> Iterator[Envelope]:
        offset = max(len(known) - 1, 0)
        first = self._page(mark, offset)
        if known and [str(row.get("id")) for row in first.rows[:1]] != [known[-1]]:
            offset, first = 0, self._page(mark, 0)
        yield first
        while (offset := offset + PAGE) < first.count:
            yield self._page(mark, offset)

    def _page(self, mark: Watermark, offset: int) -> Envelope:
        query: dict[str, Any] = {
            "event_types": TYPES,
            "order": "created_at:asc",
            "limit": PAGE,
            "offset": offset,
            "include": "subject",
            "optional_fields": "previous_payload,current_payload",
        }
        since = mark.start(self._overlap)
        return self._client.page(
            "subscribed_events", query | ({"created_after": since.isoformat(timespec="seconds")} if since else {})
        )


def kind_of(event: Raw) -> str:
    return str(event.get("event_type")).split(":")[0]


def _subject(event: Raw, envelope: Envelope) -> Raw:
    """An event with its payload; where the account sends none, the side-loaded subject stands in."""
    if "current_payload" in event:
        return event
    ref = event.get("subject_ref") or {}
    return {**event, "current_payload": envelope.side(LISTS.get(kind_of(event), "")).get(str(ref.get("id")))}


def _marks(events: Sequence[Raw]) -> Iterator[tuple[str, Any]]:
    for event in events:
        try:
            yield str(event.get("id")), Row(event, sparse=True).instant("created_at")
        except Unmappable:
            # It was handed on as rejected already; without a time it cannot move the watermark.
            continue
