"""How fast the collector takes OTLP spans, from the first send until all that was acknowledged can be read in the lake.

A real collector process; requests of 500 spans of about 550 bytes over 32 connections. The same shape of spans is
inserted into the bare store in the same run: the limit that the ratio is against.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import orjson

from collectors.pipeline.otlp.decode import Signal, decode
from models.lake.reader import LakeReader, open_reader
from models.settings import Settings
from tests.bench.collector import collector, cpu_seconds, health, resident_mib
from tests.bench.lake import raw_insert_rate
from tests.bench.load import Requests, sent


def run(
    spans: int = 200_000, connections: int = 32, per_request: int = 500, warm_up: int = 40, limit_rows: int = 100_000
) -> dict[str, float]:
    """Ingest `spans` spans once; figures per wall second and per span.

    `warm_up` requests come before the clock starts: imports, first allocations, first files.
    `spans_per_s`: acknowledged and readable; `acknowledged_per_s`: acknowledged (durable in the spool);
    `limit_rows_per_s`: the bare store on the same rows; `ratio`: spans_per_s / limit_rows_per_s; `cpu_us_per_span`:
    user and system time of the collector. Raises RuntimeError when a request is refused or not every acknowledged span
    can be read.
    """
    requests = Requests(per_request)
    with tempfile.TemporaryDirectory(prefix="tieout-bench-") as folder, collector(Path(folder)) as (process, settings):
        warm, count = warm_up * per_request, max(spans // per_request, 1)
        _expect(sent(settings.otlp_port, requests, warm_up, connections), warm_up)
        reader = open_reader(settings)
        _until_readable(reader, settings, warm)
        began, cpu = time.perf_counter(), cpu_seconds(process.pid)
        _expect(sent(settings.otlp_port, requests, count, connections), count)
        acknowledged = time.perf_counter() - began
        _until_readable(reader, settings, warm + count * per_request)
        readable, cpu = time.perf_counter() - began, cpu_seconds(process.pid) - cpu
        resident = resident_mib(process.pid)
        reader.close()
    total = count * per_request
    limit = _limit(requests, limit_rows)
    return {
        "spans": total,
        "spans_per_s": round(total / readable),
        "acknowledged_per_s": round(total / acknowledged),
        "limit_rows_per_s": round(limit),
        "ratio": round(total / readable / limit, 3),
        "cpu_us_per_span": round(cpu * 1e6 / total, 2),
        "resident_mib": round(resident),
    }


def _limit(requests: Requests, rows: int) -> float:
    bodies = [requests.body() for _ in range(rows // requests.per_request)]
    table = decode(Signal.TRACES, bodies, [time.time_ns() // 1000] * len(bodies)).table
    return raw_insert_rate(table).per_second


def _until_readable(reader: LakeReader, settings: Settings, spans: int, seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if not any(health(settings.otlp_port)["waiting_bytes"].values()):
            found = reader.rows("SELECT count(*) AS n FROM spans")[0]["n"]
            if found != spans:
                raise RuntimeError(f"{found} spans can be read, {spans} were acknowledged")
            return
        time.sleep(0.02)
    raise RuntimeError(f"not everything acknowledged was in the lake after {seconds:.0f} s")


def _expect(accepted: int, wanted: int) -> None:
    if accepted != wanted:
        raise RuntimeError(f"{wanted - accepted} of {wanted} requests were refused")


def main() -> None:
    """`python -m tests.bench.ingest [--size SPANS]`: one run, its figures as one line of JSON."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--size", type=int, default=200_000, help="spans to send")
    print(orjson.dumps(run(parser.parse_args().size)).decode())


if __name__ == "__main__":
    main()
