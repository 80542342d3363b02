"""One bad value costs one span, not the batch: in protobuf and in JSON, wherever it stands (C1, N4)."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from collectors.pipeline.allowance import KEPT_BYTES_A_MINUTE
from collectors.pipeline.answer import JSON, PROTOBUF
from collectors.pipeline.otlp.decode import Signal
from collectors.pipeline.otlp.mending import mended
from collectors.pipeline.refusal import Malformed
from collectors.pipeline.rows import BODY_LIMIT
from collectors.pipeline.spool.frame import Kind
from tests.unit.collect.memory_lake import Desk, MemoryLake
from tests.unit.collect.requests import START, logs, traces, within

pytestmark = pytest.mark.req("C1", "N4")
LATIN = b"caf\xe9"


@pytest.fixture
def desk(tmp_path: Path) -> Any:
    made = Desk(tmp_path, MemoryLake(), limit=16 << 20)
    made.until_ready()
    yield made
    made.stop()


def stored(desk: Desk, table: str = "spans") -> list[dict[str, Any]]:
    desk.stop()
    rows = desk.commits._writer.rows(table)  # type: ignore[union-attr]
    return list(rows)


def span(name: bytes, extra: bytes = b"") -> bytes:
    return (
        within(0x0A, content=b"\x01" * 16)
        + within(0x12, content=b"\x02" * 8)
        + within(0x2A, content=name)
        + b"\x39"
        + START.to_bytes(8, "little")
        + extra
    )


def request(*spans: bytes) -> bytes:
    return within(0x0A, 0x12, content=b"".join(within(0x12, content=one) for one in spans))


@pytest.mark.parametrize(
    "extra",
    [
        within(0x4A, content=within(0x0A, content=LATIN) + within(0x12, 0x0A, content=b"v")),
        within(0x4A, content=within(0x0A, content=b"k") + within(0x12, 0x0A, content=LATIN)),
        within(0x4A, content=within(0x0A, content=b"k") + within(0x12, 0x2A, 0x0A, 0x0A, content=LATIN)),
        within(0x5A, content=within(0x12, content=LATIN)),
        within(0x7A, content=within(0x12, content=LATIN)),
    ],
    ids=["key", "value", "nested value", "event", "status"],
)
def test_bytes_that_are_no_utf8_are_replaced_wherever_they_stand(desk: Desk, extra: bytes) -> None:
    answer = desk.ask(Kind.TRACES, PROTOBUF, request(span(b"one"), span(b"two", extra), span(b"three")))
    assert (answer.status, answer.rejected) == (200, 0) and "1 texts" in answer.sentence
    rows = stored(desk)
    assert [row["name"] for row in rows] == ["one", "two", "three"]
    assert "caf\ufffd" in json.dumps(rows[1], default=str, ensure_ascii=False)


def test_a_span_that_is_no_protobuf_inside_is_refused_alone_and_kept(desk: Desk) -> None:
    bad = span(b"two") + b"\x4a\xff\x01"
    answer = desk.ask(Kind.TRACES, PROTOBUF, request(span(b"one"), bad, span(b"three")))
    assert (answer.status, answer.rejected) == (200, 1) and "the span cannot be read" in answer.sentence
    assert [row["name"] for row in stored(desk)] == ["one", "three"]
    (kept,) = desk.commits._writer.rows("quarantine") if desk.commits._writer else ()  # type: ignore[union-attr]
    assert base64.b64decode(kept["content"]) == bad


def test_a_nested_value_that_is_too_large_costs_its_own_span(desk: Desk) -> None:
    large = within(
        0x4A, content=within(0x0A, content=b"k") + within(0x12, 0x2A, 0x0A, 0x0A, content=b"x" * (600 << 10))
    )
    answer = desk.ask(Kind.TRACES, PROTOBUF, request(span(b"one"), span(b"two", large), span(b"three")))
    assert (answer.status, answer.rejected) == (200, 1) and "nested value" in answer.sentence


def test_a_resource_that_cannot_be_read_counts_its_spans() -> None:
    good = within(0x12, content=within(0x12, content=span(b"one")) + within(0x12, content=span(b"two")))
    spoilt = within(0x0A, content=within(0x0A, content=b"\x0a\xff") + good)
    found = mended(Signal.TRACES, request(span(b"kept")) + spoilt)
    assert [refusal.items for refusal in found.refusals] == [2]
    assert found.body == request(span(b"kept"))


@pytest.mark.parametrize("body", [b"\xff" * 64, b"\x0a\x05abc", within(0x0A, 0x12, 0x12, content=b"\x0a\xff")])
def test_what_is_no_request_stays_malformed(body: bytes) -> None:
    with pytest.raises(Malformed):
        mended(Signal.TRACES, body)


def test_a_log_record_alike(desk: Desk) -> None:
    body = logs(3).SerializeToString().replace(b"line 1", b"line \xe9")
    assert desk.ask(Kind.LOGS, PROTOBUF, body).status == 200
    assert [row["body"] for row in stored(desk, "logs")] == ["line 0", "line \ufffd", "line 2"]


@pytest.mark.parametrize(
    ("escape", "kept"),
    [
        (rb"\ud83d", "\ufffd"),
        (rb"\udE00", "\ufffd"),
        (rb"\ud83d\ude00", "\U0001f600"),
        (rb"\\ud83d", "\\ud83d"),
        (rb"\ud83d\ud83d\ude00", "\ufffd\U0001f600"),
        (b"\xe9", "\ufffd"),
    ],
)
def test_half_an_emoji_costs_itself(desk: Desk, escape: bytes, kept: str) -> None:
    body = json.dumps({"resourceLogs": [{"scopeLogs": [{"logRecords": [{"body": {"stringValue": "?"}}]}]}]}).encode()
    answer = desk.ask(Kind.LOGS, JSON, body.replace(b"?", escape + rb" \ud800"))
    assert answer.status == 200 and "U+FFFD" in answer.sentence
    assert [row["body"] for row in stored(desk, "logs")] == [f"{kept} \ufffd"]


def test_a_scope_that_cannot_be_read_costs_its_own_spans(desk: Desk) -> None:
    good = {"traceId": "ab" * 16, "spanId": "cd" * 8, "name": "good", "startTimeUnixNano": str(START)}
    scopes = [{"scope": {"name": 5}, "spans": [good, good]}, {"scope": {}, "spans": [good]}, None]
    answer = desk.ask(Kind.TRACES, JSON, json.dumps({"resourceSpans": [{"scopeSpans": scopes}, 7]}).encode())
    assert (answer.status, answer.rejected) == (200, 4)
    assert len(stored(desk)) == 1


def test_a_refused_body_is_kept_whole_within_its_limit(desk: Desk) -> None:
    whole, cut = b"\xff" * 300_000, b"\xfe" * (BODY_LIMIT + 300_000)
    assert [desk.ask(Kind.LOGS, PROTOBUF, body).status for body in (whole, cut)] == [400, 400]
    desk.stop()
    kept = [base64.b64decode(row["content"]) for row in stored(desk, "quarantine")]
    assert kept == [whole, cut[:BODY_LIMIT]]


def test_a_flood_of_refused_bodies_is_counted_beyond_its_limit(desk: Desk) -> None:
    most = KEPT_BYTES_A_MINUTE // len(base64.b64encode(bytes(BODY_LIMIT)))
    for _ in range(most + 3):
        assert desk.ask(Kind.LOGS, PROTOBUF, b"\xff" * BODY_LIMIT, received_us=1).status == 400
    assert desk.ask(Kind.TRACES, PROTOBUF, traces().SerializeToString(), received_us=70_000_000).status == 200
    rows = stored(desk, "quarantine")
    assert len(rows) == most + 1 and rows[-1]["reason"].startswith("3 more")
