"""A service as anybody writes one: its SDK takes every setting from the environment. Prints the id of its trace."""

from opentelemetry import trace
from opentelemetry._logs import SeverityNumber, get_logger
from opentelemetry.trace import Link, SpanKind, Status, StatusCode

tracer = trace.get_tracer("acceptance", "1.0")
with tracer.start_as_current_span("quote to project", kind=SpanKind.CONSUMER) as quote:
    links = [Link(quote.get_span_context())]
    with tracer.start_as_current_span("create project", kind=SpanKind.CLIENT, links=links) as project:
        project.set_attributes({"project.code": "PRJ-1001", "hours": 7.5, "billable": True, "retry": 2})
        project.set_attributes({"tags": ["a", "b"], "customer": "Müller & Søn €"})
        project.add_event("refused", {"field": "customer"})
        project.set_status(Status(StatusCode.ERROR, "no such customer"))
    get_logger("acceptance").emit(body="entry TE-1 refused", severity_number=SeverityNumber.WARN, severity_text="WARN")
print(f"{quote.get_span_context().trace_id:032x}")
