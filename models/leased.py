"""A job that one process does at a time, wherever the others run, by a lease in the journal (E9)."""

from __future__ import annotations

import logging
import time
from typing import Protocol

from models.action_log import action

_log = logging.getLogger(__name__)


class Lease(Protocol):
    """The right to do a job; models.journal.leases gives one."""

    def hold(self, name: str, owner: str, seconds: float) -> bool: ...
    def release(self, name: str, owner: str) -> None: ...


class Leased:
    """A lease lasts `seconds`; the journal is asked again only once its last answer is `renewed` seconds old."""

    def __init__(self, lease: Lease, name: str, owner: str, seconds: float, renewed: float) -> None:
        self._lease, self._name, self._owner, self._seconds, self._renewed = lease, name, owner, seconds, renewed
        self._held: float | None = None

    def ours(self) -> bool:
        """Whether this process does the job now. Whoever held it and was away for longer than it lasts hears no first:
        another may have done the job meanwhile, and what is remembered of it counts no more.
        """
        asked, held = time.monotonic(), self._held
        if held is not None and asked - held <= self._renewed:
            return True
        away = held is not None and asked - held > self._seconds
        ours = not away and self._lease.hold(self._name, self._owner, self._seconds)
        self._held = asked if ours else None
        return ours

    def let_go(self) -> None:
        """Let another go on at once; it ends by itself where that fails."""
        try:
            self._lease.release(self._name, self._owner)
        except Exception as error:  # noqa: BLE001 - it must not hold up our end
            action(_log, logging.DEBUG, "lease.not_released", lease=self._name, why=error)
