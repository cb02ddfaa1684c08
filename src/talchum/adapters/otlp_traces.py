"""Traces to an OpenTelemetry collector over OTLP/HTTP; the extra `traces`.

Imported only where a setting asks for it. A collector that is away costs nothing but the spans.
"""

from __future__ import annotations

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Span as SdkSpan
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Span as OtelSpan
from opentelemetry.trace import set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from talchum.domain.metrics import Part
from talchum.domain.tracing import Span, SpanName, bounded

BATCH_MILLISECONDS = 1000
QUEUE_SPANS = 2048
EXPORT_SECONDS = 5.0


class OtlpTraces:
    """The traces of one process. endpoint: the collector's base address, before ``/v1/traces``."""

    def __init__(self, endpoint: str, part: Part) -> None:
        # Not `Resource.create`: it would add what the environment and the machine say of themselves.
        self._provider = TracerProvider(
            resource=Resource({"service.name": f"talchum-{part}"}), shutdown_on_exit=False
        )
        exporter = OTLPSpanExporter(f"{endpoint}/v1/traces", timeout=EXPORT_SECONDS)
        self._provider.add_span_processor(
            BatchSpanProcessor(exporter, max_queue_size=QUEUE_SPANS, schedule_delay_millis=BATCH_MILLISECONDS)
        )
        self._tracer = self._provider.get_tracer("talchum")
        self._propagator = TraceContextTextMapPropagator()

    def begin(self, name: SpanName, *, at: float | None = None, parent: str = "") -> Span:
        """A step begins now, or began at this wall clock."""
        context = self._propagator.extract({"traceparent": parent}) if parent else None
        start = None if at is None else int(at * 1e9)
        span = self._tracer.start_span(name, context, start_time=start)
        carrier: dict[str, str] = {}
        self._propagator.inject(carrier, set_span_in_context(span))
        return _OtlpSpan(span, carrier.get("traceparent", ""))

    def close(self) -> None:
        """Send what is left; waits a few seconds at most."""
        self._provider.shutdown()


class _OtlpSpan:
    def __init__(self, span: OtelSpan, context: str) -> None:
        self._span = span
        self.context = context

    def end(self, **labels: str) -> None:
        """It is done."""
        if isinstance(self._span, SdkSpan) and self._span.end_time is not None:
            return
        self._span.set_attributes({f"talchum.{label}": value for label, value in bounded(labels).items()})
        self._span.end()
