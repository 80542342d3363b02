"""How fast the collector takes OTLP spans, from the first send until all that was acknowledged can be read in the lake.

A real collector process takes rich spans over 32 connections: protobuf by 500 a request, which is what the ratio is of,
then JSON, then requests of ten spans and of one. The same spans are inserted into the bare store in the same run: the
limit. With `--against PATH`, a checkout of another release, that one's collector takes the same in the same run.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from collectors.pipeline.otlp.decode import Signal, decode
from models.lake.reader import open_reader
from models.settings import Settings
from tests.bench.collector import collector, cpu_seconds, health, resident_mib
from tests.bench.lake import raw_insert_rate
from tests.bench.load import JSON, PROTOBUF, Requests, sent

SPANS = 200_000
FIGURES = ("spans_per_s", "acknowledged_per_s", "cpu_us_per_span")
COUNT = "SELECT count(*) AS n FROM spans"


@dataclass(frozen=True, slots=True)
class Load:
    """`spans` spans in requests of `per_request`; `name` stands before its figures."""

    name: str
    spans: int
    per_request: int
    form: str = PROTOBUF


def loads(spans: int, per_request: int) -> tuple[Load, ...]:
    """What one run sends."""
    return (
        Load("", spans, per_request),
        Load("json_", spans // 4, per_request, JSON),
        Load("by_10_", spans // 10, 10),
        Load("by_1_", spans // 50, 1),
    )


def run(
    spans: int = SPANS,
    connections: int = 32,
    per_request: int = 500,
    warm_up: int = 40,
    limit_rows: int = 100_000,
    against: Path | None = None,
) -> dict[str, Any]:
    """Ingest `spans` spans as protobuf, and part of them in other forms; figures per wall second and per span.

    `warm_up` requests come before the clock starts: imports, first allocations, first files.
    `spans_per_s`: acknowledged and readable; `acknowledged_per_s`: acknowledged (durable in the spool);
    `limit_rows_per_s`: the bare store on the same rows; `ratio`: spans_per_s / limit_rows_per_s; `cpu_us_per_span`:
    user and system time of the collector; `json_cost`: what a span costs as JSON for one in protobuf. Raises
    RuntimeError when a request is refused or not every acknowledged span can be read.
    """
    plan = loads(spans, per_request)
    figures = _taken(plan, connections, warm_up)
    limit = _limit(Requests(per_request), limit_rows)
    told = {
        "spans": spans,
        **figures,
        "limit_rows_per_s": round(limit),
        "ratio": round(figures["spans_per_s"] / limit, 3),
        "json_cost": round(figures["json_cpu_us_per_span"] / figures["cpu_us_per_span"], 2),
    }
    if against is None:
        return told
    other = _taken(plan, connections, warm_up, against)
    return {**told, "against": other, "cpu_ratio": round(told["cpu_us_per_span"] / other["cpu_us_per_span"], 3)}


def _taken(plan: tuple[Load, ...], connections: int, warm_up: int, checkout: Path | None = None) -> dict[str, float]:
    figures: dict[str, float] = {}
    with (
        tempfile.TemporaryDirectory(prefix="tieout-bench-") as folder,
        collector(Path(folder), checkout) as (process, settings),
        counting(settings, checkout) as counted,
    ):
        _took(settings, Requests(plan[0].per_request), warm_up, connections)
        sent_so_far = warm_up * plan[0].per_request
        for load in plan:
            count = max(load.spans // load.per_request, 1)
            total, cpu = count * load.per_request, cpu_seconds(process.pid)
            acknowledged, readable = _took(settings, Requests(load.per_request, load.form), count, connections)
            cpu, sent_so_far = cpu_seconds(process.pid) - cpu, sent_so_far + total
            _expect_read(counted(), sent_so_far)
            rates = (round(total / readable), round(total / acknowledged), round(cpu * 1e6 / total, 2))
            figures |= {f"{load.name}{name}": figure for name, figure in zip(FIGURES, rates, strict=True)}
        return {**figures, "resident_mib": round(resident_mib(process.pid))}


def _took(settings: Settings, requests: Requests, count: int, connections: int) -> tuple[float, float]:
    """Seconds until `count` requests were acknowledged, and until nothing of them waited any more."""
    began = time.perf_counter()
    _expect(sent(settings.otlp_port, requests, count, connections), count)
    acknowledged = time.perf_counter() - began
    _until_nothing_waits(settings)
    return acknowledged, time.perf_counter() - began


@contextmanager
def counting(settings: Settings, checkout: Path | None = None) -> Iterator[Callable[[], int]]:
    """How many spans a reader of the lake finds, by the release of its checkout."""
    if checkout is None:
        with closing(open_reader(settings)) as reader:
            yield lambda: int(reader.rows(COUNT)[0]["n"])
        return
    command = [str(checkout / ".venv" / "bin" / "tieout"), "sql", COUNT, "--format", "json"]
    environment = {**os.environ, "TIEOUT_HOME": str(settings.home)}
    yield lambda: int(json.loads(subprocess.check_output(command, cwd=checkout, env=environment))[0]["n"])


def _limit(requests: Requests, rows: int) -> float:
    bodies = [requests.body() for _ in range(rows // requests.per_request)]
    table = decode(Signal.TRACES, bodies, [time.time_ns() // 1000] * len(bodies)).table
    return raw_insert_rate(table).per_second


def _until_nothing_waits(settings: Settings, seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if not any(health(settings.otlp_port)["waiting_bytes"].values()):
            return
        time.sleep(0.02)
    raise RuntimeError(f"not everything acknowledged was in the lake after {seconds:.0f} s")


def _expect_read(found: int, wanted: int) -> None:
    if found != wanted:
        raise RuntimeError(f"{found} spans can be read, {wanted} were acknowledged")


def _expect(accepted: int, wanted: int) -> None:
    if accepted != wanted:
        raise RuntimeError(f"{wanted - accepted} of {wanted} requests were refused")


def main() -> None:
    """`python -m tests.bench.ingest [--size SPANS] [--against PATH]`: one run, its figures as one line of JSON."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--size", type=int, default=SPANS, help="spans to send")
    parser.add_argument("--against", type=Path, help="checkout of another release")
    asked = parser.parse_args()
    print(json.dumps(run(asked.size, against=asked.against)))


if __name__ == "__main__":
    main()
