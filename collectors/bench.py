"""How fast the collector takes OTLP spans, from the first send until all that was acknowledged can be read in the lake.

A real collector process on free loopback ports and a throw-away home; requests of 500 spans of about 550 bytes over 32
connections; the same shape of spans is inserted into the bare store in the same run, for the limit that the ratio is
against.
"""

from __future__ import annotations

import argparse
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson

from collectors.load import Requests, sent
from collectors.pipeline.otlp.decode import Signal, decode
from models.lake.bench import raw_insert_rate
from models.lake.reader import LakeReader, open_reader
from models.settings import Settings

_WARM_UP = 40  # requests before the clock starts: imports, first allocations, first files
_LIMIT_ROWS = 100_000


def run(spans: int = 200_000, connections: int = 32, per_request: int = 500) -> dict[str, float]:
    """Ingest `spans` spans once; figures per wall second and per span.

    `spans_per_s`: acknowledged and readable; `acknowledged_per_s`: acknowledged (durable in the spool);
    `limit_rows_per_s`: the bare store on the same rows; `ratio`: spans_per_s / limit_rows_per_s; `cpu_us_per_span`:
    user and system time of the collector. Raises RuntimeError when a request is refused or not every acknowledged span
    can be read.
    """
    requests = Requests(per_request)
    with tempfile.TemporaryDirectory(prefix="tieout-bench-") as folder, _collector(Path(folder)) as (process, settings):
        warm, count = _WARM_UP * per_request, max(spans // per_request, 1)
        _expect(sent(settings.otlp_port, requests, _WARM_UP, connections), _WARM_UP)
        reader = open_reader(settings)
        _until_readable(reader, settings, warm)
        began, cpu = time.perf_counter(), _cpu_seconds(process.pid)
        _expect(sent(settings.otlp_port, requests, count, connections), count)
        acknowledged = time.perf_counter() - began
        _until_readable(reader, settings, warm + count * per_request)
        readable, cpu = time.perf_counter() - began, _cpu_seconds(process.pid) - cpu
        resident = _resident_mib(process.pid)
        reader.close()
    total = count * per_request
    limit = _limit(requests)
    return {
        "spans": total,
        "spans_per_s": round(total / readable),
        "acknowledged_per_s": round(total / acknowledged),
        "limit_rows_per_s": round(limit),
        "ratio": round(total / readable / limit, 3),
        "cpu_us_per_span": round(cpu * 1e6 / total, 2),
        "resident_mib": round(resident),
    }


def _limit(requests: Requests) -> float:
    bodies = [requests.body() for _ in range(_LIMIT_ROWS // requests.per_request)]
    table = decode(Signal.TRACES, bodies, [time.time_ns() // 1000] * len(bodies)).table
    return raw_insert_rate(table).per_second


@contextmanager
def _collector(home: Path) -> Iterator[tuple[subprocess.Popen[bytes], Settings]]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = Settings.model_validate({"home": home, "otlp_port": port})
    environment = {
        **os.environ,
        "TIEOUT_HOME": str(home),
        "TIEOUT_OTLP_PORT": str(port),
        "TIEOUT_DETECT_SECONDS": "86400",
    }
    process = subprocess.Popen([sys.executable, "-m", "collectors.service"], env=environment, stderr=subprocess.PIPE)
    try:
        _until_ready(process, port)
        yield process, settings
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def _health(port: int) -> Any:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5) as answer:
        return orjson.loads(answer.read())


def _is_ready(port: int) -> bool:
    try:
        return bool(_health(port)["ready"])
    except (urllib.error.URLError, ConnectionError):
        return False  # not listening yet, or not ready: /healthz answers 503 then


def _until_ready(process: subprocess.Popen[bytes], port: int, seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end and process.poll() is None:
        if _is_ready(port):
            return
        time.sleep(0.05)
    raise RuntimeError(f"the collector on port {port} did not get ready within {seconds:.0f} s")


def _until_readable(reader: LakeReader, settings: Settings, spans: int, seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if not any(_health(settings.otlp_port)["waiting_bytes"].values()):
            found = reader.rows("SELECT count(*) AS n FROM spans")[0]["n"]
            if found != spans:
                raise RuntimeError(f"{found} spans can be read, {spans} were acknowledged")
            return
        time.sleep(0.02)
    raise RuntimeError(f"not everything acknowledged was in the lake after {seconds:.0f} s")


def _expect(accepted: int, wanted: int) -> None:
    if accepted != wanted:
        raise RuntimeError(f"{wanted - accepted} of {wanted} requests were refused")


def _cpu_seconds(pid: int) -> float:
    user, system = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def _resident_mib(pid: int) -> float:
    line = next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) / 1024


def main() -> None:
    """`python -m collectors.bench [--size SPANS]`: one run, its figures as one line of JSON."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--size", type=int, default=200_000, help="spans to send")
    print(orjson.dumps(run(parser.parse_args().size)).decode())


if __name__ == "__main__":
    main()
