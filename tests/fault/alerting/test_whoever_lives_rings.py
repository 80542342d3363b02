"""Engine, collector and console each ring, whichever of them is left (X10, X18)."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from models.domain.alert import Alert
from models.domain.audience import Audience
from models.domain.clock import SystemClock
from models.journal import open_journal
from models.settings import Settings
from tests.alerting import SECRET, Receiver

pytestmark = [pytest.mark.req("X10", "X18"), pytest.mark.processes]
SECONDS = 60.0
NOWHERE = (
    '[[system]]\nname = "erp"\nvendor = "netsuite"\nrole = "erp"\nbase_url = "http://127.0.0.1:1"\n'
    '[system.credentials]\ntoken = "ACME_TOKEN"\n'
)


@contextmanager
def alone(role: str, folder: Path, url: str) -> Iterator[subprocess.Popen[bytes]]:
    """A process of this role, the only one of its installation; of the engine's, the one system cannot be reached."""
    catalogue = folder / "catalogue"
    catalogue.mkdir(parents=True)
    (catalogue / "roads.toml").write_text(f'[[road]]\nname = "hook"\nwebhook = "{url}"\nsecret = "ACME_SECRET"\n')
    (catalogue / "audiences.toml").write_text('[[audience]]\nname = "ops"\nroads = ["hook"]\n')
    (catalogue / "systems.toml").write_text(NOWHERE)
    ports = {f"TIEOUT_{name}_PORT": str(_free()) for name in ("OTLP", "GRPC", "CONSOLE")}
    given = {"TIEOUT_HOME": str(folder / "home"), "TIEOUT_CATALOGUE": str(catalogue), "ACME_SECRET": SECRET, **ports}
    journal = open_journal(Settings(home=folder / "home").journal_address, SystemClock())
    journal.alerts.put(Audience("ops", ("hook",)), Alert("test", role, "", {}), {})
    journal.close()
    command = [str(Path(sys.executable).parent / "tieout"), role]
    with open(folder / "log", "wb") as log:
        process = subprocess.Popen(command, env={**os.environ, **given, "ACME_TOKEN": "t"}, stdout=log, stderr=log)
        try:
            yield process
        finally:
            process.kill()
            process.wait()


def _free() -> int:
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])


def test_each_process_alone_sends_what_waits(tmp_path: Path) -> None:
    roles = {"engine", "collect", "console"}
    with Receiver() as receiver, ExitStack() as running:
        for role in roles:
            running.enter_context(alone(role, tmp_path / role, receiver.url))
        deadline = time.monotonic() + SECONDS
        while {told["data"]["title"] for _, told in receiver.taken} != roles and time.monotonic() < deadline:
            time.sleep(0.05)
    assert {told["data"]["title"] for _, told in receiver.taken} == roles
