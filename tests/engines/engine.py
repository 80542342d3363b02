"""Engines as this machine runs them: installed into a folder beside the project, started, asked for runs, ended."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

HERE = Path(__file__).parent
PREFECT = ("prefect==3.9.1", "opentelemetry-exporter-otlp-proto-http==1.45.2")
NODE_RED = ("node-red@4.1.15",)


class Engine(Protocol):
    """A started engine with one flow, `Post time`."""

    def run(self, key: str, refused: int) -> None:
        """Let the flow post the record of this key, which the ERP refuses so many times."""


class Prefect:
    """Prefect with a server of its own for as long as it runs, which sends spans to `endpoint`."""

    def __init__(self, folder: Path, endpoint: str) -> None:
        here = folder / "prefect"
        shutil.copy(HERE / "prefect_flow.py", here)
        own = {
            "PREFECT_HOME": str(here / "home"),
            "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "300",
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "PREFECT_LOGGING_LEVEL": "CRITICAL",
            "OTEL_EXPORTER_OTLP_ENDPOINT": endpoint,
            "OTEL_SERVICE_NAME": "prefect",
        }
        command = [str(here / "bin" / "python"), "prefect_flow.py"]
        self.process = _started(command, here, own, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def run(self, key: str, refused: int) -> None:
        assert self.process.stdin
        self.process.stdin.write(json.dumps({"key": key, "refused": refused}) + "\n")
        self.process.stdin.flush()
        _until_said(self.process, "run: ")


class NodeRed:
    """Node-RED whose flow is asked over HTTP and writes lines into the file `lines`; it runs again what is sent to
    `/tieout-again`, signed with `secret`.
    """

    def __init__(self, folder: Path, lines: Path, secret: str = "") -> None:
        here = folder / "node-red"
        shutil.copytree(HERE / "node_red", here / "flow", dirs_exist_ok=True)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.home = f"http://127.0.0.1:{port}"
        self.address = f"{self.home}/post-time"
        own = {"PORT": str(port), "RUNS": str(lines), "REPLAY_SECRET": secret}
        command = ["node", "node_modules/node-red/red.js", "--userDir", "home", "--settings", "flow/settings.js"]
        self.process = _started(command, here, own, stdout=subprocess.PIPE, text=True)
        _until_said(self.process, "Started flows")

    def run(self, key: str, refused: int) -> None:
        body = json.dumps({"key": key, "refused": refused}).encode()
        request = urllib.request.Request(self.address, body, {"Content-Type": "application/json"})
        try:
            urllib.request.urlopen(request, timeout=60).close()
        except urllib.error.HTTPError as error:
            if error.code != 502:
                raise


@contextmanager
def ending(engine: Prefect | NodeRed) -> Iterator[Engine]:
    """Let it end with the block, whatever becomes of it."""
    try:
        yield engine
    finally:
        if engine.process.stdin:
            engine.process.stdin.close()
        else:
            engine.process.terminate()
        engine.process.wait(60)


def install(folder: Path) -> None:
    """Both engines, in versions that were tried, where they are not there yet: about a minute, once."""
    prefect, red = folder / "prefect", folder / "node-red"
    if not (prefect / "bin" / "prefect").exists():
        _ran([sys.executable, "-m", "venv", str(prefect)], folder)
        _ran([str(prefect / "bin" / "python"), "-m", "pip", "install", "--quiet", *PREFECT], folder)
    if not (red / "node_modules" / "node-red").exists():
        red.mkdir(exist_ok=True)
        _ran(["npm", "install", "--silent", "--ignore-scripts", "--no-audit", "--no-fund", *NODE_RED], red)


def _ran(command: Sequence[str], where: Path) -> None:
    print(" ".join(Path(word).name for word in command[:4]), "…", flush=True)
    subprocess.run(command, cwd=where, check=True)


def _started(command: list[str], where: Path, own: dict[str, str], **streams: Any) -> subprocess.Popen[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "OTEL_", "PYTHON"))}
    return subprocess.Popen(command, cwd=where, env={**kept, **own}, **streams)


def _until_said(process: subprocess.Popen[str], words: str) -> None:
    assert process.stdout
    if not any(words in line for line in process.stdout):
        raise SystemExit(f"the engine ended and never said: {words}")
