"""How long each page waits for what it reads, in a home with so many open cases and time entries and one with a tenth.

`python -m tests.bench.pages --size 100000` prints one line of JSON: milliseconds of the wall, the quickest of several
readings without any cache, the first one beside it; `…_ratio` is what ten times as much costs (1 is flat). `trace` is
what `tieout trace` reads by a run's id, `foreign_trace` by the id of a trace that others sent.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from app.readings.billing import reading as billing
from app.readings.cases import reading as cases
from app.readings.journey import reading as journey
from app.readings.journey.question import TraceQuestion
from app.readings.journey.trace import trace
from app.readings.operations import reading as operations
from app.readings.rates import reading as rates
from app.readings.rights import ROLES
from app.readings.stores import Stores
from app.readings.systems import reading as systems
from app.readings.tieout import reading as tieout
from app.readings.viewer import Viewer
from models.domain.clock import SystemClock
from models.domain.finding import Cause, Finding
from models.journal import open_journal
from models.settings import Settings, read_settings
from tests.bench import marts

SIZE = 100_000
_TIMES = 5
_CAUSES = ("project-missing", "closed-period", "over-cap", "rate-missing", "posting-gone", "charge-code-unknown")
_FACETS = ("flow", "cause", "system", "owner", "legal_entity", "severity")
_VIEWER = Viewer("bench", frozenset(ROLES))
_FOREIGN = hashlib.md5(b"2", usedforsecurity=False).hexdigest()
"""The trace of the first entries' spans."""
Asking = Callable[[Stores], object]


def run(size: int) -> dict[str, Any]:
    """Milliseconds of each page at `size` and how they grow from a tenth of it."""
    small, large = measured(max(size // 10, 1)), measured(size)
    ratios = {f"{name}_ratio": round(large[f"{name}_ms"] / small[f"{name}_ms"], 2) for name in PAGES}
    return {**large, **ratios, "at_a_tenth": small}


def measured(size: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as home, _stores(home, size) as (stores, reported_s):
        figures: dict[str, Any] = {"cases": cases.page(stores, _VIEWER).count, "reported_s": reported_s}
        for name, asking in PAGES.items():
            waited = [_milliseconds(asking, stores) for _ in range(_TIMES)]
            figures |= {f"{name}_ms": min(waited), f"{name}_first_ms": waited[0]}
    return figures


def _milliseconds(asking: Asking, stores: Stores) -> float:
    began = time.perf_counter()
    asking(stores)
    return round((time.perf_counter() - began) * 1000, 1)


def _exceptions(stores: Stores) -> None:
    cases.groups(stores, _VIEWER)
    cases.page(stores, _VIEWER)
    for column in _FACETS:
        cases.facets(stores, _VIEWER, column)
    systems.teams(stores, _VIEWER)


def _operations(stores: Stores) -> None:
    since = stores.now() - timedelta(days=7)
    operations.flows(stores, _VIEWER, since)
    operations.held(stores, _VIEWER)
    operations.at_stake(stores, _VIEWER)
    operations.worked_last(stores, _VIEWER)
    operations.replays(stores, _VIEWER, since)
    operations.quarantine(stores, _VIEWER, since)
    operations.series(stores, _VIEWER, since, 3600)
    operations.pairs(stores, _VIEWER)
    operations.dead_letters(stores, _VIEWER)
    operations.circuits(stores, _VIEWER)


def _billing(stores: Stores) -> None:
    billing.states(stores, _VIEWER)
    billing.ages(stores, _VIEWER)
    cases.groups(stores, _VIEWER)
    rates.rates(stores, _VIEWER)
    tieout.joints(stores, _VIEWER)


def _reconciliation(stores: Stores) -> None:
    tieout.joints(stores, _VIEWER)
    tieout.periods(stores, _VIEWER)
    tieout.records(stores, _VIEWER, "2026-10")
    tieout.closing(stores, _VIEWER, "2026-10")


def _journey(stores: Stores) -> None:
    found = journey.candidates(stores, _VIEWER, "TE-8")
    journey.steps(stores, _VIEWER, found[0])


PAGES: Mapping[str, Asking] = {
    "exceptions": _exceptions,
    "operations": _operations,
    "journey": _journey,
    "billing": _billing,
    "reconciliation": _reconciliation,
    "trace": lambda stores: _some(trace(stores, _VIEWER, TraceQuestion("run-8"))),
    "foreign_trace": lambda stores: _some(trace(stores, _VIEWER, TraceQuestion(_FOREIGN))),
}


def _some(rows: tuple[object, ...]) -> None:
    if not rows:
        raise RuntimeError("nothing was found: no figure counts")


@contextmanager
def _stores(home: str, size: int) -> Iterator[tuple[Stores, float]]:
    """A firm of so many entries with its marts, and as many open cases, each of a fact of its own; what reporting these
    took.
    """
    marts.fill(home, marts.CHECKOUT, size)
    with marts.Turns(home, marts.CHECKOUT, size) as turns:
        turns.ask("turn")
    settings = _settings(home)
    began = time.perf_counter()
    with closing(open_journal(settings.journal_address, SystemClock())) as journal:
        journal.cases.report_all({"bench": [_finding(n) for n in range(size)]}, {"EUR": Decimal(1)})
    reported_s = round(time.perf_counter() - began, 1)
    stores = Stores(settings)
    try:
        yield stores, reported_s
    finally:
        stores.close()


def _finding(n: int) -> Finding:
    code, system = _CAUSES[n % len(_CAUSES)], ("netsuite", "kantata", "salesforce")[n % 3]
    words = (f"TE-{n}: {code}", f"TE-{n} waits.", "Mend it there.")
    cause = Cause(code, *words, system, "billing_blocked", flow="time-to-bill", system=system)
    return Finding(
        f"{code}:{n}",
        cause,
        "time_entry",
        f"TE-{n}",
        Decimal(n % 9000),
        "EUR",
        SystemClock().now() - timedelta(minutes=n % 90_000),
        run_id=f"run-{n}",
        legal_entity=("NOV-DE", "NOV-UK", "NOV-US")[n % 3],
        project_key=f"PRJ-{n % 500}",
        customer_key=f"C-{n % 80}",
        evidence={"hours": "8.00", "said": "not found", "posted": f"TE-{n}-v1"},
    )


def _settings(home: str) -> Settings:
    return read_settings().model_copy(
        update={"home": Path(home), **dict.fromkeys(("journal_url", "lake_catalog", "lake_data", "witness"))}
    )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--size", type=int, default=SIZE, help="open cases and time entries")
    print(json.dumps(run(parser.parse_args().size)))


if __name__ == "__main__":
    main()
