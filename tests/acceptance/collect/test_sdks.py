"""Unmodified SDKs of Python and Node export with the README's own commands, over HTTP and over gRPC (C1)."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.collect.process import CollectorProcess
from tests.collecting import running
from tests.contract.readme.commands import shown

pytestmark = [pytest.mark.req("C1"), pytest.mark.processes]
HERE = Path(__file__).parent / "sdks"
AGENT = Path(sys.executable).with_name("opentelemetry-instrument")
SERVICES = {"node": ["node", "service.mjs"], "python": [str(AGENT), sys.executable, "service.py"]}
COMMANDS = {
    one.variables["OTEL_EXPORTER_OTLP_PROTOCOL"]: one.variables for one in shown() if one.words == ("your-service",)
}
JSON = {
    **COMMANDS["http/protobuf"],
    "OTEL_EXPORTER_OTLP_PROTOCOL": "http/json",
    "OTEL_EXPORTER_OTLP_COMPRESSION": "gzip",
}


@pytest.fixture(scope="module")
def collector(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CollectorProcess]:
    with running(tmp_path_factory.mktemp("sdks"), TIEOUT_GRPC="on") as made:
        yield made


def run(collector: CollectorProcess, language: str, variables: Mapping[str, str], name: str) -> str:
    """Run a service with the README's variables, at this collector's ports; the id of its trace."""
    if language == "node" and not (shutil.which("node") and (HERE / "node_modules").exists()):
        pytest.skip(f"needs Node with {HERE.relative_to(Path.cwd())} installed: run `npm ci` there")
    ports = {"4318": str(collector.port), "4317": str(collector.grpc_port)}
    address, _, port = variables["OTEL_EXPORTER_OTLP_ENDPOINT"].rpartition(":")
    given = {**variables, "OTEL_EXPORTER_OTLP_ENDPOINT": f"{address}:{ports[port]}", "OTEL_SERVICE_NAME": name}
    known = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}
    done = subprocess.run(
        SERVICES[language], cwd=HERE, env={**known, **given}, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize(
    ("language", "variables"),
    [
        *(
            pytest.param(language, variables, id=f"{language}-{protocol}")
            for language in SERVICES
            for protocol, variables in COMMANDS.items()
        ),
        pytest.param("node", JSON, id="node-json-gzip"),
    ],
)
def test_a_service_exports_with_the_readmes_command(
    collector: CollectorProcess, language: str, variables: Mapping[str, str], request: pytest.FixtureRequest
) -> None:
    name = request.node.callspec.id
    trace = run(collector, language, variables, name)
    collector.until_stored()
    quote, project = arrived(collector, trace)
    assert (quote["parent_span_id"], project["parent_span_id"]) == (None, quote["span_id"])
    assert (quote["kind"], project["kind"]) == (5, 3)
    assert (project["status_code"], project["status_message"]) == (2, "no such customer")
    assert (project["service_name"], project["scope_name"]) == (name, "acceptance")
    assert all(span["start_time"] <= span["end_time"] <= span["recorded_at"] for span in (quote, project))
    assert json.loads(project["attributes"]) == {
        "project.code": "PRJ-1001",
        "hours": 7.5,
        "billable": True,
        "retry": 2,
        "tags": ["a", "b"],
        "customer": "Müller & Søn €",
    }
    (event,), (link,) = json.loads(project["events"]), json.loads(project["links"])
    assert (event["name"], event["attributes"], link["span_id"]) == (
        "refused",
        {"field": "customer"},
        quote["span_id"],
    )
    assert json.loads(project["resource"])["telemetry.sdk.language"] == {"node": "nodejs"}.get(language, language)
    (log,) = collector.rows(f"select * from logs where trace_id = '{trace}'")
    assert (log["body"], log["severity_text"], log["span_id"]) == ("entry TE-1 refused", "WARN", quote["span_id"])


def arrived(collector: CollectorProcess, trace: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The two spans of a trace, each stored once."""
    spans = collector.rows(f"select * from spans where trace_id = '{trace}' order by name desc")
    assert [span["name"] for span in spans] == ["quote to project", "create project"]
    return spans[0], spans[1]


def test_the_readme_shows_a_command_for_each_port() -> None:
    assert {one["OTEL_EXPORTER_OTLP_ENDPOINT"][-4:]: protocol for protocol, one in COMMANDS.items()} == {
        "4318": "http/protobuf",
        "4317": "grpc",
    }
