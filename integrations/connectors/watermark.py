"""A place in a source that is read by time of change, with an overlap for rows that become visible late."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from models.domain.errors import Misconfigured


@dataclass(frozen=True, slots=True)
class Watermark:
    """Everything up to `high` was read, and of the overlap before it the rows in `seen` (mark -> epoch milliseconds).

    A mark names one version of one row, so that the overlap repeats nothing and a changed row is read again.
    """

    high: datetime | None = None
    seen: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str | None) -> Watermark:
        """The place that `text` says; raises Misconfigured when it was not written by `text()`."""
        if not text:
            return cls()
        try:
            body = json.loads(text)
            return cls(datetime.fromisoformat(body["high"]) if body["high"] else None, dict(body["seen"]))
        except (ValueError, KeyError, TypeError) as error:
            raise Misconfigured(
                f"the cursor {text[:80]!r} is unreadable ({error}): reset the stream's cursor to begin again"
            ) from error

    def text(self) -> str:
        return json.dumps(
            {"high": self.high.isoformat() if self.high else None, "seen": self.seen}, separators=(",", ":")
        )

    def start(self, overlap: timedelta) -> datetime | None:
        """From when to ask the source; None means from the beginning."""
        return self.high - overlap if self.high else None

    def fresh(self, mark: str) -> bool:
        return mark not in self.seen

    def moved(self, read: Iterable[tuple[str, datetime]], overlap: timedelta) -> Watermark:
        """The place after these rows; marks older than the overlap are forgotten."""
        marks = dict(self.seen)
        high = self.high
        for mark, instant in read:
            marks[mark] = millis(instant)
            high = instant if high is None or instant > high else high
        floor = millis(high - overlap) if high else 0
        return Watermark(high, {mark: at for mark, at in marks.items() if at >= floor})


def millis(instant: datetime) -> int:
    """Epoch milliseconds of an instant, exactly."""
    return (instant - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
