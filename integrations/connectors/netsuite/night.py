"""How far the reading of a night came: everything is read once after an hour of the account's own day."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta

from integrations.connectors.netsuite.dates import AccountZone
from models.domain.errors import Misconfigured


@dataclass(frozen=True, slots=True)
class Night:
    """`began` is when the newest reading began (none: there was none yet), `after` the id that it goes on from."""

    began: datetime | None = None
    after: int = 0
    ended: bool = True

    @classmethod
    def parse(cls, text: str | None) -> Night:
        """The place that `text` says; raises Misconfigured when it was not written by `text()`."""
        if not text:
            return cls()
        try:
            body = json.loads(text)
            began = datetime.fromisoformat(body["began"]) if body["began"] else None
            return cls(began, int(body["after"]), bool(body["ended"]))
        except (ValueError, KeyError, TypeError) as error:
            raise Misconfigured(
                f"the cursor {text[:80]!r} is unreadable ({error}): reset the stream's cursor to begin again"
            ) from error

    def text(self) -> str:
        began = self.began.isoformat() if self.began else None
        return json.dumps({"began": began, "after": self.after, "ended": self.ended}, separators=(",", ":"))

    def due(self, now: datetime, zone: AccountZone, hour: int) -> datetime | None:
        """When the reading that is to be gone on with began; None while there is nothing to read."""
        if self.began is not None and not self.ended:
            return self.began
        since = timedelta(hours=hour)
        if self.began is not None and zone.day(now - since) <= zone.day(self.began - since):
            return None
        return now
