"""The processes of an installation and how each is started; a layer is started, never imported."""

from __future__ import annotations

import sys
from pathlib import Path

from models.settings import Settings

APP = Path(__file__).resolve().parents[1]


def command(role: str, settings: Settings) -> list[str]:
    """The argument list that runs one role of this installation.

    Raises KeyError for a role that does not exist.
    """
    return {
        "sandbox": [sys.executable, "-m", "integrations.sandbox"],
        "collect": [sys.executable, "-m", "collectors"],
        "engine": [sys.executable, "-m", "integrations.engine"],
        "console": _console(settings),
    }[role]


def _console(settings: Settings) -> list[str]:
    return [
        sys.executable,
        "-m",
        "streamlit",
        "run",
        str(APP / "console" / "asgi.py"),
        "--server.address",
        settings.host,
        "--server.port",
        str(settings.console_port),
        "--server.headless",
        "true",
        "--browser.gatherUsageStats",
        "false",
    ]
