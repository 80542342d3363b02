"""`tieout bench`: each figure beside a limit measured in the same run. The checkout measures; this prints."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from app.cli.output import fail

BENCHES = ("ingest", "overload", "logs", "engine", "bill", "marts", "pages")
CHECKOUT = Path(__file__).resolve().parents[2]


def bench(
    what: str,
    as_json: bool,
    size: int | None,
    database: str,
    against: Path | None = None,
    checkout: Path = CHECKOUT,
) -> int:
    """Run one benchmark in a process of its own and print its figures; 0 when it ran.

    Exit 2 for an unknown benchmark, and for an installed package: benchmarks need the sandbox and are not in it.
    """
    if what not in BENCHES:
        raise fail(f"no benchmark {what!r}: choose {', '.join(BENCHES)}", 2)
    if not (checkout / "tests" / "bench" / f"{what}.py").is_file():
        raise fail(
            "benchmarks are in a checkout of Tieout, not in the installed package: "
            f"get the sources, install them (`make demo` does), then run .venv/bin/tieout bench {what} there",
            2,
        )
    arguments = [*(["--size", str(size)] if size else []), *(["--database", database] if what == "engine" else [])]
    arguments += ["--against", str(against.resolve())] if against and what in ("ingest", "marts") else []
    command = [sys.executable, "-m", f"tests.bench.{what}", *arguments]
    done = subprocess.run(command, cwd=checkout, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        raise fail(f"the {what} benchmark ended with status {done.returncode}")
    figures = json.loads(done.stdout.strip().split("\n")[-1])
    if as_json:
        print(json.dumps(figures))
    else:
        _told(figures)
    return 0


def _told(figures: dict[str, Any], before: str = "") -> None:
    for name, value in figures.items():
        if isinstance(value, dict):
            _told(value, f"{before}{name}.")
        else:
            print(f"{before + name:28} {value:,.2f}" if isinstance(value, float) else f"{before + name:28} {value}")
