"""Runs of flows that others run, read by rules from spans and logs: whose a step is, when a run has ended, and what of
it is told (C9).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.foreign import TRACE, ForeignLake
from tests.unit.catalogue.test_catalogue import loaded

pytestmark = pytest.mark.req("C9")
N8N = '[[rule]]\nname = "ours"\npreset = "n8n"\n'
KEY = {"n8n.workflow.custom.business_key": "time_entry:TE-1"}


@pytest.fixture
def lake(tmp_path: Path) -> ForeignLake:
    """With n8n's preset switched on."""
    return ForeignLake(loaded(tmp_path, rules=N8N).elsewhere)


def workflow(lake: ForeignLake, number: int = 1, span_id: str = "a", **said: Any) -> None:
    given = {"n8n.workflow.name": "Invoices", "n8n.execution.id": str(number), **said.pop("more", {})}
    lake.span("workflow.execute", span_id, more=given, **said)


def node(lake: ForeignLake, name: str, span_id: str, parent: str = "a", **said: Any) -> None:
    lake.span("node.execute", span_id, parent, n8n__node__name=name, **said)


def test_nothing_is_read_where_no_rule_is_switched_on(tmp_path: Path) -> None:
    lake = ForeignLake(loaded(tmp_path).elsewhere)
    workflow(lake)
    assert lake.runs("flow") == []


def test_a_run_shows_by_its_steps_before_its_last_span_comes_and_is_one_with_it_then(lake: ForeignLake) -> None:
    node(lake, "Read", "b", begin=1, end=2)
    node(lake, "Post", "c", begin=2, end=3)
    assert lake.runs("state", "step", "flow", "ended_at") == [("running", "Post", "ours/n8n", None)]
    workflow(lake, begin=0, end=4)
    assert lake.runs("state", "step", "flow", "run_id", "run_ms") == [("done", None, "ours/Invoices", "1", 240_000.0)]


def test_what_failed_is_told_with_the_step_and_the_words_of_the_engine(lake: ForeignLake) -> None:
    node(lake, "Post", "b", begin=1, end=2, error="Request failed with status code 422")
    workflow(lake, end=3, status=2, more=KEY)
    assert lake.runs("state", "step", "error_message", "error_code", "business_key") == [
        ("failed", "Post", "Request failed with status code 422", "NodeApiError", "time_entry:TE-1")
    ]


def test_a_step_that_failed_in_a_run_that_went_on_is_no_failure(lake: ForeignLake) -> None:
    node(lake, "Try", "b", begin=1, end=2, error="no answer")
    workflow(lake, end=3)
    assert lake.runs("state", "error_message") == [("done", None)]


def test_a_run_that_waits_has_not_ended_and_goes_on_under_its_id_in_another_trace(lake: ForeignLake) -> None:
    workflow(lake, 7, end=1, more={"n8n.execution.status": "waiting"})
    assert lake.runs("state", "ended_at") == [("running", None)]
    workflow(lake, 7, begin=60, end=61, trace="f" * 32, more={"n8n.execution.status": "success"})
    assert lake.runs("state", "run_id") == [("done", "7")]


def test_two_engines_of_one_service_with_one_workflow_never_share_a_run(lake: ForeignLake) -> None:
    for number, instance in enumerate(("de", "us")):
        workflow(lake, 1, str(number), trace=str(number) * 32, resource={"n8n.instance.id": instance})
    assert lake.runs("instance", "run_id", "flow") == [("de", "1", "ours/Invoices"), ("us", "1", "ours/Invoices")]


def test_a_trace_that_spans_two_flows_is_two_runs_each_with_its_own_steps(lake: ForeignLake) -> None:
    node(lake, "Inner", "d", "x", begin=2, end=3, error="too late")
    workflow(lake, 2, "x", parent="http", begin=2, end=4, status=2, more={"n8n.workflow.name": "Called"})
    node(lake, "Call", "b", begin=1, end=5)
    assert lake.runs("flow", "state", "step") == [("ours/n8n", "running", "Call"), ("ours/Called", "failed", "Inner")]
    workflow(lake, 1, begin=0, end=6)
    assert lake.runs("flow", "state", "step") == [("ours/Invoices", "done", None), ("ours/Called", "failed", "Inner")]


def test_a_span_that_comes_a_day_late_or_twice_changes_nothing_but_what_it_tells(lake: ForeignLake) -> None:
    workflow(lake, end=3, status=2)
    assert lake.runs("state", "step") == [("failed", None)]
    for _ in range(2):
        node(lake, "Post", "b", begin=1, end=2, heard=1_440, error="closed period")
        assert lake.runs("state", "step", "error_message") == [("failed", "Post", "closed period")]


def test_a_clock_that_goes_ahead_cannot_tell_of_the_future(lake: ForeignLake) -> None:
    workflow(lake, begin=600, end=601, heard=2)
    [(began, ended, took)] = lake.runs("started_at", "ended_at", "run_ms")
    assert began == ended and took == 60_000.0


def test_an_attribute_as_large_as_a_request_is_cut_and_costs_no_other_value(lake: ForeignLake) -> None:
    node(lake, "Post", "b", error="x" * 1_000_000, more={"n8n.node.custom.business_key": "k" * 1_000_000})
    workflow(lake, status=2, more={"n8n.workflow.custom.amount": "12.50", "n8n.workflow.custom.currency": "eur"})
    [(message, key, amount, currency)] = lake.runs("error_message", "business_key", "amount", "currency")
    assert (len(message), len(key), str(amount), currency) == (2_000, 200, "12.50", "EUR")


def test_a_number_that_is_none_is_no_amount_and_no_currency_stands_alone(lake: ForeignLake) -> None:
    workflow(lake, more={"n8n.workflow.custom.amount": "12,50 EUR", "n8n.workflow.custom.currency": "EUR"})
    assert lake.runs("amount", "currency") == [(None, None)]


def test_what_is_derived_step_by_step_is_what_is_derived_from_nothing(lake: ForeignLake) -> None:
    node(lake, "Inner", "d", "x", begin=2, end=3, error="too late")
    steps: list[Any] = [
        lambda: workflow(lake, 2, "x", parent="b", begin=2, end=4, status=2),
        lambda: node(lake, "Call", "b", begin=1, end=5),
        lambda: workflow(lake, 1, begin=0, end=6, more=KEY),
        lambda: workflow(lake, 3, "y", begin=7, end=8, trace="e" * 32, more=KEY),
        lambda: node(lake, "Late", "z", "nowhere", begin=1, end=2),
        lambda: node(
            lake, "Keyed", "k", "x", begin=3, end=4, heard=90, more={"n8n.node.custom.business_key": "order:1"}
        ),
        lambda: workflow(lake, 4, "o", trace="d" * 32),
    ]
    for step in steps:
        step()
        lake.derived()
    everything = ["mart_foreign_run", "mart_foreign_failure", "mart_foreign_flow", "mart_foreign_hour"]
    before = {name: sorted(map(str, lake.rows(f"SELECT * FROM {name}"))) for name in everything}
    fresh = ForeignLake(lake.elsewhere)
    for name in ("spans", "logs"):
        for row in lake.rows(f"SELECT * FROM lake.main.{name}"):
            fresh._insert(f"lake.main.{name}", row)
    fresh.derived()
    assert before == {name: sorted(map(str, fresh.rows(f"SELECT * FROM {name}"))) for name in everything}
    assert len(before["mart_foreign_run"]) == 4 and TRACE in before["mart_foreign_run"][0]
