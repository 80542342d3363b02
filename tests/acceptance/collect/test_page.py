"""A page in a browser exports by the unmodified web SDK from another origin: CORS, and a token where the door asks (C1,
C10).
"""

from __future__ import annotations

import json
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from models.senders import SenderBook
from tests.acceptance.collect.process import CollectorProcess
from tests.browser.console.conftest import browser  # noqa: F401

pytestmark = [pytest.mark.req("C1", "C10"), pytest.mark.processes]
HERE = Path(__file__).parent / "sdks"
ESBUILD = HERE / "node_modules" / ".bin" / "esbuild"
Opened = Callable[[str], AbstractContextManager[Any]]


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port where the page is served, by either name of loopback."""
    if not (shutil.which("node") and ESBUILD.exists()):
        pytest.skip(f"needs Node with {HERE.relative_to(Path.cwd())} installed: run `npm ci` there")
    folder = tmp_path_factory.mktemp("site")
    command = [ESBUILD, "page.mjs", "--bundle", f"--outfile={folder / 'page.js'}", "--log-level=warning"]
    subprocess.run(command, cwd=HERE, check=True, timeout=60)
    (folder / "index.html").write_text("<!doctype html><title>A service</title><script src=page.js></script>")
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def opened(browser: Any, site: int) -> Opened:  # noqa: F811
    """Opens the page at one of its names."""

    @contextmanager
    def at(name: str) -> Iterator[Any]:
        page = browser.new_page()
        page.goto(f"http://{name}:{site}/")
        yield page
        page.close()

    return at


def exported(page: Any, collector: CollectorProcess, service: str, **headers: str) -> dict[str, str]:
    """The id of the trace that the page sent, or why it could not."""
    told: dict[str, str] = page.evaluate(
        "given => exported(given)", [f"{collector.address}/v1/traces", service, headers or None]
    )
    return told


def names(collector: CollectorProcess) -> list[str]:
    """The services whose spans are in the lake."""
    collector.until_stored()
    return [row["service_name"] for row in collector.rows("select service_name from spans order by 1")]


def test_a_page_of_the_named_origin_exports_and_of_no_other(
    new_collector: Callable[..., CollectorProcess], opened: Opened, site: int
) -> None:
    collector = new_collector(TIEOUT_OTLP_ORIGINS=f"http://127.0.0.1:{site}")
    collector.start()
    with opened("127.0.0.1") as page:
        told = exported(page, collector, "page")
    with opened("localhost") as page:
        assert "refused" in exported(page, collector, "other-origin")
    assert names(collector) == ["page"]
    (span,) = collector.rows("select * from spans")
    assert (span["trace_id"], span["name"], span["scope_name"]) == (told["trace"], "approve", "page")
    assert json.loads(span["attributes"]) == {"hours": 7.5, "retry": 2, "tags": ["a", "b"]}
    assert json.loads(span["resource"])["service.name"] == "page"
    assert span["start_time"] <= span["end_time"] <= span["recorded_at"]


def test_a_page_shows_a_token_where_senders_must(
    new_collector: Callable[..., CollectorProcess], opened: Opened, site: int
) -> None:
    collector = new_collector(TIEOUT_OTLP_ORIGINS=f"http://127.0.0.1:{site}", TIEOUT_OTLP_PROXY="127.0.0.1")
    token = SenderBook(collector.settings).add("page", ("traces",), "operator", datetime.now(UTC))
    collector.start()
    with opened("127.0.0.1") as page:
        assert "401" in exported(page, collector, "no-token")["refused"]
        assert "401" in exported(page, collector, "false-token", authorization=f"Bearer {token}x")["refused"]
        assert "trace" in exported(page, collector, "token", authorization=f"Bearer {token}")
    assert names(collector) == ["token"]
