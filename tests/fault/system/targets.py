"""What can be killed in an installation that runs, and how each shows that it is back."""

from __future__ import annotations

import os
import random
import re
import signal
import time
from abc import ABC, abstractmethod
from pathlib import Path

from tests.acceptance.system.demonstration import Demonstration
from tests.fault.system.load import Load, answer
from tests.fault.system.vendors import Firm

_AGE = re.compile(r'^tieout_part_age_seconds\{part="marts"\} (\S+)$', re.MULTILINE)
_MERGING_SECONDS = 0.3


class Target(ABC):
    """One process of an installation."""

    def __init__(self, installation: Demonstration, firm: Firm, load: Load, chance: random.Random) -> None:
        self.installation, self.firm, self.load, self.chance = installation, firm, load, chance
        self.killed_at = 0.0

    def kill(self) -> bool:
        """End it without a word; False where it is not there to be killed."""
        try:
            if (number := self.number()) is None:
                return False
            os.kill(number, signal.SIGKILL)
        except (ProcessLookupError, FileNotFoundError, ValueError):  # ValueError: its file is being written
            return False
        self.killed_at = time.monotonic()
        return True

    @abstractmethod
    def number(self) -> int | None:
        """The process to kill, once its moment has come."""

    @abstractmethod
    def back(self) -> bool:
        """Whether who waits for its work has it again, of what came after the kill."""


class Engine(Target):
    """Back is who has posted what was booked since."""

    _since: str | None = None

    def number(self) -> int:
        self._since = None
        return self.installation.pid("engine")

    def back(self) -> bool:
        self._since = self._since or self.load.book()
        return self._since in self.firm.billed()


class Collector(Target):
    """Back is who acknowledges."""

    def number(self) -> int | None:
        return self.installation.pid("collect")

    def back(self) -> bool:
        return self.load.send()


class Maintenance(Collector):
    """The collector, while it merges small files."""

    _read: int | None = None

    def number(self) -> int | None:
        if b"action=maintenance.begun" not in self._fresh():
            return None
        self._read = None
        time.sleep(self.chance.uniform(0, _MERGING_SECONDS))
        return super().number()

    def _fresh(self) -> bytes:
        """What was logged since the last look; nothing at the first."""
        with open(self.installation.home / "log" / "collect.log", "rb") as log:
            end = log.seek(0, os.SEEK_END)
            begin, self._read = self._read, end
            if begin is None:
                return b""
            log.seek(min(begin, end))
            return log.read(end - min(begin, end))


class Console(Target):
    """Back is who answers."""

    def number(self) -> int:
        return self.installation.pid("console")

    def back(self) -> bool:
        return answer(f"http://127.0.0.1:{self.installation.console}/healthz") is not None


class Detection(Target):
    """The process that derives marts and looks for what is wrong; back is who has ended a turn since."""

    def number(self) -> int | None:
        children = _children(self.installation.pid("collect"))
        return next((one for one in children if b"collectors.detecting" in _words(one)), None)

    def back(self) -> bool:
        told = answer(f"http://127.0.0.1:{self.installation.otlp}/metrics")
        since = time.monotonic() - self.killed_at
        age = _AGE.search(told.decode()) if told else None
        return age is not None and float(age[1]) < since


TARGETS: dict[str, type[Target]] = {
    "engine": Engine,
    "collector": Collector,
    "console": Console,
    "detection": Detection,
    "maintenance": Maintenance,
}


def _children(number: int) -> list[int]:
    tasks = Path(f"/proc/{number}/task").iterdir()
    return [int(child) for task in tasks for child in (task / "children").read_text().split()]


def _words(number: int) -> bytes:
    return Path(f"/proc/{number}/cmdline").read_bytes()
