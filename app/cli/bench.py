"""`tieout bench`: each figure beside a limit measured in the same run. The layers measure themselves; this prints."""

from __future__ import annotations

import json
import subprocess
import sys

from app.cli.output import fail

BENCHES = {"ingest": "collectors.bench", "engine": "integrations.engine.bench", "bill": "integrations.flows.bench"}


def bench(what: str, as_json: bool, size: int | None, database: str) -> int:
    """Run one benchmark in a process of its own and print its figures; 0 when it ran."""
    module = BENCHES.get(what)
    if module is None:
        raise fail(f"no benchmark {what!r}: choose {', '.join(BENCHES)}", 2)
    arguments = [*(["--size", str(size)] if size else []), *(["--database", database] if what == "engine" else [])]
    done = subprocess.run([sys.executable, "-m", module, *arguments], stdout=subprocess.PIPE, text=True)
    if done.returncode:
        raise fail(f"the {what} benchmark ended with status {done.returncode}")
    figures = json.loads(done.stdout.strip().split("\n")[-1])
    if as_json:
        print(json.dumps(figures))
    else:
        for name, value in figures.items():
            print(f"{name:28} {value:,.2f}" if isinstance(value, float) else f"{name:28} {value}")
    return 0
