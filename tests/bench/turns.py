"""Turns of marts and detectors in the home that TIEOUT_HOME names, one for each line that comes, as the collector's
child takes them.

`python tests/bench/turns.py` imports nothing of its own checkout: what it loads is the Tieout that comes first on
PYTHONPATH. A line says `turn`, or `detect` for all detectors from nothing. Each answer is one line of JSON.
"""

from __future__ import annotations

import importlib
import json
import resource
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import collectors.detecting as detecting
import models
from models.domain.clock import SystemClock
from models.settings import read_settings


class Turns:
    """Turns as this release takes them."""

    def __init__(self) -> None:
        from models.catalogue import load_catalogue

        self._settings = read_settings()
        self._catalogue, self._reported = load_catalogue(self._settings), dict[str, str]()
        self._detecting = detecting.Detecting(self._settings, self._catalogue, SystemClock())

    def turn(self) -> dict[str, Any]:
        from collectors.detectors.turn import Turn

        asked = Turn(service_levels=self._catalogue.service_levels, reported=dict(self._reported))
        found = self._detecting.found(asked)
        self._reported |= found.digests
        return _told(found.findings, found.failed)

    def detect(self) -> dict[str, Any]:
        from collectors.detectors.run import run_all
        from collectors.detectors.turn import Turn

        connection = self._detecting._connection
        found = run_all(connection, Turn(service_levels=self._catalogue.service_levels), SystemClock())
        return _told(found.findings, found.failed)


class TurnsOfBefore:
    """Turns as 0.1.0 took them: the child had a journal to report to."""

    def __init__(self) -> None:
        self._reports: Mapping[str, Sequence[Any]] = {}
        self.cases = self.throttle = self
        made: Any = detecting.Detecting
        self._detecting = made(read_settings(), SystemClock(), self)

    def report_all(self, reports: Mapping[str, Sequence[Any]], rates: object = None) -> None:
        self._reports = reports

    def circuits(self) -> dict[str, Any]:
        return {}

    def turn(self) -> dict[str, Any]:
        self._detecting.turn()
        return _told(self._reports, {})

    def detect(self) -> dict[str, Any]:
        run = importlib.import_module("collectors.detectors.run")
        run.run_all(self._detecting._connection, self, SystemClock(), SystemClock())
        return _told(self._reports, {})


def _told(reports: Mapping[str, Sequence[Any]], failed: Mapping[str, str]) -> dict[str, Any]:
    return {"found": sum(len(found) for found in reports.values()), "failed": dict(failed)}


def main() -> None:
    turns = Turns() if hasattr(detecting.Detecting, "found") else TurnsOfBefore()
    print(json.dumps({"loaded": str(Path(models.__file__).resolve().parents[1])}), flush=True)
    for line in sys.stdin:
        cpu, began = time.process_time(), time.perf_counter()
        told = turns.detect() if line.strip() == "detect" else turns.turn()
        told |= {"cpu_s": round(time.process_time() - cpu, 3), "s": round(time.perf_counter() - began, 3)}
        told["peak_mib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        print(json.dumps(told), flush=True)


if __name__ == "__main__":
    main()
