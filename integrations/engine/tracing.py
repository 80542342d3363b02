"""Spans of runs, steps and calls (E2): one trace per lineage, W3C context active while a connector is called.

Spans are built from what the engine measured, not opened and closed around code: a page walks hundreds of runs in
lockstep, and a span's ids must be known before its step has ended. Times are wall time; world time is an attribute.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from opentelemetry import context as otel_context
from opentelemetry import trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import Link, NonRecordingSpan, SpanContext, SpanKind, Status, StatusCode, TraceFlags

_SCOPE = InstrumentationScope("tieout.engine", "1")
_SAMPLED = TraceFlags(TraceFlags.SAMPLED)


@dataclass(frozen=True, slots=True)
class SpanPlace:
    """Where a span stands: 32 and 16 hex digits."""

    trace_id: str
    span_id: str

    @property
    def context(self) -> SpanContext:
        return SpanContext(int(self.trace_id, 16), int(self.span_id, 16), is_remote=False, trace_flags=_SAMPLED)


def new_span_id() -> str:
    return os.urandom(8).hex()


def new_trace_id() -> str:
    return os.urandom(16).hex()


class Tracing:
    """Hands finished spans to a processor that never blocks; without one it only keeps the context for connectors."""

    def __init__(self, processor: SpanProcessor | None = None, resource: Resource | None = None) -> None:
        self._processor, self._resource = processor, resource or Resource({})
        self.reports = processor is not None

    @contextmanager
    def active(self, place: SpanPlace) -> Iterator[None]:
        """Make `place` the current span, so that a connector's calls carry it as `traceparent`."""
        token = otel_context.attach(trace.set_span_in_context(NonRecordingSpan(place.context)))
        try:
            yield
        finally:
            otel_context.detach(token)

    def span(
        self,
        name: str,
        place: SpanPlace,
        parent: str | None,
        start_ns: int,
        end_ns: int,
        attributes: Mapping[str, str | int | float | bool],
        error: str | None = None,
        links: Sequence[SpanPlace] = (),
        client: bool = False,
    ) -> None:
        """Report one finished span; `parent` is a span id of the same trace."""
        if self._processor is None:
            return
        status = Status(StatusCode.ERROR, error) if error else Status(StatusCode.UNSET)
        above = SpanPlace(place.trace_id, parent).context if parent else None
        self._processor.on_end(
            ReadableSpan(
                name=name,
                context=place.context,
                parent=above,
                resource=self._resource,
                attributes=attributes,
                events=(),
                links=[Link(link.context) for link in links],
                kind=SpanKind.CLIENT if client else SpanKind.INTERNAL,
                status=status,
                start_time=start_ns,
                end_time=end_ns,
                instrumentation_scope=_SCOPE,
            )
        )

    def close(self) -> None:
        """Send what is left."""
        if self._processor is not None:
            self._processor.shutdown()
