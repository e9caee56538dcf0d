"""The recording as metrics: the same numbers as `health()`, read by somebody else's thread."""

import subprocess
import sys
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider

import otel_steps
from otel_steps.emit.step_span import StepSpan
from otel_steps.emit.task_span import TaskSpan
from otel_steps.health import metrics
from otel_steps.health.health import Health


def values(reader: InMemoryMetricReader) -> dict[str, Any]:
    """Return the value of each instrument, and read all of them once."""
    data = reader.get_metrics_data()
    found = {}
    for resource in data.resource_metrics if data else ():
        for scope in resource.scope_metrics:
            assert scope.scope.name == "otel_steps"
            for metric in scope.metrics:
                if metric.name.startswith("otel_steps."):
                    (point,) = metric.data.data_points
                    found[metric.name] = point.value
    return found


def health(**numbers: Any) -> Health:
    """Return a health in which all is well."""
    zeros = {field.name: 0 for field in fields(Health)}
    return Health(**zeros | {"held": None, "problems": ()} | numbers)


@pytest.fixture(name="reader")
def _reader() -> InMemoryMetricReader:
    return InMemoryMetricReader()


@pytest.mark.usefixtures("own_pipeline")
def test_a_recording_is_visible_as_metrics(tmp_path: Path, reader: InMemoryMetricReader) -> None:
    """Whoever has dashboards sees there what `health()` says."""
    provider = TracerProvider(shutdown_on_exit=False)
    recording = otel_steps.configure(
        tracer_provider=provider,
        meter_provider=MeterProvider([reader], shutdown_on_exit=False),
        instrument=False,
        dir=tmp_path,
    )
    tracer = provider.get_tracer("test")
    task = TaskSpan(tracer, "do it", agent="test")
    for _ in range(3):
        StepSpan(tracer, task).end()
    task.end("completed")
    assert recording.flush()

    found = values(reader)

    assert set(found) == {instrument.name for instrument in metrics.INSTRUMENTS}
    assert found["otel_steps.span.recorded"] == found["otel_steps.span.shipped"] == 4
    assert found["otel_steps.span.waiting"] == found["otel_steps.span.dead"] == 0
    assert found["otel_steps.span.refused"] == 0
    assert found["otel_steps.batch.count"] >= 1
    assert found["otel_steps.batch.duration"] > 0
    assert found["otel_steps.batch.duration"] == recording.health().batch_seconds


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("otel_steps.span.recorded", "recorded"),
        ("otel_steps.span.shipped", "shipped"),
        ("otel_steps.span.refused", "refused"),
        ("otel_steps.span.waiting", "waiting"),
        ("otel_steps.span.dead", "dead"),
        ("otel_steps.picture.waiting", "pictures_waiting"),
        ("otel_steps.journal.size", "journal_bytes"),
        ("otel_steps.batch.count", "batches"),
        ("otel_steps.picture.dead", "pictures_dead"),
        ("otel_steps.batch.duration", "batch_seconds"),
    ],
)
def test_each_instrument_tells_its_number(
    reader: InMemoryMetricReader, name: str, number: str
) -> None:
    """No two are mixed up."""
    metrics.observe(lambda: health(**{number: 7}), MeterProvider([reader], shutdown_on_exit=False))

    found = values(reader)

    assert found.pop(name) == 7
    assert set(found.values()) == {0}


def test_one_look_serves_all_instruments(reader: InMemoryMetricReader) -> None:
    """The journal's folder is listed once for a reading, not once for each instrument."""
    looks = []

    def look() -> Health:
        looks.append(1)
        return health()

    metrics.observe(look, MeterProvider([reader], shutdown_on_exit=False))

    assert len(values(reader)) == len(metrics.INSTRUMENTS)
    assert len(looks) == 1


def test_a_later_look_sees_what_has_changed(
    reader: InMemoryMetricReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was read is kept for the instruments of one reading, not for the next one."""
    monkeypatch.setattr(metrics, "_FRESH_S", -1.0)
    numbers = iter(range(1000))
    look: Callable[[], Health] = lambda: health(recorded=next(numbers))  # noqa: E731
    metrics.observe(look, MeterProvider([reader], shutdown_on_exit=False))

    first, second = values(reader), values(reader)

    assert second["otel_steps.span.recorded"] > first["otel_steps.span.recorded"]


def test_metrics_alone_leave_nothing_behind(tmp_path: Path) -> None:
    """A reader that asks before any agent has run finds zeros, and no folder is made for it."""
    code = (
        "import sys, otel_steps\n"
        "from opentelemetry.sdk.metrics import MeterProvider\n"
        "from opentelemetry.sdk.metrics.export import InMemoryMetricReader\n"
        "reader = InMemoryMetricReader()\n"
        "otel_steps.configure(dir=sys.argv[1], meter_provider=MeterProvider([reader]))\n"
        "print(reader.get_metrics_data().to_json())\n"
    )

    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code, str(tmp_path / "data")],
        capture_output=True,
        text=True,
        check=True,
    )

    assert "otel_steps.span.waiting" in done.stdout
    assert done.stderr == ""
    assert not (tmp_path / "data").exists()
