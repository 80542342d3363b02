"""How fast the collector follows a log file, from the first line written until all of them can be read in the lake.

A real collector process; JSON lines of about 220 bytes, written as fast as they are taken, with a rotation every few
seconds. Rows of the same shape are inserted into the bare store in the same run: the limit that the ratio is against.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import orjson

from collectors.tailing.log_rows import LogRows
from collectors.tailing.piece import Piece
from models.catalogue import load_catalogue
from models.domain.clock import SystemClock
from models.lake.reader import LakeReader, open_reader
from models.settings import Settings
from tests.bench.collector import collector, cpu_seconds, resident_mib
from tests.bench.lake import raw_insert_rate

_CATALOGUE = """
[[log]]
name = "bench"
files = ["{folder}/bench.log*"]
service = "bench"
"""
_AT_ONCE = 5_000  # lines a write
_ROTATED = 100_000  # lines a file
_WORDS = (
    "posted time entry to the ERP",
    "invoice line approved",
    "no rate for the role on that day",
    "retried after 429",
)


def run(lines: int = 400_000, warm_up: int = 20_000, limit_rows: int = 100_000) -> dict[str, float]:
    """Follow `lines` lines once; figures per wall second and per line.

    `lines_per_s`: written, followed and readable; `limit_rows_per_s`: the bare store on the same rows; `ratio`:
    lines_per_s / limit_rows_per_s; `cpu_us_per_line`: user and system time of the collector. Raises RuntimeError when
    not every line can be read once.
    """
    with tempfile.TemporaryDirectory(prefix="tieout-bench-") as folder:
        home, logs, catalogue = (Path(folder) / name for name in ("home", "logs", "catalogue"))
        for one in (home, logs, catalogue):
            one.mkdir()
        (catalogue / "logs.toml").write_text(_CATALOGUE.format(folder=logs))
        with collector(home, TIEOUT_CATALOGUE=str(catalogue)) as (process, settings):
            _written(logs, 0, warm_up)
            reader = open_reader(settings)
            _until_readable(reader, warm_up)
            began, cpu = time.perf_counter(), cpu_seconds(process.pid)
            _written(logs, warm_up, lines)
            _until_readable(reader, warm_up + lines)
            readable, cpu = time.perf_counter() - began, cpu_seconds(process.pid) - cpu
            resident = resident_mib(process.pid)
            reader.close()
        limit = _limit(catalogue, limit_rows)
    return {
        "lines": lines,
        "lines_per_s": round(lines / readable),
        "limit_rows_per_s": round(limit),
        "ratio": round(lines / readable / limit, 3),
        "cpu_us_per_line": round(cpu * 1e6 / lines, 2),
        "resident_mib": round(resident),
    }


def line(number: int) -> bytes:
    """One of the lines, without its end."""
    said = {
        "timestamp": f"2026-11-30T10:{number // 60_000 % 60:02}:{number // 1_000 % 60:02}.{number % 1_000:03}Z",
        "level": "error" if number % 50 == 0 else "info",
        "message": f"{_WORDS[number % 4]} {number}",
        "logger": "acme.sync.posting",
        "flow": "time-to-bill",
        "business_key": f"time_entry:TE-kantata-{number}",
        "trace_id": f"{number + 1:032x}",
        "attempt": number % 3,
    }
    return orjson.dumps(said)


def _written(folder: Path, first: int, count: int) -> None:
    log = folder / "bench.log"
    for start in range(first, first + count, _AT_ONCE):
        part = b"".join(line(number) + b"\n" for number in range(start, min(start + _AT_ONCE, first + count)))
        with open(log, "ab") as opened:
            opened.write(part)
        if start and start % _ROTATED == 0:
            log.rename(folder / f"bench.log.{start}")


def _limit(catalogue: Path, rows: int) -> float:
    (source,) = load_catalogue(Settings.model_validate({"catalogue": catalogue})).logs
    made, now = LogRows(source), SystemClock().now()
    made.add("/var/log/bench.log", 0, [Piece(0, line(number)) for number in range(rows)], now)
    (table,) = made.rows(now).tables["logs"]
    return raw_insert_rate(table, "logs").per_second


def _until_readable(reader: LakeReader, lines: int, seconds: float = 300) -> None:
    asked = "SELECT count(*) AS n, count(DISTINCT trace_id) AS ids FROM logs"
    end = time.monotonic() + seconds
    found = {"n": 0, "ids": 0}
    while time.monotonic() < end:
        if reader.rows("SELECT count(*) AS n FROM logs")[0]["n"] >= lines:
            found = reader.rows(asked)[0]
            break
        time.sleep(0.2)  # each look takes processor time from what is measured
    if found != {"n": lines, "ids": lines}:
        raise RuntimeError(f"{found['n']} lines can be read, {found['ids']} of them once, {lines} were written")


def main() -> None:
    """`python -m tests.bench.logs [--size LINES]`: one run, its figures as one line of JSON."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--size", type=int, default=400_000, help="lines to write")
    print(orjson.dumps(run(parser.parse_args().size)).decode())


if __name__ == "__main__":
    main()
