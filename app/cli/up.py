"""`tieout demo` and `tieout up`: the whole system on one machine."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path

from app.cli.installation import DEMO_CATALOGUE, DEMO_MARK, DEMO_USER, content, running, settings_here
from app.cli.output import fail
from app.cli.processes import command
from app.cli.supervisor import Supervisor
from models.catalogue import IDLE, load_catalogue
from models.door import unproven
from models.settings import Settings

_WEBHOOKS = "webhook_port"


def demo(fresh: bool) -> int:
    """Run the demonstration: a sandbox firm, the engine, the collector and the console, on loopback only."""
    os.environ.update(_demo_environment())
    settings = settings_here()
    _ports_free(settings, (*_collectors(settings), "console_port", "sandbox_port"))
    with running(settings.home):
        if fresh:
            _clear(settings.home)
        if content(settings.home) and not (settings.home / DEMO_MARK).exists():
            raise fail(
                f"{settings.home.resolve()} holds another installation: "
                "set TIEOUT_HOME to an empty folder for the demonstration",
                2,
            )
        (settings.home / DEMO_MARK).write_text(json.dumps({"made_by": "tieout demo"}) + "\n")
        return _supervise(settings, ("sandbox", "collect", "engine", "console"))


def up(with_sandbox: bool) -> int:
    """Run the engine, the collector and the console against the systems of the installation's catalogue; without any
    they watch what its log files, brokers and rules name.

    `with_sandbox` adds quiet vendor emulators on loopback, for a source that has no ERP beside it yet.
    """
    if with_sandbox:
        os.environ.setdefault("TIEOUT_SANDBOX_SECRET", secrets.token_urlsafe(18))
        os.environ["TIEOUT_SANDBOX_SCENARIO"] = "quiet"
    os.environ["TIEOUT_HOME"] = str(Path(os.environ.get("TIEOUT_HOME", "var")).resolve())
    settings = settings_here()
    if settings.catalogue is not None:
        os.environ["TIEOUT_CATALOGUE"] = str(settings.catalogue)  # what is checked here is what the processes get
    for check in (["integrations.engine.check", "--catalogue"], ["collectors.check"]):
        checked = subprocess.run([sys.executable, "-m", *check], capture_output=True, text=True)
        if checked.returncode:
            raise fail(checked.stderr.strip(), 2)
    catalogue = load_catalogue(settings)
    if catalogue.idle:
        raise fail(IDLE, 2)
    told = any(system.webhook for system in catalogue.systems)
    more = [name for name, wanted in (("sandbox_port", with_sandbox), (_WEBHOOKS, told)) if wanted]
    _ports_free(settings, (*_collectors(settings), "console_port", *more))
    with running(settings.home):
        return _supervise(settings, (*(("sandbox",) if with_sandbox else ()), "collect", "engine", "console"))


def _demo_environment() -> dict[str, str]:
    home = Path(os.environ.get("TIEOUT_HOME", "var")).resolve()
    wanted = {
        "TIEOUT_HOME": str(home),
        "TIEOUT_CATALOGUE": str(DEMO_CATALOGUE),
        "TIEOUT_WORLD_CLOCK": str(home / "run" / "clock.json"),
        "TIEOUT_POLL_SECONDS": "0.25",
        "TIEOUT_DEV_USER": DEMO_USER,
        "TIEOUT_SANDBOX_SECRET": secrets.token_urlsafe(18),
    }
    return {name: value for name, value in wanted.items() if name == "TIEOUT_HOME" or name not in os.environ}


def _supervise(settings: Settings, roles: tuple[str, ...]) -> int:
    supervisor = Supervisor(settings.home, {role: command(role, settings) for role in roles}, os.environ)
    print(f"Tieout starts: {', '.join(roles)}. Home {settings.home.resolve()}. Ctrl-C ends everything.", flush=True)
    threading.Thread(target=_announce, args=(settings,), daemon=True).start()
    status = supervisor.run()
    print("Tieout has ended.", flush=True)
    return status


def _announce(settings: Settings) -> None:
    address = settings.console_here
    grpc = f", {settings.otlp_host}:{settings.grpc_port} (gRPC)" if settings.grpc else ""
    started = time.monotonic()
    while time.monotonic() - started < 120:
        try:
            with urllib.request.urlopen(address + "/healthz", timeout=2, context=unproven()) as answer:
                if answer.status == 200:
                    print(f"Console: {address}   OTLP: {settings.collector_address} (HTTP){grpc}", flush=True)
                    return
        except OSError:
            time.sleep(0.3)
    print(f"The console does not answer at {address} yet: see {settings.home / 'log' / 'console.log'}", flush=True)


def _collectors(settings: Settings) -> tuple[str, ...]:
    """The settings of the collector's ports."""
    return ("otlp_port", "grpc_port") if settings.grpc else ("otlp_port",)


def _ports_free(settings: Settings, names: tuple[str, ...]) -> None:
    for name in names:
        port = getattr(settings, name)
        host = settings.otlp_host if name in _collectors(settings) else settings.host
        host = settings.webhook_host if name == _WEBHOOKS else host
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError as error:
                raise fail(
                    f"port {port} on {host} cannot be used ({error.strerror}): "
                    f"end what uses it, or set TIEOUT_{name.upper()}",
                    2,
                ) from error


def _clear(home: Path) -> None:
    if content(home) and not (home / DEMO_MARK).exists():
        raise fail(f"{home.resolve()} is not a demonstration's home: refusing to clear it", 2)
    for entry in content(home):
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()
