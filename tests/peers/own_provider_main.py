"""The user's program where it has a TracerProvider of its own, and one line of ours after it."""

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

provider = TracerProvider()
provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
trace.set_tracer_provider(provider)

import otel_steps  # noqa: E402 - a program that has been there before

otel_steps.configure()

from main import main  # noqa: E402 - see configured_main.py

main()
