"""An unmodified OpenTelemetry SDK for Python exports to a running collector (C1, E2)."""

from __future__ import annotations

import json
import logging

import pytest
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Link, SpanKind, Status, StatusCode

from tests.collecting import running

pytestmark = [pytest.mark.req("C1", "E2"), pytest.mark.processes]


@pytest.fixture(scope="module")
def collector(tmp_path_factory):
    with running(tmp_path_factory.mktemp("sdk")) as made:
        yield made


@pytest.mark.parametrize("compression", [Compression.NoCompression, Compression.Gzip])
def test_spans_of_a_trace_arrive_with_parents_attributes_events_links_and_status(collector, compression):
    exporter = OTLPSpanExporter(endpoint=f"http://127.0.0.1:{collector.port}/v1/traces", compression=compression)
    provider = TracerProvider(
        resource=Resource.create({"service.name": "ipaas", "deployment.environment.name": "test"})
    )
    provider.add_span_processor(BatchSpanProcessor(exporter))
    tracer = provider.get_tracer("acceptance", "1.0")
    with tracer.start_as_current_span("quote to project", kind=SpanKind.CONSUMER) as root:
        with tracer.start_as_current_span("create project", links=[Link(root.get_span_context())]) as child:
            child.set_attributes(
                {"project.code": "PRJ-1001", "hours": 7.5, "billable": True, "tags": ["a", "b"], "retry": 2}
            )
            child.add_event("refused", {"field": "customer"})
            child.set_status(Status(StatusCode.ERROR, "no such customer"))
        trace_id = f"{root.get_span_context().trace_id:032x}"
        root_id = f"{root.get_span_context().span_id:016x}"
    assert provider.force_flush()
    provider.shutdown()
    collector.until_stored()
    rows = {row["name"]: row for row in collector.rows(f"select * from spans where trace_id = '{trace_id}'")}
    child, root_row = rows["create project"], rows["quote to project"]
    assert (child["parent_span_id"], root_row["parent_span_id"], root_row["kind"]) == (root_id, None, 5)
    assert (child["service_name"], child["scope_name"], child["status_code"], child["status_message"]) == (
        "ipaas",
        "acceptance",
        2,
        "no such customer",
    )
    assert json.loads(child["attributes"]) == {
        "project.code": "PRJ-1001",
        "hours": 7.5,
        "billable": True,
        "tags": ["a", "b"],
        "retry": 2,
    }
    assert json.loads(child["events"])[0]["attributes"] == {"field": "customer"}
    assert json.loads(child["links"])[0]["span_id"] == root_id
    assert json.loads(child["resource"])["deployment.environment.name"] == "test"
    assert child["duration_us"] >= 0 and child["recorded_at"] >= child["start_time"]


def test_log_records_arrive_tied_to_their_trace(collector):
    resource = Resource.create({"service.name": "esb"})
    logs = LoggerProvider(resource=resource)
    logs.add_log_record_processor(
        BatchLogRecordProcessor(OTLPLogExporter(endpoint=f"http://127.0.0.1:{collector.port}/v1/logs"))
    )
    logger = logging.getLogger("acceptance.collect")
    logger.setLevel(logging.INFO)
    handler = LoggingHandler(logger_provider=logs)
    logger.addHandler(handler)
    tracer = TracerProvider(resource=resource).get_tracer("acceptance")
    try:
        with tracer.start_as_current_span("post") as span:
            logger.warning("entry %s refused", "TE-1")
            trace_id = f"{span.get_span_context().trace_id:032x}"
    finally:
        logger.removeHandler(handler)
    assert logs.force_flush()
    logs.shutdown()
    collector.until_stored()
    (row,) = collector.rows(f"select * from logs where trace_id = '{trace_id}'")
    assert (row["body"], row["severity_text"], row["service_name"]) == ("entry TE-1 refused", "WARN", "esb")


def test_an_sdk_that_exports_metrics_too_does_not_break_anything(collector):
    from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader

    exporter = OTLPMetricExporter(endpoint=f"http://127.0.0.1:{collector.port}/v1/metrics")
    provider = MeterProvider(metric_readers=[PeriodicExportingMetricReader(exporter, export_interval_millis=60_000)])
    provider.get_meter("acceptance").create_counter("events").add(1)
    provider.force_flush()
    provider.shutdown()
    assert collector.health()["ready"]
