"""Flows that others run on the page: what is said of each, and of the runs that a rule would make (C9)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.console.operations import elsewhere as present
from app.readings.elsewhere.rows import ForeignFlow, ForeignRun
from tests.catalogues import packaged

pytestmark = pytest.mark.req("C9", "O1")
NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
FLOW = ForeignFlow(
    flow="n8n/Invoices",
    system="n8n",
    instance="eu",
    rule="n8n",
    owner="finance-operations",
    allowed_s=3600.0,
    runbook="",
    sampled=False,
    runs=12,
    running=0,
    running_since=None,
    done_at=NOW - timedelta(minutes=5),
    failed_at=None,
    failures=0,
    heard_at=NOW - timedelta(minutes=5),
)
RUN = ForeignRun(
    flow="n8n/Invoices",
    system="n8n",
    instance="",
    run_id="17",
    trace_id="0af7651916cd43dd8448eb211c80319c",
    state="done",
    step=None,
    business_key=None,
    amount=None,
    currency=None,
    legal_entity=None,
    error_code=None,
    error_message=None,
    started_at=NOW,
    ended_at=NOW,
    run_ms=1.0,
)


@pytest.mark.parametrize(
    ("changed", "mood", "said"),
    [
        ({}, "good", "was done"),
        ({"failed_at": NOW}, "bad", "failed"),
        ({"failed_at": NOW - timedelta(hours=1), "failures": 1}, "bad", "failed 1 h ago, 1 failure not mended"),
        ({"failed_at": NOW - timedelta(hours=1)}, "good", "was done"),
        ({"running_since": NOW - timedelta(hours=2), "running": 1}, "warn", "has been running for"),
        ({"running_since": NOW - timedelta(hours=2), "running": 1, "sampled": True}, "good", "was done"),
        ({"running_since": NOW - timedelta(minutes=2), "running": 1}, "good", "was done"),
        ({"done_at": None, "running": 1, "running_since": NOW}, "", "has not ended yet"),
    ],
)
def test_a_flow_is_as_its_last_end_was_and_late_by_its_own_promise(
    changed: dict[str, Any], mood: str, said: str
) -> None:
    [row] = present.flow_rows([replace(FLOW, **changed)], NOW, packaged().teams)
    assert f'class="t-dot {mood}"' in str(row["flow"]) and str(row["state"]).startswith(said)
    assert (row["system"], row["owner"], row["runs"]) == ("n8n eu", "Finance operations", "12")


def test_of_the_runs_that_a_rule_would_make_failures_come_first_and_lead_to_their_journey() -> None:
    failed = replace(RUN, run_id="18", state="failed", step="Post", error_message="refused")
    rows = present.run_rows([RUN, failed], 25)
    assert [str(row["run"]).count("/journey?q=0af7651916cd43dd8448eb211c80319c") for row in rows] == [1, 1]
    assert (rows[0]["step"], rows[0]["error"], "none told" in str(rows[0]["key"])) == ("Post", "refused", True)
    assert len(present.run_rows([RUN, failed], 1)) == 1
