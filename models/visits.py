"""Whether anybody looks: the console notes it, and what works for people's eyes alone may rest while nobody does."""

from __future__ import annotations

import time
from pathlib import Path

NOTED_SECONDS = 5.0


class Visits:
    """Visits of one installation, whichever process notes or asks: a file that is touched. Wall time."""

    def __init__(self, folder: Path) -> None:
        self._file, self._noted = folder / "visited", float("-inf")

    def note(self) -> None:
        """Somebody looks now; written down every few seconds at most."""
        if time.monotonic() - self._noted >= NOTED_SECONDS:
            self._noted = time.monotonic()
            self._file.parent.mkdir(parents=True, exist_ok=True)
            self._file.touch()

    def within(self, seconds: float) -> bool:
        """Whether somebody looked in the last so many seconds."""
        try:
            return time.time() - self._file.stat().st_mtime < seconds
        except FileNotFoundError:
            return False
