"""Flows of real engines fail, are replayed by their endpoints, and this is told of each, by a collector and an engine
of its own: `make engines`.

`python -m tests.engines [--folder var/engines] [--home …]`; exit 1 when a case is not what it must be. With `--record`
the engines' own words are written as fixtures instead.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.acceptance.collect.process import CollectorProcess
from tests.engines.engine import Engine, NodeRed, Prefect, ending, install
from tests.engines.firm import SYSTEMS, observations
from tests.engines.receiving import receiving
from tests.engines.recording import record

CATALOGUE = Path(__file__).parent / "catalogue"
SECRET = "whsec_" + base64.b64encode(os.urandom(32)).decode()
PATIENCE = 400
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
    (home / "runs").mkdir(parents=True)
    (home / "systems.toml").write_text(SYSTEMS)
    catalogue = home / "catalogue"
    collector = CollectorProcess(
        home,
        TIEOUT_CATALOGUE=str(catalogue),
        TIEOUT_SYSTEMS=str(home / "systems.toml"),
        TIEOUT_DETECT_SECONDS="1",
    )
    prefect = Prefect(folder, collector.address)
    with (
        ending(prefect),
        ending(NodeRed(folder, home / "runs" / "node-red.jsonl", SECRET)) as red,
        receiving(SECRET, lambda key: prefect.run(key, refused=0)) as address,
    ):
        _catalogue(catalogue, home, {"PREFECT": address, "NODE_RED": red.home})
        try:
            collector.start()
            status, answer, _ = collector.observe(observations(datetime.now(UTC)))
            assert status == 200, answer
            with _engine(home, catalogue):
                told = [
                    _story(collector, prefect, "ours-prefect/Post time", "TE-kantata-1", "800.00"),
                    _story(collector, red, "ours-node-red/Post time", "TE-kantata-2", "1200.00"),
                ]
        finally:
            collector.close()
    return 0 if all(told) else 1


def _story(collector: CollectorProcess, engine: Engine, flow: str, entry: str, money: str) -> bool:
    """A run fails; its endpoint is asked to run it again, and then it does not."""
    return _failing(collector, engine, flow, entry, money) and _replayed(collector, flow, entry)


def _failing(collector: CollectorProcess, engine: Engine, flow: str, entry: str, money: str) -> bool:
    engine.run(f"time_entry:{entry}", refused=2)
    case = _until(lambda: _case(collector, flow, "open"))
    print(f"{flow}: {_words(case)}", flush=True)
    wanted = {"subject_key": entry, "owner": "finance", "money_kind": "billing_blocked"}
    wanted["worth"] = f'{{"EUR":"{money}"}}'
    return bool(case) and all(str(case[name]) == value for name, value in wanted.items())


def _replayed(collector: CollectorProcess, flow: str, entry: str) -> bool:
    """By the command line as an operator does it: preview, then replay, which ends once the case is closed."""
    case_id = _case(collector, flow, "open")["case_id"]
    (seen,) = _tieout(collector.home, "replay", "--case", case_id, "--preview")["runs"]
    (step,) = seen["steps"]
    fields = {field["field"]: field["wanted"] for field in step["fields"]}
    print(f"{flow}: preview: {step['system']} {step['outcome']} {json.dumps(fields)[:150]}", flush=True)
    begun = time.monotonic()
    answer = _tieout(
        collector.home, "replay", "--case", case_id, "--reason", "the ERP takes it now", "--wait", str(PATIENCE)
    )
    took = time.monotonic() - begun
    case = _until(lambda: _case(collector, flow, "resolved"))
    print(f"{flow}: replayed by its endpoint, {took:.1f} s until it had succeeded there; {_words(case)}", flush=True)
    counted = {name: answer[name] for name in ("replayed", "settled", "failed", "unheard")}
    return bool(case) and counted == {"replayed": 1, "settled": 1, "failed": 0, "unheard": 0}


def _tieout(home: Path, *words: str) -> dict[str, Any]:
    """What a command prints, as JSON."""
    own = {"TIEOUT_HOME": str(home), "TIEOUT_CATALOGUE": str(home / "catalogue")}
    command = [str(Path(sys.executable).with_name("tieout")), *words]
    said = subprocess.run(command, env={**os.environ, **own}, capture_output=True, text=True, check=False)
    if said.returncode:
        raise SystemExit(f"tieout {' '.join(words)}: {said.returncode}: {said.stdout} {said.stderr}")
    answer: dict[str, Any] = json.loads(said.stdout)
    return answer


@contextmanager
def _engine(home: Path, catalogue: Path) -> Iterator[None]:
    """Our own engine: it is connected to nothing but the two endpoints."""
    own = {"TIEOUT_HOME": str(home), "TIEOUT_CATALOGUE": str(catalogue), "ENDPOINT_SECRET": SECRET}
    with (home / "engine.log").open("wb") as log:
        process = subprocess.Popen([sys.executable, "-m", "integrations.engine"], env={**os.environ, **own}, stderr=log)
        try:
            yield
        finally:
            process.terminate()
            process.wait(30)


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


def _catalogue(made: Path, home: Path, addresses: Mapping[str, str]) -> None:
    """The catalogue beside this file, whose log file is in the home, and whose endpoints are at these addresses."""
    made.mkdir()
    for file in CATALOGUE.glob("*.toml"):
        text = file.read_text().replace("/var/node-red", str(home / "runs"))
        for name, address in addresses.items():
            text = text.replace(f"https://{name.lower().replace('_', '-')}.example", address)
        (made / file.name).write_text(text)


if __name__ == "__main__":
    raise SystemExit(main())
