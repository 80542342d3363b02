"""The engine's process: polite while systems are down, gone within seconds of a signal, clear about settings (N4)."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from models.domain.clock import SystemClock
from models.journal import open_journal

ROOT = Path(__file__).parents[3]
SYSTEMS = """
[[system]]
name = "salesforce"
vendor = "salesforce"
role = "crm"
base_url = "http://127.0.0.1:9/salesforce"
[system.credentials]
client_id = "SECRET"
client_secret = "SECRET"
"""


def service(tmp_path: Path, **environment: str) -> subprocess.Popen[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("TIEOUT_")}
    settings = {
        "TIEOUT_HOME": str(tmp_path / "var"),
        "TIEOUT_OTLP_PORT": "9",
        "SECRET": "not-a-real-one",
        **environment,
    }
    return subprocess.Popen(
        [sys.executable, "-m", "integrations.engine"],
        cwd=ROOT,
        env={**clean, **settings},
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.processes
@pytest.mark.req("N4")
def test_systems_and_collector_are_down_and_the_engine_waits(tmp_path: Path) -> None:
    """N4: it keeps trying, says why beside the cursor, and ends with status 0 when told."""
    (tmp_path / "systems.toml").write_text(SYSTEMS)
    process = service(tmp_path, TIEOUT_SYSTEMS=str(tmp_path / "systems.toml"))
    journal, deadline = (
        open_journal(f"sqlite:///{tmp_path / 'var' / 'journal.sqlite'}", SystemClock()),
        time.monotonic() + 60,
    )
    reason = None
    while reason is None and time.monotonic() < deadline:
        assert process.poll() is None, process.stderr.read() if process.stderr else ""
        with journal.engine.connect() as connection:
            reason = connection.exec_driver_sql("select max(error) from cursor").scalar()
    assert reason and "not-a-real-one" not in reason
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 0
    journal.close()


@pytest.mark.processes
@pytest.mark.req("N4")
@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({}, "TIEOUT_CATALOGUE names no systems and TIEOUT_SYSTEMS is not set: give a folder"),
        ({"TIEOUT_SYSTEMS": "/no/such.toml"}, "cannot be read"),
        ({"TIEOUT_POLL_SECONDS": "-1"}, "TIEOUT_POLL_SECONDS"),
    ],
)
def test_wrong_settings_are_told_and_end_with_two(tmp_path: Path, environment: dict[str, str], words: str) -> None:
    """N4: exit status 2 and one message that says what to give."""
    process = service(tmp_path, **environment)
    assert process.stderr is not None
    told = process.stderr.read()
    assert process.wait(60) == 2 and words in told and "Traceback" not in told
