"""kill -9 of a real collector while a log is written, rotated, cut, compressed: each line is in the lake once (C2)."""

from __future__ import annotations

import gzip
import os
import random
import shutil
import threading
import time
from pathlib import Path

import orjson
import pytest

pytestmark = [pytest.mark.req("C2"), pytest.mark.processes]
SEED = int(os.environ.get("LOGS_SEED", random.SystemRandom().getrandbits(32)))
CATALOGUE = """
[[log]]
name = "sync"
files = ["{folder}/sync.log*"]
service = "acme-sync"
"""


class Service:
    """Writes numbered lines, and turns its log now and then as logrotate does; leftovers stay.

    `pause` is what lies between two writes, in seconds.
    """

    def __init__(self, folder: Path, chance: random.Random) -> None:
        self.log, self.written, self.ended = folder / "sync.log", 0, threading.Event()
        self._chance, self._kept, self.pause = chance, 0, 0.5
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def end(self) -> None:
        self.ended.set()
        self._thread.join()

    def _run(self) -> None:
        while not self.ended.is_set():
            with open(self.log, "ab") as log:
                for _ in range(self._chance.randrange(1, 200)):
                    text = f"{self.written}" + " x" * self._chance.randrange(60)
                    log.write(orjson.dumps({"time": "2026-11-30T10:00:00Z", "level": "info", "message": text}) + b"\n")
                    self.written += 1
            if self._chance.random() < 0.1:
                self._rotate()
            self.ended.wait(self.pause)

    def _rotate(self) -> None:
        self._kept += 1
        left = Path(f"{self.log}.{self._kept}")
        if self._chance.random() < 0.5:
            self.log.rename(left)
        else:
            shutil.copy(self.log, left)
            os.truncate(self.log, 0)
        if self._chance.random() < 0.5:
            with gzip.open(f"{left}.gz", "wb") as packed:
                packed.write(left.read_bytes())
            left.unlink()


def test_a_collector_killed_again_and_again_reads_each_line_once(new_collector, tmp_path):
    print(f"LOGS_SEED={SEED}")
    chance, folder, catalogue = random.Random(SEED), tmp_path / "logs", tmp_path / "catalogue"
    for one in (folder, catalogue):
        one.mkdir()
    (catalogue / "logs.toml").write_text(CATALOGUE.format(folder=folder))
    collector = new_collector(TIEOUT_CATALOGUE=str(catalogue))
    service, pause = Service(folder, chance), threading.Event()
    for _ in range(2):
        collector.start()
        service.pause = 0.01
        pause.wait(chance.uniform(0.3, 1.2))
        collector.kill()
        service.pause = 0.5
    service.end()
    collector.start()
    asked = "select split_part(body, ' ', 1) as n, count(*) as times from logs group by all"
    end = time.monotonic() + 40
    while time.monotonic() < end:
        found = {int(row["n"]): row["times"] for row in collector.rows(asked)}
        if len(found) >= service.written:
            break
        pause.wait(0.1)
    assert {number: found.get(number, 0) for number in range(service.written) if found.get(number) != 1} == {}
    assert collector.rows("select count(*) as n from quarantine") == [{"n": 0}]
    assert collector.rows("select distinct service_name from logs") == [{"service_name": "acme-sync"}]
    assert collector.health()["faults"] == []
    assert collector.terminate() == 0
