"""An unmodified OpenTelemetry SDK for JavaScript exports protobuf and JSON to a running collector (C1)."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

pytestmark = [pytest.mark.req("C1"), pytest.mark.processes, pytest.mark.timeout(240)]
SCRIPTS = Path(__file__).parent / "js"


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Path:
    if not shutil.which("node") or not shutil.which("npm"):
        pytest.skip("needs data that is not part of the project: node and npm are not installed")
    folder = tmp_path_factory.mktemp("js")
    for script in SCRIPTS.iterdir():
        shutil.copy(script, folder)
    if why := not_installed(folder):
        pytest.skip(f"needs data that is not part of the project: npm cannot install the SDK here: {why}")
    return folder


def not_installed(folder: Path) -> str | None:
    """Install the SDK; why that failed, if it did: without a registry in reach npm tries for minutes."""
    command = [
        "npm",
        "install",
        "--no-audit",
        "--no-fund",
        "--ignore-scripts",
        "--loglevel=error",
        "--fetch-retries=1",
        "--fetch-timeout=20000",
    ]
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=90)
    except subprocess.TimeoutExpired:
        return "no answer from the registry in 90 s"
    return done.stderr.strip()[-200:] or f"npm ended with {done.returncode}" if done.returncode else None


@pytest.mark.parametrize("encoding", ["proto", "http"])
def test_the_javascript_sdk_exports_with_its_types_kept(collector, project, encoding):
    command = ["node", "export.js", encoding, f"http://127.0.0.1:{collector.port}/v1/traces"]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    trace_id = done.stdout.strip()
    collector.until_stored()
    (root,) = collector.rows(f"select * from spans where trace_id = '{trace_id}'")
    assert json.loads(root["attributes"]) == {
        "project.code": "PRJ-1001",
        "hours": 7.5,
        "billable": True,
        "retry": 2,
        "tags": ["a", "b"],
    }
    assert root["service_name"] == f"js-{encoding}"
    assert collector.rows(
        f"select count(*) as n, count(distinct span_id) as d from spans where service_name = 'js-{encoding}'"
    ) == [{"n": 3, "d": 3}]
