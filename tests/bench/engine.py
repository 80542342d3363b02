"""Four durable steps through the real engine, beside a bare group-commit loop over the same rows as the limit.

Both run in one process, one after the other, on one journal.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from integrations.engine.engine import Engine
from models.domain.clock import SystemClock
from models.domain.errors import Misconfigured
from models.garbage import seldom_collected
from models.journal import open_journal
from models.keys.keyring import Keyring
from models.settings import read_settings
from tests.bench.bare_loop import bare_loop
from tests.bench.postings import BULK, PEOPLE, MemoryTarget, bench_events, bench_flow


def run(database: str = "sqlite", runs: int = 10_000) -> dict[str, Any]:
    """Rates of the engine and of the bare loop in runs a second, and what the engine's CPU seconds were.

    `runs_per_s` is from claim to settlement, `admitted_per_s` the admission before it, `end_to_end_per_s` both.
    Raises Misconfigured for a database that is not there, RuntimeError when a run did not settle.
    """
    with _address(database) as address, tempfile.TemporaryDirectory(prefix="tieout-bench-") as home:
        keys = Keyring(read_settings().model_copy(update={"home": Path(home)}))
        keys.know(("person", str(number)) for number in range(PEOPLE))  # as those of an installation that works
        journal = open_journal(address, SystemClock(), keys=keys)
        target = MemoryTarget()
        engine = Engine(journal, [bench_flow()], [target], SystemClock())
        try:
            events = bench_events(runs)
            started = time.perf_counter()
            for at in range(0, runs, 500):
                engine.admit(events[at : at + 500])
            admitted, cpu = time.perf_counter(), _cpu()
            engine.drain(poll=False)
            worked, cpu = time.perf_counter() - admitted, _cpu() - cpu
            settled = journal.runs.states().get(("bench-time-to-bill", "settled"), 0)
            if settled != runs or len(target.postings) != runs:
                raise RuntimeError(
                    f"only {settled} of {runs} runs settled and {len(target.postings)} were posted: no figure counts"
                )
            limit = bare_loop(journal, runs)
        finally:
            engine.close()
            journal.close()
    admission = admitted - started
    return {
        "database": database,
        "runs": runs,
        "runs_per_s": round(runs / worked),
        "limit_runs_per_s": round(limit),
        "ratio": round(runs / worked / limit, 2),
        "admitted_per_s": round(runs / admission),
        "end_to_end_per_s": round(runs / (worked + admission)),
        "cpu_seconds": round(cpu, 2),
        "steps": 4,
        "bulk": BULK,
    }


def _cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


@contextmanager
def _address(database: str) -> Iterator[str]:
    """A fresh journal's URL: a temporary SQLite file, or a new schema in TIEOUT_BENCH_POSTGRES."""
    if database == "sqlite":
        with tempfile.TemporaryDirectory(prefix="tieout-bench-") as folder:
            yield f"sqlite:///{folder}/journal.sqlite"
        return
    server = os.environ.get("TIEOUT_BENCH_POSTGRES")
    if database != "postgres" or not server:
        raise Misconfigured(
            "give sqlite, or postgres with TIEOUT_BENCH_POSTGRES=postgresql://user@host/database (an empty database)"
        )
    yield server


def main() -> None:
    """`python -m tests.bench.engine [--size RUNS] [--database sqlite|postgres]`: the figures as one line of JSON."""
    arguments = argparse.ArgumentParser(prog="bench engine", description=run.__doc__)
    arguments.add_argument("--size", type=int, default=10_000)
    arguments.add_argument("--database", default="sqlite", choices=("sqlite", "postgres"))
    given = arguments.parse_args()
    seldom_collected()  # as an engine's process does
    try:
        print(json.dumps(run(given.database, given.size)))
    except Misconfigured as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(2)


if __name__ == "__main__":
    main()
