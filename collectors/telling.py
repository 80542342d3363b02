"""The collector tells the journal how each of its parts stands, every few seconds (X18)."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from models.action_log import action
from models.domain.beats import Beat
from models.presence import COLLECTOR

_log = logging.getLogger(__name__)
TELL_SECONDS = 5.0


class Heartbeats(Protocol):
    """What is needed of the journal; models.journal.heartbeats gives it."""

    def tell(self, process: str, role: str, beats: Sequence[Beat]) -> None: ...


class Telling:
    """Tells on a thread of its own, so that a part which is stuck keeps nobody from saying so."""

    def __init__(self, heartbeats: Heartbeats, process: str, beats: Callable[[], Sequence[Beat]]) -> None:
        self._heartbeats, self._process, self._beats = heartbeats, process, beats
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="telling", daemon=True)
        self.fault: str | None = None

    def parts(self) -> Mapping[str, str | None]:
        """Nothing of its own: silence tells of it."""
        return {}

    def start(self) -> None:
        self._thread.start()

    def stop(self, seconds: float) -> None:
        self._stopping.set()
        self._thread.join(seconds)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._heartbeats.tell(self._process, COLLECTOR, self._beats())
                self.fault = None
            except Exception as error:  # noqa: BLE001 - the journal may answer the next time
                self.fault = f"heartbeat: {error}"
                action(_log, logging.WARNING, "heartbeat.not_told", why=error)
            self._stopping.wait(TELL_SECONDS)
