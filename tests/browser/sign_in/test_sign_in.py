"""Sign-in against two real providers: `oidc-provider` of Node, and `oidc-provider-mock` behind a proxy with a sub-path
(G1).
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from models.domain.clock import SystemClock, set_world_clock
from models.journal import open_journal
from models.settings import Settings
from tests.browser.console.conftest import browser, free_port, start, stop  # noqa: F401
from tests.browser.sign_in.forwarding import forwarding

HERE = Path(__file__).resolve().parent
PATIENCE = 20_000
GROUPS = {
    "mara@example.com": ["tieout-operations", "tieout-finance", "tieout-entity-NOV-DE"],
    "brief@example.com": ["tieout-operations", "tieout-entity-*"],
    "firmless@example.com": ["tieout-finance"],
    "nobody@example.com": ["something-else"],
}
WORLD = datetime(2026, 3, 2, tzinfo=UTC)
"""World time, which lies behind: a session ends by the wall's."""
SECRET = "a-secret-of-this-test-alone"


@dataclass(frozen=True)
class Place:
    """Where a person opens the console, and where its provider is."""

    console: str
    provider: str


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """The console beside a provider that issues tokens by the book, and knows only standard ways to be asked."""
    if not shutil.which("node") or not (HERE / "node_modules" / "oidc-provider").exists():
        pytest.skip("needs Node with tests/browser/sign_in installed: run `npm ci` there")
    own, port = free_port(), free_port()
    command = ["node", str(HERE / "provider.mjs"), str(port), f"http://127.0.0.1:{own}/oauth2callback"]
    provider, console = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{own}"
    with (
        _process(command, provider, tmp_path_factory.mktemp("node"), GROUPS=json.dumps(GROUPS)),
        _console(tmp_path_factory, own, provider, console) as place,
    ):
        yield place


@pytest.fixture(scope="module")
def proxied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """The console under `/tieout` behind a proxy, beside another provider."""
    own, port, outside = free_port(), free_port(), free_port()
    people = [
        part
        for name, groups in GROUPS.items()
        for part in ("--user-claims", json.dumps({"sub": name, "email": name, "groups": groups}))
    ]
    command = [sys.executable, "-m", "oidc_provider_mock", "--port", str(port), *people]
    with _process(command, f"http://127.0.0.1:{port}", tmp_path_factory.mktemp("mock")), forwarding(outside, own):
        address = f"http://127.0.0.1:{outside}/tieout"
        with _console(
            tmp_path_factory, own, f"http://127.0.0.1:{port}", address, STREAMLIT_SERVER_BASE_URL_PATH="tieout"
        ) as place:
            yield place


@contextmanager
def _process(command: list[str], address: str, folder: Path, **environment: str) -> Iterator[None]:
    log = (folder / "log").open("wb")
    process = subprocess.Popen(command, env={**os.environ, **environment}, stdout=log, stderr=log)
    deadline = time.monotonic() + 30
    try:
        while True:
            assert process.poll() is None and time.monotonic() < deadline, (folder / "log").read_text()
            try:
                urllib.request.urlopen(f"{address}/.well-known/openid-configuration", timeout=2).close()
                break
            except OSError:
                time.sleep(0.1)
        yield
    finally:
        stop(process)


@contextmanager
def _console(
    folders: pytest.TempPathFactory, port: int, provider: str, address: str, **environment: str
) -> Iterator[Place]:
    home = folders.mktemp("home")
    open_journal(Settings(home=home).journal_address, SystemClock()).close()
    set_world_clock(home / "clock.json", WORLD)
    process, _ = start(
        home,
        folders.mktemp("elsewhere"),
        port=port,
        TIEOUT_OIDC_METADATA_URL=f"{provider}/.well-known/openid-configuration",
        TIEOUT_OIDC_CLIENT_ID="tieout",
        TIEOUT_OIDC_CLIENT_SECRET=SECRET,
        TIEOUT_OIDC_REDIRECT_URL=f"{address}/oauth2callback",
        TIEOUT_COOKIE_SECRET="a cookie secret of this test alone",
        **environment,
    )
    try:
        yield Place(address, provider)
    finally:
        stop(process)


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:  # noqa: F811
    context = browser.new_context(viewport={"width": 1440, "height": 1000})
    opened = context.new_page()
    opened.set_default_timeout(PATIENCE)
    yield opened
    context.close()


def enter(page: Any, place: Place, name: str, at: str = "/") -> None:
    """Open a page of the console, ask to sign in, and be this person at the provider of Node."""
    page.goto(place.console + at)
    page.get_by_role("button", name="Sign in").click()
    page.locator("input[name=login]").fill(name)
    page.locator("input[name=password]").fill("any")
    page.get_by_role("button", name="Sign-in").click()
    page.get_by_role("button", name="Continue").click()


def leave(page: Any) -> None:
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("button", name="Yes, sign me out").click()
    page.get_by_text("Sign in to Tieout").wait_for()


def seen_as_mara(page: Any) -> None:
    """With the roles and the company that her groups grant."""
    page.get_by_role("button", name="mara").click()
    menu = page.get_by_test_id("stPopoverBody")
    menu.get_by_text("mara@example.com", exact=False).wait_for()
    assert "finance" in menu.inner_text() and "NOV-DE" in menu.inner_text()


@pytest.mark.finding("A7a", "A7c")
@pytest.mark.req("G1")
def test_one_signs_in_and_comes_to_the_page_that_was_asked_for_with_ones_roles(node: Place, page: Any) -> None:
    enter(page, node, "mara@example.com", "/exceptions?cause=project-missing")
    seen_as_mara(page)
    assert page.url == f"{node.console}/exceptions?cause=project-missing"


@pytest.mark.req("G1")
def test_who_has_no_role_or_no_company_is_told_what_to_ask_for(node: Place, page: Any) -> None:
    enter(page, node, "nobody@example.com")
    page.get_by_text("No role in Tieout").wait_for()
    leave(page)
    enter(page, node, "firmless@example.com")
    page.get_by_text("No legal entity in Tieout").wait_for()


@pytest.mark.finding("A7b")
@pytest.mark.req("G1")
def test_what_the_provider_refuses_is_told_to_the_person(node: Place, page: Any) -> None:
    page.goto(node.console)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("link", name="[ Cancel ]").click()
    page.get_by_text("let nobody in, or you stopped there").wait_for()
    page.get_by_role("button", name="Sign in").wait_for()


@pytest.mark.req("G1")
def test_a_session_ends_with_its_token_and_signing_out_ends_it_at_the_provider_too(node: Place, page: Any) -> None:
    enter(page, node, "brief@example.com")
    page.wait_for_timeout(3_500)
    page.goto(node.console)
    page.get_by_text("Your session has ended").wait_for()
    page.context.clear_cookies()
    enter(page, node, "nobody@example.com")
    leave(page)
    page.get_by_role("button", name="Sign in").click()
    page.locator("input[name=login]").wait_for()


@pytest.mark.req("G1")
def test_behind_a_proxy_with_a_path_of_its_own_it_is_the_same(proxied: Place, page: Any) -> None:
    page.goto(f"{proxied.console}/exceptions?cause=project-missing")
    page.get_by_role("button", name="Sign in").click()
    page.locator("input[name=sub]").fill("mara@example.com")
    page.get_by_role("button", name="Authorize").click()
    seen_as_mara(page)
    assert page.url == f"{proxied.console}/exceptions?cause=project-missing"
