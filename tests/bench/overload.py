"""What a sender of single spans waits for its answers while many push bodies as large as the collector takes.

64 connections, of processes that are niced, push bodies of 15 MiB as fast as they are answered and heed no word to
wait; the small sender is measured before, alone, and beside them.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.bench.collector import collector, resident_mib
from tests.bench.load import Requests, answered

SMALL = 200
CONNECTIONS = 64
BODY_MIB = 15
PUSHERS = 2
"""Processes that share the connections: one alone could not fill what two cores take."""
SPAN_BYTES = 690
ANSWER_SECONDS = 60.0
"""How long a pusher waits at the end for its first answer: of one that nobody heard nothing can be said."""


def run(small: int = SMALL, connections: int = CONNECTIONS, body_mib: int = BODY_MIB) -> dict[str, Any]:
    """Wall milliseconds until `small` single spans were acknowledged, one after another, alone and beside the large
    bodies; the most memory that the collector held, in MiB; how many large bodies were taken and how many refused.

    Raises RuntimeError when a single span is refused.
    """
    with (
        tempfile.TemporaryDirectory(prefix="tieout-bench-") as folder,
        collector(Path(folder)) as (process, settings),
    ):
        alone = asyncio.run(_waited(settings.otlp_port, small))
        idle_mib = resident_mib(process.pid)
        with _pushing(settings.otlp_port, connections, body_mib) as told:
            beside = asyncio.run(_waited(settings.otlp_port, small))
        return {
            "small": small,
            "connections": connections,
            "body_mib": body_mib,
            **_figures("alone_", alone),
            **_figures("beside_", beside),
            "large_taken": sum(one["taken"] for one in told),
            "large_refused": sum(one["refused"] for one in told),
            "idle_mib": round(idle_mib),
            "resident_mib": round(resident_mib(process.pid)),
        }


def _figures(name: str, seconds: Sequence[float]) -> dict[str, float]:
    at = statistics.quantiles(seconds, n=20)
    told = {"p50_ms": at[9], "p95_ms": at[18], "most_ms": max(seconds)}
    return {f"{name}{what}": round(1000 * value, 1) for what, value in told.items()}


async def _waited(port: int, count: int) -> list[float]:
    """Seconds until each of so many single spans was acknowledged."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    requests, waited = Requests(1), list[float]()
    for number in range(count):
        message, began = requests.message(port), time.perf_counter()
        status = await answered(reader, writer, message)
        waited.append(time.perf_counter() - began)
        if status != 200:
            raise RuntimeError(f"a single span was refused with {status}, after {number} answers")
    writer.close()
    return waited


@contextmanager
def _pushing(port: int, connections: int, body_mib: int) -> Iterator[list[dict[str, int]]]:
    """Large bodies meanwhile; what became of them stands in the list once the block has ended."""
    words = [str(port), str(connections // PUSHERS), str(body_mib)]
    command = [sys.executable, "-m", "tests.bench.overload", "--push", *words]
    pushers = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in "12"]
    told: list[dict[str, int]] = []
    try:
        for one in pushers:
            assert one.stdout is not None
            one.stdout.readline()  # all its connections have sent
        yield told
    finally:
        told += [json.loads(one.communicate("end\n")[0].splitlines()[-1]) for one in pushers]


async def _push(port: int, connections: int, body_mib: int) -> None:
    """Push until a line comes; then say what became of the bodies."""
    message = Requests(body_mib * (1 << 20) // SPAN_BYTES).message(port)
    counts = {"taken": 0, "refused": 0}

    async def one() -> None:
        while True:
            try:
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                while True:
                    counts["taken" if await answered(reader, writer, message) == 200 else "refused"] += 1
            except (ConnectionError, asyncio.IncompleteReadError):  # refused before it had sent all of it
                counts["refused"] += 1

    pushing = [asyncio.create_task(one()) for _ in range(connections)]
    print(f"pushing {len(message) >> 20} MiB", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    end = time.monotonic() + ANSWER_SECONDS
    while not sum(counts.values()) and time.monotonic() < end:
        await asyncio.sleep(0.1)
    for task in pushing:
        task.cancel()
    print(json.dumps(counts), flush=True)


def main() -> None:
    """`python -m tests.bench.overload [--size ANSWERS]`: one run, its figures as one line of JSON."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--size", type=int, default=SMALL, help="answers to the small sender")
    parser.add_argument("--push", nargs=3, type=int, metavar=("PORT", "CONNECTIONS", "MIB"), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.push:
        os.nice(19)
        asyncio.run(_push(*asked.push))
        os._exit(0)  # its connections are in the midst of megabytes
    print(json.dumps(run(asked.size)))


if __name__ == "__main__":
    main()
