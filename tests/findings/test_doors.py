"""What may come in through the collector's and the connectors' doors, and what it may cost."""

from __future__ import annotations

import asyncio
import gzip
import json
import zlib
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import httpcore
import pytest

from collectors.pipeline import body as bodies
from collectors.pipeline.answer import PROTOBUF, Answer
from collectors.pipeline.intake import Intake
from collectors.pipeline.provenance import Provenance
from collectors.pipeline.refusal import Malformed, TooLarge
from collectors.pipeline.request import Request
from collectors.pipeline.spool.frame import Kind
from integrations.connectors import reply
from integrations.connectors.http import HttpClient
from integrations.connectors.reply import Reply
from integrations.contracts.connector import Role, SystemConfig
from models.domain.clock import SystemClock
from models.domain.errors import TieoutError
from tests.unit.collect.gateways import gateway

RECEIVED = datetime(2026, 11, 18, 10, 0, tzinfo=UTC)
LINE = {
    "observed_at": RECEIVED.isoformat(),
    "snapshot_id": "s1",
    "system": "erp",
    "role": "erp",
    "entity": "project",
    "system_id": "1",
    "key": "PRJ-1017",
    "legal_entity": "NOV-DE",
    "present": True,
    "fields": {"code": "PRJ-1017"},
}


@pytest.mark.finding("A2a")
def test_a_body_of_many_gzip_members_costs_what_its_size_allows(monkeypatch: pytest.MonkeyPatch) -> None:
    """A 10 MB body of 500,000 empty members kept 0.1.0 busy for minutes: each member copied all that followed.
    Wanted: bytes handled grow with the body.
    """
    handled = 0

    class Counting:
        def __init__(self, *options: Any) -> None:
            self._inner = zlib.decompressobj(*options)

        def decompress(self, data: bytes, *limit: int) -> bytes:
            nonlocal handled
            handled += len(data)
            return self._inner.decompress(data, *limit)

        def __getattr__(self, name: str) -> Any:
            return getattr(self._inner, name)

    monkeypatch.setattr(bodies, "zlib", SimpleNamespace(decompressobj=Counting, error=zlib.error))
    body = gzip.compress(b"") * 4000
    try:
        bodies.plain_body(body, "gzip", 1 << 20)
    except (Malformed, TooLarge):
        """To refuse so many members is as good."""
    assert 0 < handled <= 256 * len(body), f"{handled // len(body)} times the body was handled"


class Open:
    """A pipeline that takes everything."""

    async def take(self, request: Request) -> Answer:
        return Answer(200, stored=1)


async def _status(**headers: str) -> int:
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": json.dumps(LINE).encode()}

    async def send(message: Any) -> None:
        sent.append(message)

    named = [
        (name.encode(), value.encode()) for name, value in {"content-type": "application/x-ndjson", **headers}.items()
    ]
    await gateway(Open())(
        {"type": "http", "path": "/v1/observations", "method": "POST", "headers": named}, receive, send
    )
    return int(sent[0]["status"])


@pytest.mark.finding("A3a")
@pytest.mark.parametrize(("name", "value"), [("origin", "https://evil.example"), ("host", "evil.example")])
def test_a_page_on_the_web_cannot_say_what_a_system_holds(name: str, value: str) -> None:
    """0.1.0 takes snapshots from any origin and under any host name. Wanted: refused with 401, 403 or 421."""
    assert asyncio.run(_status(**{name: value})) in (401, 403, 421)


@pytest.mark.finding("A3b")
def test_a_snapshot_without_a_credential_is_refused() -> None:
    """In 0.1.0 whoever reaches the port can forge what the ERP holds. Wanted: a credential, else 401 or 403."""
    assert asyncio.run(_status()) in (401, 403)


@pytest.mark.finding("A3d")
def test_a_snapshot_of_the_future_is_refused() -> None:
    """0.1.0 takes any `observed_at`, and one of 2099 beats all that systems say until then.
    Wanted: that line is refused.
    """
    line = json.dumps({**LINE, "observed_at": "2099-01-01T00:00:00Z"}).encode()
    present = SimpleNamespace(now=lambda: RECEIVED)
    left, refusals = Provenance({"erp"}, present).checked(line)
    assert (left, [refusal.code for refusal in refusals]) == (b"", ["observed-at"])


@pytest.mark.finding("A10a")
def test_a_small_sender_is_served_while_large_ones_wait() -> None:
    """Beside large bodies a sender of one span got 5 answers in 50 s from 0.1.0.
    Wanted: room is kept for small bodies.
    """
    intake = Intake(SimpleNamespace(writer="otlp"), 16 << 20, lambda answers: None)  # type: ignore[arg-type]
    large = bytes(16 << 20)

    def submitted(body: bytes) -> bool:
        return intake.submit(Request(Kind.TRACES, PROTOBUF, "", body, "test", 0, lambda answer: None))

    for _ in range(8):
        submitted(large)
    assert submitted(b"x" * 300), "the small body was refused"


def _client() -> HttpClient:
    return HttpClient(SystemConfig("erp", "netsuite", Role.ERP, "https://erp.example.com", (), {}), SystemClock())


@pytest.mark.finding("A11a")
@pytest.mark.parametrize("link", [":8899/x", ".evil.example/x"])
def test_a_link_without_a_leading_slash_stays_on_our_host(link: str) -> None:
    """0.1.0 appends such a link to the host name and sends the token there.
    Wanted: refused, or a path below our host.
    """
    try:
        path = _client().local(link)
    except TieoutError:
        return
    assert path.startswith("/"), path


@pytest.mark.finding("A11b")
def test_deeply_nested_json_is_a_payload_that_cannot_be_read() -> None:
    """JSON nested 100,000 deep is a RecursionError in 0.1.0. Wanted: an error that names the payload."""
    with pytest.raises(TieoutError):
        try:
            Reply(200, {}, b"[" * 100_000 + b"]" * 100_000).json()
        except RecursionError as error:
            raise AssertionError(f"the parser gave up: {error}") from error


@pytest.mark.finding("A11c")
def test_an_answer_beyond_the_largest_size_is_named_and_not_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    """0.1.0 cuts a gzip answer at 256 MiB and goes on with the rest missing. Wanted: an error that says so."""
    monkeypatch.setattr(reply, "LARGEST_BODY", 1000)
    answer = httpcore.Response(200, headers=[(b"content-encoding", b"gzip")], content=gzip.compress(b"x" * 5000))
    answer.read()
    try:
        held = Reply.of(answer).body
    except TieoutError:
        return
    raise AssertionError(f"{len(held)} of 5000 bytes were handed on")
