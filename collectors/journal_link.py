"""The collector's link to the journal: opened as soon as it can be, while ingest goes on without it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence

from collectors.receivers.contract import Work
from models.action_log import action
from models.domain.errors import Retriable
from models.journal.inbox import Appended, Item
from models.journal.ports.reporter import ReporterPort

_log = logging.getLogger(__name__)
RETRY_SECONDS = 2.0


class JournalLink:
    """Opens the journal on a thread of its own, then starts what `works` makes of it; its inbox takes events then."""

    def __init__(self, opening: Callable[[], ReporterPort], works: Callable[[ReporterPort], Sequence[Work]]) -> None:
        self._opening, self._make = opening, works
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._open, name="journal-link", daemon=True)
        self._journal: ReporterPort | None = None
        self._works: Sequence[Work] = ()
        self._fault: str | None = None

    @property
    def faults(self) -> list[str]:
        """What hinders the journal or what works on it, at the moment."""
        return [fault for fault in (self._fault, *(work.fault for work in self._works)) if fault]

    @property
    def works(self) -> Sequence[Work]:
        """What works on it, once it is open."""
        return self._works

    def parts(self) -> dict[str, str | None]:
        """What hinders the journal, and each part of what works on it."""
        parts: dict[str, str | None] = {"journal": self._fault}
        for work in self._works:
            parts |= work.parts()
        return parts

    def append(self, items: Sequence[Item]) -> Appended:
        """Keep these items for admission; durable once this returns, known ones are kept once.

        Raises Retriable while the journal is not open.
        """
        if self._journal is None:
            raise Retriable(self._fault or "the journal is being opened: send again")
        return self._journal.inbox.append(items)

    def start(self) -> None:
        self._thread.start()

    def stop(self, seconds: float) -> None:
        self._stopping.set()
        self._thread.join(seconds)
        for work in self._works:
            work.stop(seconds)
        if self._journal is not None:
            self._journal.close()

    def _open(self) -> None:
        """Until the journal is open and its works run. Whatever hinders it shows on /healthz: a thread that ends would
        leave it unsaid.
        """
        while not self._stopping.is_set():
            try:
                self._begin()
            except Exception as error:  # noqa: BLE001 - see above
                why = str(error) or type(error).__name__
                self._fault = f"journal: {why}"
                action(_log, logging.WARNING, "journal.not_opened", why=why)
                self._stopping.wait(RETRY_SECONDS)
            else:
                self._fault = None
                return

    def _begin(self) -> None:
        if self._journal is None:
            self._journal = self._opening()
        works = self._make(self._journal)
        for work in works:
            work.start()
        self._works = works
