"""A flow in Prefect that posts an approved time entry; runs in Prefect's own environment.

Each line of standard input is a run: `{"key": …, "refused": 1}` has the ERP refuse so many attempts, of which there are
two in a run. Each run is answered by a line once its spans were sent to OTEL_EXPORTER_OTLP_ENDPOINT.
"""

from __future__ import annotations

import json
import sys

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

provider = TracerProvider()
provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
trace.set_tracer_provider(provider)

from prefect import flow, runtime, tags, task  # noqa: E402 - its tracer is the provider's that is set by then


@task(retries=1, retry_delay_seconds=0)
def post(key: str, refused: int) -> None:
    """Post the entry; the ERP refuses so many attempts."""
    if runtime.task_run.run_count <= refused:
        raise RuntimeError(f"Request failed with status code 422: {key}")


@flow(name="Post time")
def post_time(key: str, refused: int) -> None:
    """One entry from the PSA to the ERP."""
    post(key, refused)


for line in sys.stdin:
    run = json.loads(line)
    with tags("flow:Post time", f"key:{run['key']}"):
        state = post_time(run["key"], run["refused"], return_state=True)
    provider.force_flush()
    print(f"run: {state.type.value}", flush=True)
provider.shutdown()
