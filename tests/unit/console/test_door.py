"""Beyond loopback the console opens over TLS and to who signs in, or not at all (G1, G3)."""

from __future__ import annotations

import asyncio
import ssl
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from app.cli.processes import command
from app.console.gatekeeping import Gatekeeping, names_of
from models.domain.errors import Misconfigured
from models.door import console_exposure
from models.settings import Settings
from tests.browser.console.conftest import free_port, stop
from tests.commands import tieout
from tests.unit.collect.certificates import certificate

pytestmark = pytest.mark.req("G1", "G3")
PROVIDER = "https://login.example/.well-known/openid-configuration"


def settings(home: Path, **given: Any) -> Settings:
    return Settings.model_validate({"home": home, **given})


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.1", None])
def test_beyond_loopback_tls_and_sign_in_are_asked_for(tmp_path: Path, host: str | None) -> None:
    with pytest.raises(Misconfigured, match=r"^TIEOUT_HOST=.*TIEOUT_CONSOLE_CERT.* and sign-in .*TIEOUT_OIDC"):
        console_exposure(settings(tmp_path), host)
    with pytest.raises(Misconfigured, match="give it TLS") as caught:
        console_exposure(settings(tmp_path, oidc_metadata_url=PROVIDER), host)
    assert "sign-in" not in str(caught.value)
    cert, key = certificate(tmp_path)
    with pytest.raises(Misconfigured, match="give it sign-in"):
        console_exposure(settings(tmp_path, console_cert=cert, console_key=key), host)


def test_on_loopback_it_opens_as_it_is_and_the_start_refuses_the_rest(tmp_path: Path) -> None:
    assert console_exposure(settings(tmp_path), "127.0.0.1").tls is None
    assert "--server.sslCertFile" not in command("console", settings(tmp_path))
    refused = tieout(tmp_path / "home", "console", timeout=110, TIEOUT_HOST="0.0.0.0")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "TIEOUT_HOST=0.0.0.0 can be reached from other machines" in refused.stderr


def test_a_proxy_that_ends_tls_is_the_only_one_that_is_answered(tmp_path: Path) -> None:
    given = {"host": "10.0.0.1", "oidc_metadata_url": PROVIDER}
    found = console_exposure(settings(tmp_path, **given, console_proxy="10.0.0.2"), "10.0.0.1")

    async def page(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def answered(address: str) -> int:
        sent: list[Any] = []

        async def send(message: Any) -> None:
            sent.append(message)

        scope = {"type": "http", "headers": [], "method": "GET", "path": "/", "client": (address, 1)}
        await Gatekeeping(page, names_of(Settings()), found.admits)(scope, page, send)
        return int(sent[0]["status"])

    assert [asyncio.run(answered(one)) for one in ("10.0.0.2", "127.0.0.1", "10.0.0.3")] == [200, 200, 403]
    with pytest.raises(Misconfigured, match="names this machine"):
        console_exposure(settings(tmp_path, **given, console_proxy="127.0.0.1"), "10.0.0.1")


@pytest.mark.processes
def test_a_console_with_a_certificate_speaks_tls_alone(tmp_path: Path) -> None:
    cert, key = certificate(tmp_path)
    given = {"host": "0.0.0.0", "console_port": free_port(), "console_cert": cert, "console_key": key}
    oidc = {"oidc_metadata_url": PROVIDER, "oidc_client_id": "a", "oidc_client_secret": "b", "cookie_secret": "c"}
    made = settings(tmp_path / "home", **given, **oidc, oidc_redirect_url="https://console.example/oauth2callback")
    told = {name: made.__dict__[name] for name in (*given, *oidc, "oidc_redirect_url", "home")}
    shown = {**told, "oidc_client_secret": "b", "cookie_secret": "c"}
    environment = {f"TIEOUT_{name.upper()}": str(value) for name, value in shown.items()}
    with open(tmp_path / "log", "wb") as log:
        process = subprocess.Popen(command("console", made), env=environment, stdout=log, stderr=log)
    trusting = ssl.create_default_context(cafile=cert)
    try:
        deadline = time.monotonic() + 100
        while True:
            assert process.poll() is None and time.monotonic() < deadline, (tmp_path / "log").read_text()
            try:
                with urllib.request.urlopen(f"{made.console_here}/healthz", timeout=5, context=trusting) as answer:
                    assert answer.status == 200
                break
            except (urllib.error.URLError, TimeoutError):
                time.sleep(0.2)
        with pytest.raises(OSError):
            urllib.request.urlopen(f"http://127.0.0.1:{made.console_port}/healthz", timeout=5).close()
    finally:
        stop(process)
