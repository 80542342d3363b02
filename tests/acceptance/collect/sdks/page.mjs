// A page as anybody writes one. `exported` sends one trace to the collector and gives its id, or why it was refused.
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { SimpleSpanProcessor, WebTracerProvider } from "@opentelemetry/sdk-trace-web";

globalThis.exported = ([url, service, headers]) => new Promise((resolve) => {
  const exporter = new OTLPTraceExporter({ url, headers, timeoutMillis: 2000 });
  const told = {
    export: (spans, done) => exporter.export(spans, (result) => {
      done(result);
      resolve(result.error ? { refused: String(result.error) } : { trace: spans[0].spanContext().traceId });
    }),
    forceFlush: () => exporter.forceFlush(),
    shutdown: () => exporter.shutdown(),
  };
  const provider = new WebTracerProvider({
    resource: resourceFromAttributes({ "service.name": service }),
    spanProcessors: [new SimpleSpanProcessor(told)],
  });
  provider.getTracer("page", "1.0").startSpan("approve", { attributes: { hours: 7.5, retry: 2, tags: ["a", "b"] } }).end();
});
