"""Telemetry by OTLP/HTTP: spans and log lines to the collector, in the background; a collector that is down costs
nothing.
"""

from __future__ import annotations

import logging
import threading

from opentelemetry import trace
from opentelemetry._logs import Logger, LogRecord, SeverityNumber
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from integrations.engine.tracing import Tracing

LOG = logging.getLogger("tieout.engine")
_QUEUE = 10_000
"""Spans kept while the collector is slow; more are dropped: records in the feed are the proof, spans the picture."""
_QUIET = ("opentelemetry", "httpx", "httpcore", "urllib3", "apscheduler", "zeep")
_SEVERITIES = {
    logging.DEBUG: SeverityNumber.DEBUG,
    logging.INFO: SeverityNumber.INFO,
    logging.WARNING: SeverityNumber.WARN,
    logging.ERROR: SeverityNumber.ERROR,
    logging.CRITICAL: SeverityNumber.FATAL,
}


class Telemetry:
    """What an engine process sends about itself."""

    def __init__(self, address: str, environment: str, timeout: float = 5.0, token: str = "") -> None:
        for name in _QUIET:
            logging.getLogger(name).setLevel(logging.CRITICAL)  # each export would say again that the collector is down
        resource = Resource.create({"service.name": "tieout-engine", "deployment.environment.name": environment})
        headers = {"authorization": f"Bearer {token}"} if token else {}
        exporter = OTLPSpanExporter(endpoint=f"{address}/v1/traces", timeout=timeout, headers=headers)
        processor = BatchSpanProcessor(
            exporter, max_queue_size=_QUEUE, schedule_delay_millis=1000, max_export_batch_size=1000
        )
        self.tracing = Tracing(processor, resource)
        self._logs = LoggerProvider(resource=resource)
        lines = OTLPLogExporter(endpoint=f"{address}/v1/logs", timeout=timeout, headers=headers)
        self._logs.add_log_record_processor(BatchLogRecordProcessor(lines, schedule_delay_millis=1000))
        self._bridge = _Bridge(self._logs.get_logger("tieout.engine"))
        LOG.addHandler(self._bridge)
        LOG.setLevel(logging.INFO)

    def close(self, seconds: float = 2.0) -> None:
        """Send what is left, for at most so many seconds: a collector that is down must not hold up the end."""
        LOG.removeHandler(self._bridge)
        ending = threading.Thread(target=self._end, name="telemetry-end", daemon=True)
        ending.start()
        ending.join(seconds)

    def _end(self) -> None:
        self.tracing.close()
        self._logs.shutdown()


class _Bridge(logging.Handler):
    """A log line as an OTLP log record, in the trace it belongs to."""

    def __init__(self, logger: Logger) -> None:
        super().__init__(logging.INFO)
        self._logger = logger

    def emit(self, record: logging.LogRecord) -> None:
        span = trace.get_current_span().get_span_context()
        moment = int(record.created * 1_000_000_000)
        self._logger.emit(
            LogRecord(
                timestamp=moment,
                observed_timestamp=moment,
                trace_id=span.trace_id or None,
                span_id=span.span_id or None,
                trace_flags=span.trace_flags,
                severity_text=record.levelname,
                severity_number=_SEVERITIES.get(record.levelno, SeverityNumber.INFO),
                body=record.getMessage(),
                attributes=_attributes(record),
            )
        )


def _attributes(record: logging.LogRecord) -> dict[str, str]:
    """The fields of an action (`models.action_log`); none of a line that is no action."""
    fields = {"action": getattr(record, "action", None), **getattr(record, "ids", {})}
    return {name: str(value) for name, value in fields.items() if value is not None}
