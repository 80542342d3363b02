"""Flows of real engines fail and are mended, and this is told of each, by a collector of its own: `make engines`.

`python -m tests.engines [--folder var/engines] [--home …]`; exit 1 when a case is not what it must be. With `--record`
the engines' own words are written as fixtures instead.
"""

from __future__ import annotations

import argparse
import signal
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.acceptance.collect.process import CollectorProcess
from tests.engines.engine import Engine, NodeRed, Prefect, ending, install
from tests.engines.firm import SYSTEMS, observations
from tests.engines.recording import record

CATALOGUE = Path(__file__).parent / "catalogue"
PATIENCE = 120
"""Seconds in which a case must come or go: on an idle machine it takes three."""


def main() -> int:
    """Let each engine fail about a record of its own and mend it; say what became of its case."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--folder", type=Path, default=Path("var/engines"), help="where the engines are installed")
    asked.add_argument("--home", type=Path, help="where the installation lives; default: beside the engines, and new")
    asked.add_argument("--record", type=Path, help="write what the engines send into this folder, and no more")
    said = asked.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that nothing outlives it
    folder = said.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    install(folder)
    if said.record:
        return record(folder, said.record.resolve())
    return _tried(folder, said.home or folder / f"home-{time.time():.0f}")


def _tried(folder: Path, home: Path) -> int:
    home.mkdir(parents=True)
    (home / "runs").mkdir()
    collector = CollectorProcess(
        home,
        TIEOUT_CATALOGUE=str(_catalogue(home)),
        TIEOUT_SYSTEMS=str(home / "catalogue" / "systems.toml"),
        TIEOUT_DETECT_SECONDS="1",
    )
    try:
        collector.start()
        status, answer, _ = collector.observe(observations(datetime.now(UTC)))
        assert status == 200, answer
        told = [
            _story(collector, Prefect(folder, collector.address), "ours-prefect/Post time", "TE-kantata-1", "800.00"),
            _story(
                collector,
                NodeRed(folder, home / "runs" / "node-red.jsonl"),
                "ours-node-red/Post time",
                "TE-kantata-2",
                "1200.00",
            ),
        ]
    finally:
        collector.close()
    return 0 if all(told) else 1


def _story(collector: CollectorProcess, started: Prefect | NodeRed, flow: str, entry: str, money: str) -> bool:
    """A run fails, and later one about the same entry does not."""
    with ending(started) as engine:
        return _failing(collector, engine, flow, entry, money) and _mending(collector, engine, flow, entry)


def _failing(collector: CollectorProcess, engine: Engine, flow: str, entry: str, money: str) -> bool:
    engine.run(f"time_entry:{entry}", refused=2)
    case = _until(lambda: _case(collector, flow, "open"))
    print(f"{flow}: {_words(case)}", flush=True)
    wanted = {"subject_key": entry, "owner": "finance", "money_kind": "billing_blocked"}
    wanted["worth"] = f'{{"EUR":"{money}"}}'
    return bool(case) and all(str(case[name]) == value for name, value in wanted.items())


def _mending(collector: CollectorProcess, engine: Engine, flow: str, entry: str) -> bool:
    engine.run(f"time_entry:{entry}", refused=0)
    case = _until(lambda: _case(collector, flow, "resolved"))
    print(f"{flow}: {_words(case)}", flush=True)
    return bool(case)


def _case(collector: CollectorProcess, flow: str, status: str) -> dict[str, Any]:
    asked = f"SELECT * FROM cases WHERE cause = 'foreign-failed' AND flow = '{flow}' AND status = '{status}'"
    return next(iter(collector.rows(asked)), {})


def _until(question: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    ends = time.monotonic() + PATIENCE
    while time.monotonic() < ends:
        if answer := question():
            return answer
        time.sleep(0.5)
    return {}


def _words(case: dict[str, Any]) -> str:
    if not case:
        return f"no such case within {PATIENCE} s"
    return f"{case['status']}: {case['title']} · {case['subject_key']} · {case['worth']}"


def _catalogue(home: Path) -> Path:
    """The catalogue beside this file, with its firm, whose log file is in the home."""
    made = home / "catalogue"
    made.mkdir()
    for file in CATALOGUE.glob("*.toml"):
        (made / file.name).write_text(file.read_text().replace("/var/node-red", str(home / "runs")))
    (made / "systems.toml").write_text(SYSTEMS)
    return made


if __name__ == "__main__":
    raise SystemExit(main())
