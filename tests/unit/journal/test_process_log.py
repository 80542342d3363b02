"""What a process logs, and from which level: one setting holds for all of them (O8)."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from models.domain.clock import SystemClock
from models.journal import open_journal
from tests.acceptance.collect.process import CollectorProcess
from tests.collecting import new_collector  # noqa: F401
from tests.commands import tieout
from tests.unit.cli.test_commands import installed

ROOT = Path(__file__).resolve().parents[3]
SPEAKERS = """
import logging
from models.process_log import start_log
start_log("{level}")
start_log("{level}")
for name in ("tieout.journal", "collectors.pipeline", "httpx", "modelsque"):
    logging.getLogger(name).info("info of %s", name)
    logging.getLogger(name).warning("warning of %s", name)
"""
CONSOLE = """
import app.console.asgi
from app.console.asking import desk
desk().requests.append("pause_flow", {"flow": "time-to-bill"}, "mara", "r")
"""

FALLEN = """
import logging, sys, threading
from models.process_log import start_log
start_log("WARNING")
server = logging.getLogger("uvicorn.error")
server.propagate = False
server.addHandler(logging.StreamHandler())
def fails():
    raise RuntimeError("refused: Authorization: Bearer {secret}")
try:
    fails()
except RuntimeError:
    server.exception("of the request password={secret}")
    sys.excepthook(*sys.exc_info())
one = threading.Thread(target=fails)
one.start()
one.join()
"""


def python(code: str, **settings: str) -> str:
    known = {name: value for name, value in os.environ.items() if not name.startswith("TIEOUT_")}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env={**known, **settings}, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stderr


def said(log: str, level: str) -> list[str]:
    return [line.rpartition(" of ")[2] for line in log.splitlines() if f"{level} of" in line]


def test_our_own_speak_from_the_level_on_and_others_from_warning_each_once() -> None:
    quiet, open_ = python(SPEAKERS.format(level="WARNING")), python(SPEAKERS.format(level="INFO"))
    everybody = ["tieout.journal", "collectors.pipeline", "httpx", "modelsque"]
    assert said(quiet, "info") == [] and said(quiet, "warning") == everybody
    assert said(open_, "info") == everybody[:2] and said(open_, "warning") == everybody


@pytest.mark.req("G3", "G7")
def test_no_stack_and_no_logger_of_a_server_tells_a_credential() -> None:
    """G7: also what ends a process or a thread, and what goes through handlers that a web server brought."""
    secret = "Zx9CANARYQw51f0a7"
    log = python(FALLEN.format(secret=secret))
    assert log.count("Traceback") == log.count("RuntimeError: refused") == 3
    assert secret not in log and "of the request" in log


@pytest.mark.parametrize(("level", "lines"), [("WARNING", 0), ("INFO", 1)])
def test_a_command_logs_what_it_writes(tmp_path: Path, level: str, lines: int) -> None:
    installed(tmp_path)
    done = tieout(tmp_path, "pause", "time-to-bill", "--reason", "r", "--wait", "0", TIEOUT_LOG_LEVEL=level)
    assert done.stderr.count("action=request.requested") == lines and "alembic" not in done.stderr


@pytest.mark.parametrize(("level", "lines"), [("WARNING", 0), ("INFO", 1)])
def test_the_console_logs_what_its_desk_writes(tmp_path: Path, level: str, lines: int) -> None:
    log = python(CONSOLE, TIEOUT_HOME=str(tmp_path), TIEOUT_LOG_LEVEL=level)
    assert log.count("action=request.requested") == lines and "alembic" not in log


@pytest.mark.processes
@pytest.mark.parametrize(("level", "speaks"), [("WARNING", False), ("INFO", True)])
def test_the_collector_takes_the_level_from_the_setting(
    new_collector: Callable[..., CollectorProcess],  # noqa: F811
    level: str,
    speaks: bool,
) -> None:
    collector = new_collector(TIEOUT_LOG_LEVEL=level)
    open_journal(collector.settings.journal_address, SystemClock()).close()
    collector.start()
    assert collector.terminate() == 0
    assert ("action=lease.taken" in collector.log()) is speaks


def test_only_one_place_configures_logging() -> None:
    """Each way into a process asks it; none brings a level of its own."""
    layers = ("app", "collectors", "integrations", "models")
    sources = {file: file.read_text() for layer in layers for file in (ROOT / layer).rglob("*.py")}
    assert [str(file) for file, text in sources.items() if "basicConfig" in text] == []
    callers = {str(file.relative_to(ROOT)) for file, text in sources.items() if "start_log(settings.log_level)" in text}
    assert callers == {
        "app/cli/installation.py",
        "app/console/asgi.py",
        "collectors/detecting.py",
        "collectors/service.py",
        "integrations/engine/service.py",
    }
