// Exports one trace of three spans with the unmodified JavaScript SDK: node export.js <proto|http|grpc> <endpoint>; prints the trace id.
const { NodeTracerProvider, BatchSpanProcessor } = require("@opentelemetry/sdk-trace-node");
const { resourceFromAttributes } = require("@opentelemetry/resources");
const [encoding, url] = process.argv.slice(2);
const { OTLPTraceExporter } = require(`@opentelemetry/exporter-trace-otlp-${encoding}`);

let failed = null;
const exporter = new OTLPTraceExporter({ url, compression: encoding === "http" ? "none" : "gzip" });
const provider = new NodeTracerProvider({
  resource: resourceFromAttributes({ "service.name": `js-${encoding}` }),
  spanProcessors: [new BatchSpanProcessor({
    export: (spans, done) => exporter.export(spans, (result) => { if (result.code !== 0) failed = result.error || result; done(result); }),
    shutdown: () => exporter.shutdown(),
    forceFlush: () => exporter.forceFlush(),
  })],
});
const tracer = provider.getTracer("acceptance");
const root = tracer.startSpan("js root", { attributes: { "project.code": "PRJ-1001", hours: 7.5, billable: true, retry: 2, tags: ["a", "b"] } });
for (const number of [1, 2]) {
  const child = tracer.startSpan(`js child ${number}`);
  child.addEvent("step", { number });
  child.end();
}
root.end();
provider.forceFlush().then(() => provider.shutdown()).then(() => {
  if (failed) { console.error(failed); process.exit(1); }
  console.log(root.spanContext().traceId);
});
