"""Telemetry as senders in the field write it, after public bug reports; the inputs lie in `cases/`."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from collectors.pipeline.answer import JSON, PROTOBUF, Answer
from collectors.pipeline.spool.frame import Kind
from models.settings import Settings
from tests.unit.collect.gateways import gateway
from tests.unit.collect.memory_lake import Desk, MemoryLake

CASES = Path(__file__).parent / "cases"


class Post:
    """An intake on a lake in memory: `send` gives the answer, `stored` what the lake holds after the collector has
    ended.
    """

    def __init__(self, folder: Path) -> None:
        self.lake = MemoryLake()
        self.desk = Desk(folder, self.lake)
        self.desk.until_ready()

    def send(self, kind: Kind, path: str) -> Answer:
        return self.desk.ask(kind, PROTOBUF if path.endswith(".pb") else JSON, (CASES / path).read_bytes())

    def stored(self, table: str) -> list[dict[str, Any]]:
        self.desk.stop()
        return self.lake.rows(table)


@pytest.fixture
def post(tmp_path: Path) -> Iterator[Post]:
    made = Post(tmp_path)
    yield made
    made.desk.stop()


@pytest.mark.finding("case 02")
@pytest.mark.parametrize(
    ("path", "kind", "table", "good"),
    [
        ("02-invalid-utf8/body.pb", Kind.TRACES, "spans", 2),
        ("02-invalid-utf8/batch512.pb", Kind.TRACES, "spans", 511),
        ("02-invalid-utf8/log.json", Kind.LOGS, "logs", 1),
    ],
)
def test_one_byte_that_is_no_utf8_costs_one_item_at_most(
    post: Post, path: str, kind: Kind, table: str, good: int
) -> None:
    """0.1.0 answers 400 and stores none of 512 spans for one Latin-1 byte.
    Wanted: that item is refused or mended, the rest is stored.
    """
    answer = post.send(kind, path)
    assert answer.status == 200, answer.sentence
    assert len(post.stored(table)) >= good


@pytest.mark.finding("case 06")
@pytest.mark.parametrize("path", ["06-bad-resource/body.json", "06-bad-resource/null-in-resource-array.json"])
def test_a_resource_that_cannot_be_read_costs_its_own_spans_alone(post: Post, path: str) -> None:
    """0.1.0 answers 400 and stores none of three services. Wanted: the two good ones are stored."""
    answer = post.send(Kind.TRACES, path)
    assert answer.status == 200, answer.sentence
    assert {row["name"] for row in post.stored("spans")} >= {"good", "good2"}


@pytest.mark.finding("case 07")
def test_a_list_where_a_message_belongs_is_refused_alone_in_words(post: Post) -> None:
    """0.1.0 says "unhashable type: 'dict'".
    Wanted: its neighbour is stored and the reason names the field that is wrong.
    """
    answer = post.send(Kind.LOGS, "07-proto-examples/event-body.json")
    assert answer.status == 200 and len(post.stored("logs")) == 1
    assert "kvlistValue" in answer.sentence and "unhashable" not in answer.sentence, answer.sentence


@pytest.mark.finding("case 14")
def test_spans_under_their_old_name_are_never_acknowledged_and_dropped(post: Post) -> None:
    """0.1.0 answers 200 and keeps nothing of `instrumentationLibrarySpans`. Wanted: read, or refused with a word."""
    answer = post.send(Kind.TRACES, "14-old-json/instrumentation-library.json")
    assert post.stored("spans") or answer.rejected or answer.status >= 400, (
        "acknowledged with 200, and nothing was kept"
    )


async def _answered(method: str, path: str, *headers: tuple[bytes, bytes]) -> tuple[int, str]:
    """Status and body of a request that no intake takes."""
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": b""}

    async def send(message: Any) -> None:
        sent.append(message)

    await gateway()({"type": "http", "path": path, "method": method, "headers": list(headers)}, receive, send)
    return sent[0]["status"], sent[1]["body"].decode()


@pytest.mark.finding("case 03")
def test_origins_of_browsers_can_be_allowed() -> None:
    """0.1.0 has no such setting, and answers OPTIONS with 405.
    Wanted: a setting that names allowed origins, and none by default.
    """
    settings = [name for name in Settings.model_fields if "origin" in name or "cors" in name]
    assert settings, "no setting allows an origin"
    assert not getattr(Settings(), settings[0])


@pytest.mark.finding("case 11")
def test_a_sender_of_grpc_is_told_which_setting_is_wrong() -> None:
    """With 0.1.0 the SDK's default protocol, gRPC, stores nothing and nobody says why.
    Wanted: the answer names OTEL_EXPORTER_OTLP_PROTOCOL.
    """
    path = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
    _, said = asyncio.run(_answered("POST", path, (b"content-type", b"application/grpc")))
    assert "OTEL_EXPORTER_OTLP_PROTOCOL" in said, said
