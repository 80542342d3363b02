"""OTLP over gRPC to a real process: taken as over HTTP, refused with a status that tells what to change (C1, N4)."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from tests.acceptance.collect.process import CollectorProcess
from tests.unit.collect.requests import logs, traces

pytestmark = [pytest.mark.req("C1", "N4"), pytest.mark.processes]
EXPORT = "/opentelemetry.proto.collector.{}/Export"


@pytest.fixture(scope="module")
def collector(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CollectorProcess]:
    made = CollectorProcess(tmp_path_factory.mktemp("grpc") / "home", TIEOUT_GRPC="on", TIEOUT_MAX_BODY_MIB="1")
    made.home.mkdir()
    made.start()
    yield made
    assert made.terminate() == 0, made.log()
    made.close()


def export(collector: CollectorProcess, body: bytes, service: str = "trace.v1.TraceService", port: int = 0) -> bytes:
    with grpc.insecure_channel(f"127.0.0.1:{port or collector.grpc_port}") as channel:
        answered: bytes = channel.unary_unary(EXPORT.format(service))(body, timeout=10)
        return answered


def test_an_unmodified_sdk_sends_spans(collector: CollectorProcess) -> None:
    from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter

    exporter = OTLPSpanExporter(endpoint=f"http://127.0.0.1:{collector.grpc_port}")
    provider = TracerProvider(resource=Resource.create({"service.name": "by-grpc"}))
    provider.add_span_processor(BatchSpanProcessor(exporter))
    with provider.get_tracer("acceptance").start_as_current_span("over gRPC"):
        """Ends at once."""
    assert provider.force_flush()
    provider.shutdown()
    export(collector, logs(2).SerializeToString(), "logs.v1.LogsService")
    collector.until_stored()
    assert collector.rows("select name from spans where service_name = 'by-grpc'") == [{"name": "over gRPC"}]
    assert collector.rows("select count(*) as n from logs") == [{"n": 2}]


def test_a_bad_span_is_refused_by_partial_success(collector: CollectorProcess) -> None:
    request = traces(3)
    request.resource_spans[0].scope_spans[0].spans[1].trace_id = b"\0" * 16
    answer = ExportTraceServiceResponse.FromString(export(collector, request.SerializeToString())).partial_success
    assert answer.rejected_spans == 1 and "trace id" in answer.error_message


@pytest.mark.parametrize(
    ("body", "service", "code", "word"),
    [
        (b"\xff" * 64, "trace.v1.TraceService", grpc.StatusCode.INVALID_ARGUMENT, "no OTLP traces"),
        (b"\0" * (2 << 20), "trace.v1.TraceService", grpc.StatusCode.RESOURCE_EXHAUSTED, "larger"),
        (b"", "metrics.v1.MetricsService", grpc.StatusCode.UNIMPLEMENTED, "OTEL_METRICS_EXPORTER=none"),
        (b"", "profiles.v1.ProfilesService", grpc.StatusCode.UNIMPLEMENTED, ""),
    ],
)
def test_a_refusal_is_a_status_and_a_sentence(
    collector: CollectorProcess, body: bytes, service: str, code: Any, word: str
) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        export(collector, body, service)
    assert caught.value.code() is code and word in caught.value.details()


@pytest.mark.finding("case 11")
def test_grpc_at_the_port_of_http_is_told_in_the_log(collector: CollectorProcess) -> None:
    with pytest.raises(grpc.RpcError):
        export(collector, traces().SerializeToString(), port=collector.port)
    end = time.monotonic() + 10
    while "OTEL_EXPORTER_OTLP_PROTOCOL" not in collector.log() and time.monotonic() < end:
        os.sched_yield()
    assert "OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf" in collector.log()


def test_a_taken_port_says_what_to_do(collector: CollectorProcess, tmp_path: Path) -> None:
    other = CollectorProcess(tmp_path / "other", TIEOUT_GRPC="on", TIEOUT_GRPC_PORT=str(collector.grpc_port))
    other.home.mkdir()
    other.start(ready=False)
    assert other.process is not None and other.process.wait(20) == 2
    assert "set TIEOUT_GRPC_PORT" in other.log()
