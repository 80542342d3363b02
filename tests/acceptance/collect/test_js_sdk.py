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
    done = subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"], cwd=folder, capture_output=True,
                          text=True, timeout=180)
    if done.returncode:
        pytest.skip(f"needs data that is not part of the project: npm cannot install the SDK here: {done.stderr.strip()[-200:]}")
    return folder


@pytest.mark.parametrize("encoding", ["proto", "http"])
def test_the_javascript_sdk_exports_with_its_types_kept(collector, project, encoding):
    command = ["node", "export.js", encoding, f"http://127.0.0.1:{collector.port}/v1/traces"]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    trace_id = done.stdout.strip()
    collector.until_stored()
    (root,) = collector.rows(f"select * from spans where trace_id = '{trace_id}'")
    assert json.loads(root["attributes"]) == {"project.code": "PRJ-1001", "hours": 7.5, "billable": True, "retry": 2, "tags": ["a", "b"]}
    assert root["service_name"] == f"js-{encoding}"
    assert collector.rows(f"select count(*) as n, count(distinct span_id) as d from spans where service_name = 'js-{encoding}'") == [{"n": 3, "d": 3}]
