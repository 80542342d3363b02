import static io.opentelemetry.api.common.AttributeKey.*;

import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.logs.Severity;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.context.Context;
import io.opentelemetry.context.Scope;
import io.opentelemetry.exporter.otlp.http.logs.OtlpHttpLogRecordExporter;
import io.opentelemetry.exporter.otlp.http.trace.OtlpHttpSpanExporter;
import io.opentelemetry.exporter.otlp.trace.OtlpGrpcSpanExporter;
import io.opentelemetry.sdk.logs.SdkLoggerProvider;
import io.opentelemetry.sdk.logs.export.BatchLogRecordProcessor;
import io.opentelemetry.sdk.resources.Resource;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.export.BatchSpanProcessor;
import io.opentelemetry.sdk.trace.export.SpanExporter;
import java.util.concurrent.TimeUnit;

/** Exports one trace and one log record: java Recorded [http|grpc] [address of a collector]. */
public class Recorded {
    public static void main(String[] given) {
        String address = given[1];
        Resource resource = Resource.getDefault().merge(Resource.create(Attributes.of(
            stringKey("service.name"), "esb", stringKey("deployment.environment.name"), "recorded")));
        SpanExporter exporter = given[0].equals("grpc")
            ? OtlpGrpcSpanExporter.builder().setEndpoint(address).build()
            : OtlpHttpSpanExporter.builder().setEndpoint(address + "/v1/traces").setCompression("gzip").build();
        SdkTracerProvider tracers = SdkTracerProvider.builder().setResource(resource)
            .addSpanProcessor(BatchSpanProcessor.builder(exporter).build()).build();
        var tracer = tracers.tracerBuilder("recorded").setInstrumentationVersion("1.0").build();
        Span quote = tracer.spanBuilder("quote to project").setSpanKind(SpanKind.CONSUMER).startSpan();
        Context within;
        try (Scope scope = quote.makeCurrent()) {
            within = Context.current();
            Span project = tracer.spanBuilder("create project").setSpanKind(SpanKind.CLIENT)
                .addLink(quote.getSpanContext(), Attributes.of(stringKey("why"), "cause")).startSpan();
            project.setAttribute("project.code", "PRJ-1001").setAttribute("hours", 7.5).setAttribute("billable", true)
                .setAttribute("retry", 2L).setAttribute("customer", "Müller & Søn \u20ac");
            project.setAttribute(stringArrayKey("tags"), java.util.List.of("a", "b"));
            project.setAttribute(longArrayKey("lines"), java.util.List.of(1L, 9007199254740993L));
            project.addEvent("refused", Attributes.of(stringKey("field"), "customer"));
            project.setStatus(StatusCode.ERROR, "no such customer");
            project.end();
        }
        quote.setStatus(StatusCode.OK).end();
        tracers.shutdown().join(10, TimeUnit.SECONDS);
        if (given[0].equals("grpc")) return;
        SdkLoggerProvider loggers = SdkLoggerProvider.builder().setResource(resource).addLogRecordProcessor(
            BatchLogRecordProcessor.builder(
                OtlpHttpLogRecordExporter.builder().setEndpoint(address + "/v1/logs").build()).build()).build();
        loggers.loggerBuilder("recorded").build().logRecordBuilder().setContext(within).setSeverity(Severity.WARN)
            .setSeverityText("WARN").setBody("entry TE-1 refused").setAttribute(longKey("line"), 3L).emit();
        loggers.shutdown().join(10, TimeUnit.SECONDS);
    }
}
