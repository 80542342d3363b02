"""The packaged rules read what their engines send, in the shapes of the manuals and sources that `rules.toml` names
beside each preset (C9). What engines that were run have sent is read in `contract/detectors/test_recorded_engines.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from tests.foreign import ForeignLake
from tests.unit.catalogue.test_catalogue import loaded

pytestmark = pytest.mark.req("C9")


@pytest.fixture
def lake(tmp_path: Path) -> Callable[[str], ForeignLake]:
    """A lake whose telemetry is read by one preset."""
    return lambda preset: ForeignLake(
        loaded(tmp_path, rules=f'[[rule]]\nname = "ours"\npreset = "{preset}"\n').elsewhere
    )


ALL = ("flow", "state", "step", "business_key", "error_message")


def test_nothing_is_switched_on_as_packaged_and_each_preset_can_be(tmp_path: Path) -> None:
    catalogue = loaded(tmp_path)
    assert catalogue.elsewhere.rules == ()
    presets = {"airflow", "camunda", "lines", "mulesoft", "n8n", "prefect", "temporal", "windmill", "workato"}
    assert {rule.name for rule in catalogue.rules} == presets


def test_mule_flows_are_runs_and_what_they_run_is_a_step(lake: Callable[[str], ForeignLake]) -> None:
    mule = lake("mulesoft")
    said = {"correlation.id": "c-1", "artifact.id": "orders-app", "baggage": "business.key=order%3ASO-7,x=1"}
    step = {**said, "location": "post-order/processors/1"}
    mule.span("http:request", "b", "a", 0.2, 0.8, service="mule", error="HTTP POST failed: 503", more=step)
    mule.span("mule:flow", "a", service="mule", error="HTTP POST failed: 503", more={**said, "location": "post-order"})
    assert mule.runs(*ALL, "instance") == [
        ("ours/post-order", "failed", "post-order/processors/1", "order:SO-7", "HTTP POST failed: 503", "orders-app")
    ]


def test_a_mule_flow_with_a_listener_is_called_as_its_request_and_an_http_request_as_its_method(
    lake: Callable[[str], ForeignLake],
) -> None:
    mule = lake("mulesoft")
    said = {"correlation.id": "1234abcd"}
    request = {**said, "location": "orders/processors/2", "http.url": "http://erp/orders"}
    mule.span("GET", "b", "a", 0.2, 0.8, service="mule", error="HTTP GET failed: 503", more=request)
    listener = {**said, "location": "orders", "http.route": "/api"}
    mule.span("POST /api", "a", service="mule", error="HTTP GET failed: 503", more=listener)
    assert mule.runs("flow", "state", "step") == [("ours/orders", "failed", "orders/processors/2")]


def test_avios_module_is_read_too(lake: Callable[[str], ForeignLake]) -> None:
    mule = lake("mulesoft")
    mule.span("/orders", "a", more={"mule.app.flow.name": "post-order", "mule.correlationId": "c-1"})
    assert mule.runs("flow", "state") == [("ours/post-order", "done")]


def test_a_job_of_workato_ends_by_its_line_of_history(lake: Callable[[str], ForeignLake]) -> None:
    workato = lake("workato")
    job = {"recipe_id": 30, "started_at": "2026-09-30T12:00:00Z", "context": '{"recipe_name": "Orders"}'}
    workato.log("", 1, attributes={**job, "id": "j-1", "status": "failed", "error": "no such order"})
    assert workato.runs(*ALL) == [("ours/Orders", "failed", None, None, "no such order")]
    workato.log("", 2, attributes={**job, "id": "j-2", "status": "succeeded", "parent_id": "j-1"})
    assert workato.failures("run_id") == [], "its repeat has mended it"


def test_an_incident_of_camunda_stands_until_it_is_resolved(lake: Callable[[str], ForeignLake]) -> None:
    camunda = lake("camunda")
    told = {"camunda.process.id": "invoice", "camunda.incident.key": 7, "camunda.process.instance_key": 4}
    camunda.log("", 1, attributes=told, event_name="camunda.process.incident.created")
    assert camunda.failures("flow", "business_key", "error_code") == [("ours/invoice", "4", "incident")]
    camunda.log("", 2, attributes=told, event_name="camunda.process.incident.resolved")
    assert camunda.failures("flow") == []


def test_an_activity_of_temporal_that_was_tried_again_fails_no_workflow(lake: Callable[[str], ForeignLake]) -> None:
    temporal = lake("temporal")
    ids = {"temporalWorkflowID": "order-7", "temporalRunID": "r-1"}
    temporal.span("RunActivity:post", "b", "s", 1, 2, trace="1" * 32, error="503", more=ids)
    temporal.span("RunActivity:post", "c", "s", 3, 4, trace="2" * 32, more=ids)
    assert temporal.runs("state", "step", "business_key") == [("running", "post", "order-7")]
    temporal.span("RunWorkflow:Order", "a", begin=0, end=5, more=ids)
    assert temporal.runs(*ALL) == [("ours/Order", "done", None, "order-7", None)]


def test_pythons_interceptor_of_temporal_tells_beginning_and_end_apart(lake: Callable[[str], ForeignLake]) -> None:
    temporal = lake("temporal")
    ids = {"temporalWorkflowID": "order-7", "temporalRunID": "r-1"}
    temporal.span("RunWorkflow:Order", "a", begin=0, end=0, scope="temporalio.contrib.opentelemetry", more=ids)
    assert temporal.runs("flow", "state") == [("ours/Order", "running")]
    temporal.span("CompleteWorkflow:Order", "b", begin=9, end=9, error="refused", more=ids)
    assert temporal.runs("flow", "state", "run_ms") == [("ours/Order", "failed", 540_000.0)]


def test_a_step_of_windmill_decides_by_its_last_attempt(lake: Callable[[str], ForeignLake]) -> None:
    windmill = lake("windmill")
    step = {"root_job": "j-1", "workspace_id": "acme", "flow_step_id": "b", "job_id": "j-2"}
    windmill.span("job", "a", begin=0, end=1, more={"job_id": "j-1", "workspace_id": "acme", "script_path": "f/orders"})
    windmill.span("job b", "b", begin=2, end=3, trace="2" * 32, status=2, more=step)
    assert windmill.runs("flow", "state", "step") == [("ours/f/orders", "failed", "b")]
    windmill.span("job b", "c", begin=4, end=5, trace="3" * 32, more=step)
    assert windmill.runs("flow", "state", "step") == [("ours/f/orders", "done", None)]


def test_a_task_of_airflow_decides_by_its_last_attempt(lake: Callable[[str], ForeignLake]) -> None:
    airflow = lake("airflow")
    run = {"airflow.dag_id": "invoices", "airflow.dag_run.run_id": "scheduled__1"}
    tries = [{**run, "airflow.task_instance.try_number": number} for number in (1, 2)]
    airflow.span("task_run.post", "b", "a", 1, 2, status=2, more={**tries[0], "airflow.task_instance.state": "failed"})
    airflow.span("dag_run.invoices", "a", begin=0, end=5, more=run)
    assert airflow.runs("flow", "state", "step", "error_code") == [("ours/invoices", "failed", "post", "failed")]
    airflow.span("task_run.post", "c", "a", 3, 4, more=tries[1])
    assert airflow.runs("flow", "state", "attempt") == [("ours/invoices", "done", 2)]


def test_a_run_of_prefect_that_is_tried_again_is_what_the_last_try_was(lake: Callable[[str], ForeignLake]) -> None:
    prefect = lake("prefect")
    tags = ["key:order:SO-7", "amount:12.50", "flow:orders", "currency:EUR"]
    run = {"prefect.run.type": "flow", "prefect.run.id": "r-1", "prefect.flow.id": "f-1", "prefect.tags": tags}
    task = {"prefect.run.type": "task", "prefect.run.id": "t-1", "prefect.run.name": "post-a1b", "prefect.tags": tags}
    prefect.span("post-a1b", "b", "a", 1, 2, error="refused", more=task)
    prefect.span("brave-otter", "a", begin=0, end=3, error="refused", more=run)
    assert prefect.runs(*ALL, "amount", "currency") == [
        ("ours/orders", "failed", "post", "order:SO-7", "refused", Decimal("12.50"), "EUR")
    ]
    prefect.span("brave-otter", "c", begin=4, end=5, trace="2" * 32, more=run)
    assert prefect.runs("flow", "state") == [("ours/orders", "done")]


def test_a_flow_of_prefect_that_no_tag_names_is_called_by_its_id(lake: Callable[[str], ForeignLake]) -> None:
    prefect = lake("prefect")
    prefect.span("a", "a", more={"prefect.run.type": "flow", "prefect.run.id": "r", "prefect.flow.id": "f-1"})
    assert prefect.runs("flow", "business_key") == [("ours/f-1", None)]


def test_lines_of_a_script_tell_a_run_from_its_start(lake: Callable[[str], ForeignLake]) -> None:
    script = lake("lines")
    said = {"flow": "billing", "run": 7, "key": "invoice:I-1"}
    script.log("begun", 0, attributes={**said, "status": "started"})
    script.log("posting", 1, attributes={**said, "step": "post"})
    assert script.runs(*ALL) == [("ours/billing", "running", "post", "invoice:I-1", None)]
    script.log("no such customer", 2, severity_number=17, attributes={**said, "status": "failed", "amount": "9.50"})
    assert script.runs(*ALL, "run_ms") == [
        ("ours/billing", "failed", None, "invoice:I-1", "no such customer", 120_000.0)
    ]
