"""A real collector process on a free loopback port and a throw-away home, and what it costs."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson

from models.settings import Settings


@contextmanager
def collector(
    home: Path, checkout: Path | None = None, **more: str
) -> Iterator[tuple[subprocess.Popen[bytes], Settings]]:
    """A collector that is ready, with `more` of its environment, and its settings; it ends with the block. It is this
    release's, or that of another's checkout.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = Settings.model_validate({"home": home, "otlp_port": port})
    environment = {
        **os.environ,
        "TIEOUT_HOME": str(home),
        "TIEOUT_OTLP_PORT": str(port),
        "TIEOUT_GRPC": "off",
        "TIEOUT_DETECT_SECONDS": "86400",
        **more,
    }
    python = str(checkout / ".venv" / "bin" / "python") if checkout else sys.executable
    command = [python, "-m", "collectors.service"]
    log = home.with_suffix(".log")
    with open(log, "wb") as stderr:
        process = subprocess.Popen(command, env=environment, cwd=checkout, stderr=stderr)
    try:
        _until_ready(process, port)
        yield process, settings
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)
        log.unlink()


def health(port: int) -> Any:
    """What /healthz says, also while something is wrong: on a busy machine an intake may be stuck for a while."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=30) as answer:
            return orjson.loads(answer.read())
    except urllib.error.HTTPError as refused:
        return orjson.loads(refused.read())


def _is_ready(port: int) -> bool:
    try:
        return bool(health(port)["ready"])
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False  # not listening yet, or not ready: /healthz answers 503 then


def _until_ready(process: subprocess.Popen[bytes], port: int, seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end and process.poll() is None:
        if _is_ready(port):
            return
        time.sleep(0.05)
    raise RuntimeError(f"the collector on port {port} did not get ready within {seconds:.0f} s")


def cpu_seconds(pid: int) -> float:
    """User and system time of a process so far, in seconds."""
    user, system = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def resident_mib(pid: int) -> float:
    """The most memory a process has held, in MiB."""
    line = next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) / 1024
