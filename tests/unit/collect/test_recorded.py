"""What exporters of Java, Go and .NET once sent, byte for byte, becomes the rows that it meant (C1).

`recorded/README.md` says which SDKs they are and how they were recorded.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from collectors.pipeline.answer import PROTOBUF
from collectors.pipeline.spool.frame import Kind
from tests.unit.collect.memory_lake import Desk, MemoryLake

pytestmark = pytest.mark.req("C1")
HERE = Path(__file__).parent / "recorded"
FILES = sorted(file for file in HERE.iterdir() if file.suffix in (".traces", ".logs", ".gz"))
OTELHTTP = "go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
NO_DAEMON = "dial unix /var/run/docker.sock: connect: no such file or directory"


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, list[dict[str, Any]]]]:
    """The rows that each file became."""
    made = {}
    for file in FILES:
        lake = MemoryLake()
        desk = Desk(tmp_path_factory.mktemp("recorded"), lake)
        desk.until_ready()
        kind = Kind.LOGS if file.name.endswith(".logs") else Kind.TRACES
        answer = desk.ask(kind, PROTOBUF, file.read_bytes(), "gzip" if file.suffix == ".gz" else "")
        desk.stop()
        assert (answer.status, answer.sentence, answer.rejected) == (200, "", 0), f"{file.name}: {answer}"
        made[file.name] = lake.rows("logs" if kind is Kind.LOGS else "spans")
    yield made


def at(nanoseconds: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=nanoseconds // 1000)


def test_every_language_is_there() -> None:
    assert {file.name.partition("-")[0] for file in FILES} == {"java", "go", "dotnet"}
    assert all(file.stat().st_size <= 20 << 10 for file in FILES)


@pytest.mark.parametrize(
    ("file", "trace", "project_id", "quote_id", "times"),
    [
        (
            "java-http.traces.gz",
            "332f3e3e5d9ce783f9093dd1d93ae781",
            "ee939171b98910ee",
            "f756392aae2b9bbe",
            (1796005354533531867, 1796005354534284804, 1796005354532000000, 1796005354551766183),
        ),
        (
            "java-grpc.traces",
            "6abb667167dcadd10329a2f40b3ee55c",
            "9355b9cd42fc6925",
            "7267ea9dbc95de49",
            (1796005356560762232, 1796005356561612015, 1796005356551000000, 1796005356561886458),
        ),
    ],
)
def test_java_spans(
    rows: dict[str, list[dict[str, Any]]],
    file: str,
    trace: str,
    project_id: str,
    quote_id: str,
    times: tuple[int, int, int, int],
) -> None:
    project, quote = rows[file]
    assert identity(project) == (trace, project_id, quote_id, "create project", 3)
    assert identity(quote) == (trace, quote_id, None, "quote to project", 5)
    assert [project["start_time"], project["end_time"], quote["start_time"], quote["end_time"]] == [*map(at, times)]
    assert (project["status_code"], project["status_message"], quote["status_code"]) == (2, "no such customer", 1)
    assert json.loads(project["attributes"]) == {
        "project.code": "PRJ-1001",
        "hours": 7.5,
        "billable": True,
        "retry": 2,
        "customer": "Müller & Søn €",
        "tags": ["a", "b"],
        "lines": [1, 9007199254740993],
    }
    (event,), (link,) = json.loads(project["events"]), json.loads(project["links"])
    assert (event["name"], event["attributes"]) == ("refused", {"field": "customer"})
    assert (link["trace_id"], link["span_id"], link["attributes"]) == (trace, quote_id, {"why": "cause"})
    for span in (project, quote):
        assert (span["service_name"], span["scope_name"]) == ("esb", "recorded")
        assert json.loads(span["resource"]) == {
            "service.name": "esb",
            "deployment.environment.name": "recorded",
            "telemetry.sdk.language": "java",
            "telemetry.sdk.name": "opentelemetry",
            "telemetry.sdk.version": "1.30.1",
        }


def identity(span: dict[str, Any]) -> tuple[Any, ...]:
    return span["trace_id"], span["span_id"], span["parent_span_id"], span["name"], span["kind"]


def test_a_java_log_record(rows: dict[str, list[dict[str, Any]]]) -> None:
    """It says when it was observed alone, and belongs to the span of the trace beside it."""
    (log,) = rows["java-http.logs"]
    quote = rows["java-http.traces.gz"][1]
    assert (log["trace_id"], log["span_id"]) == (quote["trace_id"], quote["span_id"])
    assert log["time"] == log["observed_time"] == at(1796005354972000000)
    assert (log["body"], log["severity_number"], log["severity_text"]) == ("entry TE-1 refused", 13, "WARN")
    assert (json.loads(log["attributes"]), log["scope_name"], log["service_name"]) == ({"line": 3}, "recorded", "esb")


def test_go_spans(rows: dict[str, list[dict[str, Any]]]) -> None:
    """Of two instrumentations, in two traces; an attribute is a list of nothing."""
    alone, ping, containers, ps = rows["go-grpc.traces"]
    trace, root = "c97b3578ea54b282f81ce5ccabe3fde8", "25a7b63d7bde49b6"
    assert identity(alone) == ("e0234c8d470063ff48faa71b6a8e00d3", "c4e8d52433af35a0", None, "HEAD /_ping", 3)
    assert identity(ping) == (trace, "9c5ec4cbc58fd8e5", root, "HEAD /_ping", 3)
    assert identity(containers) == (trace, "2ad6e47243e44cef", root, "GET /v1.51/containers/json", 3)
    assert identity(ps) == (trace, root, None, "cli/ps", 1)
    assert (ps["start_time"], ps["end_time"]) == (at(1796005256860659319), at(1796005256885287678))
    assert [span["scope_name"] for span in (alone, ping, containers, ps)] == [
        *[OTELHTTP] * 3,
        "go.opentelemetry.io/otel/sdk/tracer",
    ]
    assert (ping["status_code"], ping["status_message"]) == (2, NO_DAEMON)
    assert (ps["status_code"], ps["status_message"]) == (2, "CLI command returned error")
    assert json.loads(ps["attributes"]) == {"cli.flags": [], "cli.isatty": False}
    assert json.loads(ping["attributes"]) == {
        "http.method": "HEAD",
        "http.url": "http://%2Fvar%2Frun%2Fdocker.sock/_ping",
        "net.peer.name": "/var/run/docker.sock",
        "user_agent.original": "compose/v2.40.3",
    }
    (event,) = json.loads(ps["events"])
    assert (event["name"], event["attributes"]["exit_code"]) == ("exception", 1)
    assert {span["resource"] for span in rows["go-grpc.traces"]} == {ps["resource"]}
    assert json.loads(ps["resource"]) == {
        "docker.context": "default",
        "service.name": "compose",
        "service.version": "v2.40.3",
    }


@pytest.mark.parametrize(
    ("file", "trace", "span_id", "start", "end", "statuses"),
    [
        (
            "dotnet-http.traces",
            "a56beb65b54c944767a9c7c26a7744f3",
            "ba02549344baec92",
            1796005214126424300,
            1796005215102941900,
            {"ServerStarted": {0}, "ListToolsHandler": {1}, "ToolExecuted": {1, 2}},
        ),
        (
            "dotnet-grpc.traces",
            "2773b657ca8b126c304115860d2e41a5",
            "7e55d7268ca67a8d",
            1796005227258897800,
            1796005227650658500,
            {"ServerStarted": {0}, "ListToolsHandler": {1}, "ToolExecuted": {1, 2}},
        ),
    ],
)
def test_dotnet_spans(
    rows: dict[str, list[dict[str, Any]]],
    file: str,
    trace: str,
    span_id: str,
    start: int,
    end: int,
    statuses: dict[str, set[int]],
) -> None:
    spans = rows[file]
    assert len(spans) == 4
    assert {name: {span["status_code"] for span in spans if span["name"] == name} for name in statuses} == statuses
    (failed,) = [span for span in spans if span["status_code"] == 2]
    assert identity(failed) == (trace, span_id, None, "ToolExecuted", 1)
    assert (failed["start_time"], failed["end_time"]) == (at(start), at(end))
    attributes = json.loads(failed["attributes"])
    assert len(attributes) == 16 and attributes["IsServerCommandInvoked"] is False
    assert (attributes["ToolName"], attributes["exception.type"]) == ("nothing", "ToolCallError")
    for span in spans:
        resource = json.loads(span["resource"])
        assert (span["service_name"], span["scope_name"]) == ("azmcp", "Azure.Mcp.Server")
        assert (resource["telemetry.sdk.language"], resource["telemetry.sdk.version"]) == ("dotnet", "1.15.3")


def test_dotnet_log_records(rows: dict[str, list[dict[str, Any]]]) -> None:
    """Structured ones, with the names of their events; three belong to the span that failed."""
    logs = rows["dotnet-http.logs"]
    assert [log["severity_text"] for log in logs].count("Warning") == 1 and len(logs) == 13
    (failed,) = [span for span in rows["dotnet-http.traces"] if span["status_code"] == 2]
    within = [log for log in logs if log["trace_id"] == failed["trace_id"]]
    assert [log["body"] for log in within] == ["Listing {NumberOfTools} tools."] * 2 + [
        "The tool nothing was not found"
    ]
    assert {log["span_id"] for log in within} == {failed["span_id"]}
    assert json.loads(within[0]["attributes"]) == {"NumberOfTools": 3}
    called, completed, answered = logs[:3]
    assert (called["event_name"], completed["event_name"]) == ("LogRequestHandlerCalled", "ToolCallCompleted")
    assert (called["trace_id"], called["time"]) == (None, at(1796005214820347700))
    assert json.loads(completed["attributes"]) == {"ToolName": "nothing", "IsError": True}
    assert json.loads(answered["attributes"])["ElapsedMilliseconds"] == 1289.5329
    assert (called["scope_name"], called["service_name"]) == ("ModelContextProtocol.Server.McpServer", "azmcp")
