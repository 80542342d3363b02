"""Credentials are known by their form, plain text stays as it is, and no text costs more than its length."""

from __future__ import annotations

import json
import logging
from types import SimpleNamespace

import pytest

from app.cli.output import fail
from collectors.pipeline.answer import PROTOBUF
from collectors.pipeline.hint import hinted
from collectors.pipeline.protect import protected_bytes, protected_content
from collectors.pipeline.reading import read
from collectors.pipeline.records import record_rows
from collectors.pipeline.request import Request
from collectors.pipeline.spool.frame import Kind
from integrations.engine.retry import error_of
from models.domain import secrets
from models.domain.clock import SystemClock
from models.domain.errors import Rejected
from models.domain.record import Record, RecordKind
from models.domain.secrets import purged, suspicious, without_secrets, without_secrets_in
from models.process_log import LINE, Inert
from tests.canaries import SHAPES
from tests.unit.collect.requests import logs, traces

pytestmark = pytest.mark.req("G3", "G7")
EACH = pytest.mark.parametrize(("secret", "text"), SHAPES.values(), ids=SHAPES.keys())
PLAIN = [
    "Basic subscription",
    "Unexpected token: x",
    "the token bucket is empty",
    "Secret: Garden",
    "gen_ai.usage.input_tokens=5",
    "Signature: pending",
    "https://erp.example:8443/x/y@2",
    "mailto:ann@erp.example",
    "time_entry:TE-kantata-1",
    "desk-management-and-much-more-of-it",
    "idempotency_key=abc",
    "key=PRJ-1",
    "SK Telecom",
    "Password required",
    "token_type=x",
    "a1b2c3d4e5f60718293a4b5c6d7e8f90",
]


@EACH
def test_a_credential_is_masked_whatever_stands_around_it(secret: str, text: str) -> None:
    assert secret not in without_secrets(text)
    assert secret not in without_secrets(f"before; {text}")
    assert secret not in json.dumps(purged({"a": [text], text: 1}))
    assert suspicious(text) and all(hinted([b"\x0a\x41" + text.encode()]))


@EACH
def test_no_road_into_the_lake_keeps_it(secret: str, text: str) -> None:
    """Spans and logs in every field that is text, in both encodings, as they are spooled; and what is refused."""
    spans, lines = traces(), logs()
    span = spans.resource_spans[0].scope_spans[0].spans[0]
    span.name, span.status.message, span.trace_state = text, text, text
    span.attributes.add(key=text).value.string_value = text
    span.attributes.add(key="n").value.array_value.values.add().string_value = text
    span.attributes.add(key="b").value.bytes_value = text.encode()
    span.events.add(name=text).attributes.add(key="x").value.string_value = text
    spans.resource_spans[0].resource.attributes.add(key="host").value.string_value = text
    spans.resource_spans[0].scope_spans[0].scope.name = text
    lines.resource_logs[0].scope_logs[0].log_records[0].body.string_value = text
    for kind, message in ((Kind.TRACES, spans), (Kind.LOGS, lines)):
        stored = read(Request(kind, PROTOBUF, "", message.SerializeToString(), "t", 1), 1 << 20).frame.payload
        assert secret.encode() not in stored
        type(message).FromString(stored)
    line = json.dumps({"fields": {"note": text}, "key": "k"}).encode()
    observed = read(Request(Kind.OBSERVATIONS, "application/x-ndjson", "", line, "t", 1), 1 << 20).frame.payload
    assert secret.encode() not in observed
    assert secret not in protected_bytes(text.encode()) and secret not in protected_content({"a": text})


@EACH
def test_neither_records_nor_errors_nor_the_log_tell_it(
    secret: str, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    now = SystemClock().now()
    rows = record_rows([Record(RecordKind.FAILURE, now, body={"error": text, "deep": [{"x": text}]})], now)
    said = logging.Formatter(LINE).format(Inert("tieout", 30, "", 0, "it said %s", (text,), None))
    fail(text)
    heard = capsys.readouterr().err
    stored = str([table.to_pylist() for tables in rows.tables.values() for table in tables])
    for told in (stored, said, heard, str(error_of(Rejected(text, code="no"))), without_secrets_in(json.dumps([text]))):
        assert secret not in told


@pytest.mark.parametrize("text", PLAIN)
def test_plain_text_stays_as_it_is(text: str) -> None:
    assert without_secrets(text) is text and not suspicious(text)


@pytest.mark.parametrize(
    "part",
    ["password", "cookie:", "://a:", "token:", "eyJ0123456789.", 'password="\\', "-----" + "BEGIN PRIVATE KEY-----"],
)
def test_a_text_costs_its_length(part: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Twice the text is at most twice the places that are tried."""
    tried: list[int] = []

    def counted(text: str) -> int:
        tried.clear()
        forms = [(word, SimpleNamespace(match=_counting(form, tried))) for word, form in secrets._after]
        with monkeypatch.context() as patched:
            patched.setattr(secrets, "_after", forms)
            without_secrets(text)
        return sum(tried)

    assert counted(part * 2_000) <= 2 * counted(part * 1_000) + len(part) * 2


def _counting(form, tried):
    def match(raw, at):
        found = form.match(raw, at)
        tried.append(len(found[0]) if found else 1)
        return found

    return match
