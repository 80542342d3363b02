"""A real collector process on a free loopback port, as tests start, kill and question it."""

from __future__ import annotations

import os
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import orjson

from models.domain.signature import HEADER, signed
from models.installation_key import installation_key
from models.lake.reader import LakeReader, open_reader
from models.settings import Settings

PROTOBUF, JSON, NDJSON = "application/x-protobuf", "application/json", "application/x-ndjson"
_SYSTEM = """[[system]]
name = "{name}"
vendor = "kantata"
role = "psa"
base_url = "https://{name}.example.com"
legal_entities = ["NOV-DE"]
"""
_PAUSE = threading.Event()


class CollectorProcess:
    """Start with `start`, end with `terminate` or `kill`; the home survives."""

    def __init__(self, home: Path, **environment: str) -> None:
        with socket.socket() as free, socket.socket() as other:
            for port in (free, other):
                port.bind(("127.0.0.1", 0))
            self.port, self.grpc_port = free.getsockname()[1], other.getsockname()[1]
        self.home = home
        self.address = f"http://127.0.0.1:{self.port}"
        self.trusting: ssl.SSLContext | None = None
        self.settings = Settings(home=home, otlp_port=self.port)
        self._environment = {
            **os.environ,
            "TIEOUT_HOME": str(home),
            "TIEOUT_OTLP_PORT": str(self.port),
            "TIEOUT_GRPC": "off",
            "TIEOUT_GRPC_PORT": str(self.grpc_port),
            "TIEOUT_COMMIT_SECONDS": "0.1",
            "TIEOUT_DETECT_SECONDS": "86400",
            "PYTHONPATH": os.getcwd(),
            **environment,
        }
        systems = home.parent / f"{home.name}-systems.toml"
        systems.write_text("\n".join(_SYSTEM.format(name=name) for name in ("a", "kantata")))
        self._environment.setdefault("TIEOUT_SYSTEMS", str(systems))
        self.process: subprocess.Popen[bytes] | None = None
        self._reader: LakeReader | None = None

    def start(self, *, ready: bool = True) -> None:
        log = open(self.home.parent / f"{self.home.name}.log", "ab")  # noqa: SIM115 - the child writes on
        self.process = subprocess.Popen([sys.executable, "-m", "collectors.service"], env=self._environment, stderr=log)
        log.close()
        if ready:
            self.until_ready()

    def until_ready(self) -> None:
        for _ in range(1200):
            assert self.process is not None and self.process.poll() is None, self.log()
            if self.is_ready():
                return
            _PAUSE.wait(0.05)
        raise AssertionError(f"not ready: {self.log()}")

    def is_ready(self) -> bool:
        try:
            return bool(self.health()["ready"])
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return False  # the port listens before there is anybody to answer

    def until_stored(self) -> None:
        """Wait until nothing acknowledged waits outside the lake."""
        for _ in range(1200):
            if not any(self.health()["waiting_bytes"].values()):
                return
            _PAUSE.wait(0.05)
        raise AssertionError(f"not stored: {self.health()} {self.log()}")

    def terminate(self) -> int:
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)

    def kill(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait(10)

    def health(self) -> Any:
        with urllib.request.urlopen(f"{self.address}/healthz", timeout=5, context=self.trusting) as answer:
            return orjson.loads(answer.read())

    def post(self, path: str, body: bytes, media: str, **headers: str) -> tuple[int, bytes, dict[str, str]]:
        """Status, body, headers; status 0 when nobody answered."""
        sent = {"Content-Type": media, **{name.replace("_", "-"): value for name, value in headers.items()}}
        request = urllib.request.Request(f"{self.address}{path}", data=body, headers=sent, method="POST")
        try:
            with urllib.request.urlopen(request, timeout=20, context=self.trusting) as answer:
                return answer.status, answer.read(), dict(answer.headers)
        except urllib.error.HTTPError as error:
            return error.code, error.read(), dict(error.headers)
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return 0, b"", {}

    def observe(self, body: bytes, media: str = NDJSON, **headers: str) -> tuple[int, bytes, dict[str, str]]:
        """Post observations as an engine of this installation does, signed; of the systems `a` and `kantata`."""
        path = "/v1/observations"
        signature = signed(installation_key(self.settings), path, body, time.time())
        return self.post(path, body, media, **headers, **{HEADER: signature})

    def rows(self, sql: str) -> list[dict[str, Any]]:
        if self._reader is None:
            self._reader = open_reader(self.settings)
        return self._reader.rows(sql)

    def close(self) -> None:
        self.kill()
        if self._reader is not None:
            self._reader.close()

    def log(self) -> str:
        return (self.home.parent / f"{self.home.name}.log").read_text()[-3000:]
