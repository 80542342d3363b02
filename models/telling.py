"""A process tells the journal how each of its parts stands, every few seconds (X18)."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence

from models.action_log import action
from models.domain.beats import Beat
from models.turns import Turns

Tell = Callable[[str, str, Sequence[Beat]], None]
"""Takes a process, its role and its beats; `models.journal.heartbeats` has it."""
TELL_SECONDS = 5.0
_log = logging.getLogger(__name__)


class Telling:
    """Tells on a thread of its own, so that a part which is stuck keeps nobody from saying so."""

    def __init__(self, tell: Tell, process: str, role: str, beats: Callable[[], Sequence[Beat]]) -> None:
        self._tell, self._process, self._role, self._beats = tell, process, role, beats
        self._turns = Turns("telling", self._once)
        self.fault: str | None = None

    def parts(self) -> Mapping[str, str | None]:
        """Nothing of its own: silence tells of it."""
        return {}

    def start(self) -> None:
        self._turns.start()

    def stop(self, seconds: float) -> None:
        """Tell no more; a word under way has so many seconds to end."""
        self._turns.stop(seconds)

    def _once(self) -> float:
        try:
            self._tell(self._process, self._role, self._beats())
            self.fault = None
        except Exception as error:  # noqa: BLE001 - the journal may answer the next time
            if self.fault is None:
                action(_log, logging.WARNING, "heartbeat.not_told", why=error)
            self.fault = f"heartbeat: {error}"
        return TELL_SECONDS
