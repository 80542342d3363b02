"""A process tells the journal how each of its parts stands, every few seconds (X18)."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence

from models.action_log import action
from models.domain.beats import Beat

Tell = Callable[[str, str, Sequence[Beat]], None]
"""Takes a process, its role and its beats; `models.journal.heartbeats` has it."""
TELL_SECONDS = 5.0
_log = logging.getLogger(__name__)


class Telling:
    """Tells on a thread of its own, so that a part which is stuck keeps nobody from saying so."""

    def __init__(self, tell: Tell, process: str, role: str, beats: Callable[[], Sequence[Beat]]) -> None:
        self._tell, self._process, self._role, self._beats = tell, process, role, beats
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="telling", daemon=True)
        self.fault: str | None = None

    def parts(self) -> Mapping[str, str | None]:
        """Nothing of its own: silence tells of it."""
        return {}

    def start(self) -> None:
        self._thread.start()

    def stop(self, seconds: float) -> None:
        """Tell no more; a word under way has so many seconds to end."""
        self._stopping.set()
        self._thread.join(seconds)

    def _run(self) -> None:
        self._once()
        while not self._stopping.wait(TELL_SECONDS):
            self._once()

    def _once(self) -> None:
        try:
            self._tell(self._process, self._role, self._beats())
            self.fault = None
        except Exception as error:  # noqa: BLE001 - the journal may answer the next time
            if self.fault is None:
                action(_log, logging.WARNING, "heartbeat.not_told", why=error)
            self.fault = f"heartbeat: {error}"
