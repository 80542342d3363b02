"""What a day's quota of calls still allows (S10)."""

from __future__ import annotations

from integrations.contracts.connector import Connector
from integrations.contracts.metering import TALLY
from models.domain.errors import Retriable
from models.journal.ports.engine import EnginePort

KEPT = 2
"""A full reading takes at most one in so many of the calls that are left: the rest is for the flows."""


class SweepWaits(Retriable):
    """Too few calls are left today for a full reading: it is made when there are more; nothing was called for it."""


class Quota:
    """The calls of all engines, by system and day."""

    def __init__(self, journal: EnginePort) -> None:
        self._journal = journal

    def note(self) -> None:
        """Hand what this process called to the journal."""
        made = TALLY.drained()
        self._journal.calls.note({name: (one.calls, one.used, one.allowed) for name, one in made.items()})

    def left(self, connector: Connector) -> int | None:
        """Calls that may still be made of a system today, by all engines together; None where no limit is known."""
        self.note()
        today = self._journal.calls.today().get(connector.config.name)
        return today.left(connector.config.policy.daily_calls) if today else None


def waits(system: str, left: int | None, calls: int | None) -> SweepWaits | None:
    """Why a reading that takes about so many calls must wait, if it must, so that as many are left for the flows."""
    about = calls or 1
    if left is None or about * KEPT <= left:
        return None
    return SweepWaits(
        f"{left:,} calls of {system} are left today and a full reading takes about {about:,}: it waits, so that the "
        "flows can go on; ask the vendor for more calls or take snapshots less often"
    )
