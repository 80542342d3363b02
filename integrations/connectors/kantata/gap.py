"""A gap: the feed was left unread for longer than Kantata keeps it, so what happened in between is read from the lists
instead.

The lists show every entry as it stands now and not how it came there: an approved one comes as approved, one that was
there before and is not approved now as reversed, and what stands in the ERP decides whether that changes anything. What
was deleted left no trace, and an exception says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from integrations.connectors.kantata.client import KantataClient
from integrations.connectors.rows import Rejected, Row
from integrations.connectors.watermark import Watermark
from models.domain.errors import Unmappable

RETENTION = timedelta(days=9)
"""How long the vendor keeps an event (wire facts: README.md)."""
SLACK = timedelta(hours=1)
"""How far behind the edge of what is kept the feed is taken up again: the lists are read meanwhile, and the edge moves
on.
"""
RESTED = timedelta(days=1)
"""How far a mark may fall behind in a feed that says nothing; far more than an event may show late."""
LISTS = {"time_entry": "time_entries", "expense": "expenses"}
Raw = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Gap:
    """Up to `read` the feed was read, for certain up to `since` (an event may show late); from `until` on it can be."""

    since: datetime
    read: datetime
    until: datetime

    @classmethod
    def after(cls, mark: Watermark, overlap: timedelta, now: datetime) -> Gap | None:
        """The gap between a mark and what the feed still has; None where they meet."""
        since, edge = mark.start(overlap), now - RETENTION
        return (
            cls(since, mark.high, edge + overlap + SLACK)
            if since is not None and mark.high is not None and mark.high < edge
            else None
        )

    def events(self, client: KantataClient) -> Iterator[Raw]:
        """What changed since, in the feed's words. All at once: a gap is rare, and the lists number their pages, not
        their changes.
        """
        for kind, plural in LISTS.items():
            for row in client.all(plural, {"updated_after": self.since.isoformat(timespec="seconds")}):
                # Not every list is known to heed the filter, and what is older was read before or is none of our
                # business.
                if (changed := _instant(row, "updated_at")) is None or changed >= self.since:
                    yield from self._event(kind, row)

    def rejected(self, system: str) -> Rejected:
        """What nobody can read any more, as an exception of its own."""
        message = (
            f"the event feed of {system} was not read from {_day(self.since)} until after {_day(self.until)} UTC, "
            f"and it keeps {RETENTION.days} days: what changed was read from its lists instead, but entries that were "
            "deleted in that time left no trace there. Compare the postings of that time with "
            f"{system}, reverse those whose entry is gone, then cancel this with a reason"
        )
        row = {"since": self.since.isoformat(), "until": self.until.isoformat()}
        return f"gap:{self.since:%Y%m%dT%H%M%S}", row, Unmappable(message, "subscribed_events", code="feed-gap")

    def following(self) -> Watermark:
        """Where the feed is taken up again."""
        return Watermark(self.until)

    def _event(self, kind: str, row: Raw) -> Iterator[Raw]:
        event = {"event_type": f"{kind}:updated", "subject_changed_at": row.get("updated_at"), "current_payload": row}
        if row.get("approved"):
            yield {**event, "previous_payload": None}
        elif (
            created := _instant(row, "created_at")
        ) is None or created <= self.read:  # a reversal too many finds nothing to reverse
            yield {**event, "previous_payload": {**row, "approved": True}}


def rested(mark: Watermark, overlap: timedelta, now: datetime) -> Watermark:
    """The mark after a feed was read to its end: one that says nothing for long was read all the same, and leaves no
    gap.
    """
    quiet = now - RESTED
    return mark if mark.high is not None and mark.high >= quiet else Watermark(quiet, mark.seen).moved((), overlap)


def _instant(row: Raw, name: str) -> datetime | None:
    """None where it is missing or unreadable: such a row is read rather than left out."""
    try:
        return Row(row, sparse=True).opt_instant(name)
    except Unmappable:
        return None


def _day(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M}"
