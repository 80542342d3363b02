"""Log files of one service in a folder, and a collector's followers on a lake in memory, turn by turn."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from collectors.pipeline.commits import Commits
from collectors.tailing.following import Following
from collectors.tailing.tail import Patience
from models.catalogue.logs import LogFormat, LogSource
from tests.catalogues import packaged_formats
from tests.unit.collect.memory_lake import MemoryLake

PATIENCE = Patience(record=2.0, line=60.0, rotated=10.0)
NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)


class FixedClock:
    def now(self) -> datetime:
        return NOW


def source(folder: Path, kind: str | LogFormat = "json", glob: str = "app*", **more: Any) -> LogSource:
    """A source over a folder, of a packaged format by its name."""
    shape = packaged_formats()[kind] if isinstance(kind, str) else kind
    if "inside" in more:
        more["inside"] = packaged_formats()[more["inside"]]
    return LogSource("app", (f"{folder}/{glob}",), shape, more.pop("service", "billing"), **more)


def berlin() -> ZoneInfo:
    return ZoneInfo("Europe/Berlin")


class World:
    """`folder` holds the logs, `lake` what landed; time is moved by hand."""

    def __init__(self, home: Path, *sources: LogSource) -> None:
        self.sources = sources
        self.lake = MemoryLake()
        self.time = 1000.0
        self._file = home / "places.json"
        self.restart()

    def restart(self, commits: Commits | None = None) -> None:
        """A collector that knows what is on disk and in the lake, nothing more."""
        given = commits or Commits(lambda: self.lake)
        self.following = Following(self.sources, self._file, given, "logs", FixedClock(), 1.0, PATIENCE)

    def turns(self, seconds: float = 3.0) -> None:
        """A turn each second."""
        for _ in range(max(int(seconds), 1)):
            self.time += 1.0
            while self.following.turn(self.time):
                pass

    def settled(self) -> None:
        """Until everything that there is has been read, whatever it ends with."""
        self.turns(75)

    def logs(self) -> list[dict[str, Any]]:
        return self.lake.rows("logs")

    def bodies(self) -> list[str]:
        return [row["body"] for row in self.logs()]

    def counts(self) -> Counter[str]:
        return Counter(self.bodies())

    def refused(self) -> list[dict[str, Any]]:
        return self.lake.rows("quarantine")

    def fault(self) -> str | None:
        return self.following.parts()["logs app"]


def line(text: str, **more: Any) -> bytes:
    """One JSON line."""
    return orjson.dumps({"time": "2026-11-30T10:00:00Z", "level": "info", "message": text, **more}) + b"\n"


def lines(texts: Sequence[str]) -> bytes:
    return b"".join(map(line, texts))


def write(file: Path, content: bytes) -> None:
    with open(file, "ab") as opened:
        opened.write(content)
