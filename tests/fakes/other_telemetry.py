"""
A program that has telemetry of its own and records its agent.

    python other_telemetry.py TOOL OUR_PLACE

TOOL sets up a TracerProvider as its manual says; our `configure()` comes `before` or `after` it, or
`between`: with a task before and one after, or `twice`: TOOL is set up a second time after a task.
Each task has a step that calls a library with spans of its own. Prints the recording's health.
"""

import json
import os
import sys

from opentelemetry import trace

import otel_steps

ENDPOINT = os.environ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"]


def phoenix() -> None:
    from phoenix.otel import register

    register(endpoint=ENDPOINT, protocol="http/protobuf", verbose=False)


def logfire() -> None:
    """It finds the endpoint in the environment."""
    import logfire

    logfire.configure(send_to_logfire=False, console=False)


def mlflow() -> None:
    import mlflow

    mlflow.openai.autolog()
    with mlflow.start_span("mlflow"):
        pass


def sdk() -> None:
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(ENDPOINT)))
    trace.set_tracer_provider(provider)


def distro() -> None:
    """Nothing: `opentelemetry-instrument` has done it."""


def work(task_id: str) -> None:
    library = trace.get_tracer("a.library")
    with otel_steps.task(task_id, task_id=task_id), otel_steps.step(action="Tap"):
        if base_url := os.environ.get("MODEL_URL"):
            import openai

            client = openai.OpenAI(base_url=base_url, api_key="none", max_retries=0)
            client.chat.completions.create(model="m", messages=[{"role": "user", "content": "?"}])
        with library.start_as_current_span(f"library {task_id}"):
            pass


def main(tool: str, place: str) -> None:
    set_up = {each.__name__: each for each in (phoenix, logfire, mlflow, sdk, distro)}[tool]
    if place in ("before", "between"):
        recording = otel_steps.configure()
        if place == "between":
            work("first")
        set_up()
    else:
        set_up()
        recording = otel_steps.configure()
        if place == "twice":
            work("first")
            set_up()
    work("last")
    is_flushed = recording.flush()
    problems = [problem.message for problem in recording.health().problems]
    print(json.dumps({"is_flushed": is_flushed, "problems": problems}))


main(*sys.argv[1:])
