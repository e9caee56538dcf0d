"""The recording does not record itself, and works where instrumentation is suppressed."""

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import httpx
import pytest
import requests
from opentelemetry.instrumentation.utils import suppress_instrumentation
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

import otel_steps
from otel_steps import TaskStepsExporter, open_store
from otel_steps.emit.step_span import StepSpan
from otel_steps.emit.task_span import TaskSpan
from tests.patience import PATIENCE_S
from tests.pictures import png
from tests.supabase.stack import SupabaseStack
from tests.wheels import wheel_folder

pytest_plugins = ["tests.supabase.fixtures"]
pytestmark = pytest.mark.usefixtures("own_pipeline")


# Not among the packages of the environment, where they would trace every program of the tests.
INSTRUMENTATIONS = (
    "opentelemetry-instrumentation-httpx==0.66b1",
    "opentelemetry-instrumentation-urllib3==0.66b1",
    "opentelemetry-util-http==0.66b1",
)


@pytest.fixture(name="traced")
def _traced(
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[tuple[TracerProvider, InMemorySpanExporter]]:
    """Return a provider whose spans are those of every call of httpx and urllib3, and others."""
    monkeypatch.syspath_prepend(wheel_folder("http-instrumentations", *INSTRUMENTATIONS))
    exporter = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    instrumentors = (
        import_module("opentelemetry.instrumentation.httpx").HTTPXClientInstrumentor(),
        import_module("opentelemetry.instrumentation.urllib3").URLLib3Instrumentor(),
    )
    for instrumentor in instrumentors:
        instrumentor.instrument(tracer_provider=provider)
    yield provider, exporter
    for instrumentor in instrumentors:
        instrumentor.uninstrument()


def record(provider: TracerProvider, task_id: str) -> None:
    """Record a task of two steps with a picture."""
    tracer = provider.get_tracer("test")
    task = TaskSpan(tracer, "do it", agent="test", task_id=task_id)
    for number in range(2):
        step = StepSpan(tracer, task)
        step.set_screenshot(png(20 + number, 40))
        step.end()
    task.end("completed")


def test_own_requests_are_no_spans(
    supabase_stack: SupabaseStack,
    traced: tuple[TracerProvider, InMemorySpanExporter],
    tmp_path: Path,
) -> None:
    """Rows and pictures go over HTTP under an active instrumentation of it, and leave no span."""
    provider, exporter = traced
    recording = otel_steps.configure(
        tracer_provider=provider,
        instrument=False,
        dir=tmp_path / "data",
        supabase_url=supabase_stack.url,
        supabase_key=supabase_stack.secret_key,
    )
    record(provider, "quiet")
    assert recording.flush(PATIENCE_S)

    names = [span.name for span in exporter.get_finished_spans()]
    assert names == ["step", "step", "invoke_agent test"]
    assert recording.health().shipped == 3
    for get in (httpx.get, requests.get):  # the instrumentations are really there
        get(f"{supabase_stack.url}/rest/v1/")
    assert len(exporter.get_finished_spans()) == 5


def test_steps_are_recorded_where_instrumentation_is_suppressed(tmp_path: Path) -> None:
    """A span that exists is recorded, whatever its surroundings say of new ones."""
    provider = TracerProvider(shutdown_on_exit=False)
    recording = otel_steps.configure(tracer_provider=provider, instrument=False, dir=tmp_path)

    with suppress_instrumentation():
        record(provider, "suppressed")

    assert recording.flush()
    store = open_store(recording.settings.store)
    assert len(store.screenshots("suppressed")) == len(store.steps("suppressed")) == 2
    store.close()


def test_the_exporter_works_behind_the_stock_processor(tmp_path: Path) -> None:
    """That processor suppresses instrumentation around the export, which must not matter."""
    exporter = TaskStepsExporter(dir=tmp_path / "stock")
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    record(provider, "stock")
    assert provider.force_flush()
    assert exporter.force_flush()

    store = open_store(f"sqlite:///{tmp_path / 'stock' / 'steps.db'}")
    assert len(store.steps("stock")) == 2
    store.close()
    provider.shutdown()
