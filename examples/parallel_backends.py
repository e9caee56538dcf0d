"""
One run, two homes: rows and pictures in our store, the same spans in any OpenTelemetry backend.

    pip install otel-steps opentelemetry-exporter-otlp-proto-http
    export OTEL_EXPORTER_OTLP_ENDPOINT=http://localhost:6006   # Phoenix; most others are at 4318
    python examples/parallel_backends.py
"""

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

import otel_steps
from otel_steps.demo.phone import Phone

# What a program that is traced has already: a provider, and a processor that sends its spans.
provider = TracerProvider(resource=Resource.create({"service.name": "phone-lab"}))
provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
trace.set_tracer_provider(provider)

# What is new: our processor joins the provider that is there. Neither waits for the other, so a
# backend that is slow or away costs no row. `openinference` is for those that speak it (Phoenix).
recording = otel_steps.configure(openinference=True)

phone = Phone()
action = {"action": "Launch", "app": "Settings"}
with otel_steps.task("Open the settings", agent="tapper") as task:
    with otel_steps.step(action=action, screenshot=phone.screenshot().png, app=phone.app) as step:
        step.set(thinking="They are not on this screen: I open the app.")
        # Spans of your own become part of the step, in both homes.
        with trace.get_tracer("my-driver").start_as_current_span("launch"):
            step.set(action_result={"success": phone.launch("Settings")})
    task.complete("The settings are open.")

recording.flush()  # ours: True as soon as the store has it all
provider.shutdown()  # theirs: sends what waits
print(f"recorded: otel-steps report {task.task_id}")
