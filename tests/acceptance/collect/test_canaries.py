"""A home through which credentials of every form went by every road holds none of them (G3)."""

from __future__ import annotations

import orjson
import pytest

from tests.acceptance.collect.process import JSON, PROTOBUF, CollectorProcess
from tests.canaries import SECRETS, SHAPES
from tests.unit.collect.requests import logs, traces

pytestmark = [pytest.mark.req("G3", "G7"), pytest.mark.processes]
TABLES = ("spans", "logs", "observations", "quarantine", "records")


@pytest.mark.finding("A4d")
def test_no_file_and_no_row_of_a_home_holds_a_canary(collector: CollectorProcess) -> None:
    """Spans, logs, lines of observations, bodies refused, names of senders; the spool while the lake has it not yet."""
    for place, (_, text) in enumerate(SHAPES.values()):
        _send(collector, text, place)
    _unread(collector)
    collector.until_stored()
    told = orjson.dumps([collector.rows(f"select * from {name}") for name in TABLES], default=str)
    assert told.count(b"spoken of") >= 2 * len(SHAPES) and not _found(told)
    assert collector.terminate() == 0
    kept = [path for path in collector.home.rglob("*") if path.is_file()]
    log = collector.home.parent / f"{collector.home.name}.log"
    assert {path.name: _found(path.read_bytes()) for path in [*kept, log] if _found(path.read_bytes())} == {}


def _send(collector: CollectorProcess, text: str, place: int) -> None:
    spans, lines = traces(), logs()
    span = spans.resource_spans[0].scope_spans[0].spans[0]
    span.name = f"spoken of {text}"
    span.status.message = text
    span.attributes.add(key="note").value.string_value = text
    span.events.add(name=text)
    lines.resource_logs[0].scope_logs[0].log_records[0].body.string_value = f"spoken of {text}"
    agent = text.replace("\n", " ").encode("ascii").decode()
    assert collector.post("/v1/traces", spans.SerializeToString(), PROTOBUF, User_Agent=agent)[0] == 200
    assert collector.post("/v1/logs", lines.SerializeToString(), PROTOBUF)[0] == 200
    observed = {
        "observed_at": "2026-11-20T08:00:00Z",
        "snapshot_id": "s",
        "system": "a",
        "entity": "project",
        "key": str(place),
        "fields": {"note": text},
    }
    assert collector.observe(orjson.dumps(observed))[0] == 200


def _unread(collector: CollectorProcess) -> None:
    """All of them in one body that is no JSON, and in one line that is no observation."""
    whole = "\n".join(text for _, text in SHAPES.values())
    assert collector.post("/v1/traces", b"{" + whole.encode(), JSON)[0] == 400
    assert collector.observe(orjson.dumps({"observed_at": "today", "key": whole}))[0] in (200, 400)


def _found(content: bytes) -> list[str]:
    return [secret for secret in SECRETS if secret.encode() in content]
