"""The processes of an installation and how each is started; a layer is started, never imported."""

from __future__ import annotations

import sys
from pathlib import Path

from models.door import console_exposure
from models.settings import Settings

APP = Path(__file__).resolve().parents[1]


def command(role: str, settings: Settings) -> list[str]:
    """The argument list that runs one role of this installation.

    Raises KeyError for a role that does not exist, Misconfigured for a console that could be reached without TLS or
    sign-in.
    """
    modules = {"sandbox": "integrations.sandbox", "collect": "collectors", "engine": "integrations.engine"}
    return _console(settings) if role == "console" else [sys.executable, "-m", modules[role]]


def _console(settings: Settings) -> list[str]:
    tls = console_exposure(settings, settings.host).tls
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
        *(("--server.sslCertFile", str(tls.certificate), "--server.sslKeyFile", str(tls.key)) if tls else ()),
    ]
