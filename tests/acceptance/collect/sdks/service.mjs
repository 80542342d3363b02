// A service as anybody writes one: its SDK takes every setting from the environment. Prints the id of its trace.
import { NodeSDK } from "@opentelemetry/sdk-node";
import { SpanKind, SpanStatusCode, context, trace } from "@opentelemetry/api";
import { logs } from "@opentelemetry/api-logs";

const sdk = new NodeSDK();
sdk.start();
const tracer = trace.getTracer("acceptance", "1.0");
const quote = tracer.startSpan("quote to project", { kind: SpanKind.CONSUMER });
const within = trace.setSpan(context.active(), quote);
const project = tracer.startSpan("create project", {
  kind: SpanKind.CLIENT,
  attributes: { "project.code": "PRJ-1001", hours: 7.5, billable: true, retry: 2, tags: ["a", "b"], customer: "Müller & Søn €" },
  links: [{ context: quote.spanContext() }],
}, within);
project.addEvent("refused", { field: "customer" });
project.setStatus({ code: SpanStatusCode.ERROR, message: "no such customer" });
project.end();
quote.end();
logs.getLogger("acceptance").emit({ body: "entry TE-1 refused", severityNumber: 13, severityText: "WARN", context: within });
await sdk.shutdown();
console.log(quote.spanContext().traceId);
