"""Who comes second shares what is there, or is told what differs: nothing is replaced."""

import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExportResult

import otel_steps
from otel_steps import ConfigError, StepSpanProcessor, TaskStepsExporter, open_store
from otel_steps.config import resolve

pytestmark = pytest.mark.usefixtures("own_pipeline")

Redact = Callable[[str, Mapping[str, Any]], Mapping[str, Any] | None]


def drop_all(name: str, attributes: Mapping[str, Any]) -> None:
    """Keep nothing of the content."""


class Keeper:
    """Has a method for `redact`, which is another object whenever it is asked for."""

    def redact(self, name: str, attributes: Mapping[str, Any]) -> Mapping[str, Any]:
        return attributes


@pytest.fixture(name="shut", autouse=True)
def _shut() -> Iterator[list[Any]]:
    opened: list[Any] = []
    yield opened
    for each in opened:
        each.shutdown()


OTHERS = {
    "buffer_size is 50, not 7": {"buffer_size": 7},
    "capture_content is": {"capture_content": "none"},
    "sqlite:///": {"store": "sqlite:///other.db"},
    "token": {"token": "canary-canary-canary"},
    "there is no redact": {"redact": drop_all},
}


@pytest.mark.parametrize("said", OTHERS)
@pytest.mark.parametrize("door", [otel_steps.configure, StepSpanProcessor])
def test_other_settings_are_an_error_that_names_them(
    door: Callable[..., Any], said: str, shut: list[Any]
) -> None:
    """They are not taken over by what is there, nor lost."""
    first = otel_steps.configure()

    with pytest.raises(ConfigError, match="already, and with other settings") as refused:
        shut.append(door(**OTHERS[said]))

    assert said in str(refused.value)
    assert "canary" not in str(refused.value)
    assert otel_steps.configure() is first
    assert first.health().ok


def test_the_same_settings_are_shared(tmp_path: Path, shut: list[Any]) -> None:
    """Whatever way they are written, and whatever is left out."""
    keeper = Keeper()
    first = StepSpanProcessor(dir=tmp_path, buffer_size=7, redact=keeper.redact)
    shut.append(first)
    alike = ({}, {"buffer_size": 7}, {"redact": keeper.redact}, {"durability": "process"})

    (tmp_path / "link").symlink_to(tmp_path, target_is_directory=True)
    for given in alike:
        assert StepSpanProcessor(dir=tmp_path / "link", **given).recorder is first.recorder
    with pytest.raises(ConfigError, match="redact is another"):
        StepSpanProcessor(dir=tmp_path, redact=drop_all)


@pytest.mark.parametrize("said", OTHERS)
def test_an_exporter_is_left_out_and_health_tells(
    said: str, shut: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The SDK builds it, so that it must not raise; what is there stays as it is."""
    recording = otel_steps.configure(tracer_provider=TracerProvider(shutdown_on_exit=False))

    exporter = TaskStepsExporter(**OTHERS[said])

    (problem,) = recording.health().problems
    assert (problem.kind, said in problem.message) == ("settings", True)
    assert "report this" not in problem.remedy
    assert "canary" not in problem.message
    assert exporter.export([]) is SpanExportResult.FAILURE
    with otel_steps.task("t", task_id="t"), otel_steps.step(thinking="hm"):
        pass
    assert recording.flush()
    with closing(open_store(recording.settings.store)) as store:
        assert [step["thinking"] for step in store.steps("t")] == ["hm"]


def test_an_exporter_without_arguments_shares() -> None:
    """`OTEL_TRACES_EXPORTER=task_steps` asks for nothing: the program's settings hold."""
    recording = otel_steps.configure(buffer_size=7, redact=drop_all)

    exporter = TaskStepsExporter()

    assert exporter.export([]) is SpanExportResult.SUCCESS
    assert recording.health().ok


def test_a_redaction_is_not_added_to_an_exporter_that_records(shut: list[Any]) -> None:
    """An exporter that was there first goes on without it, so that the program has to know."""
    exporter = TaskStepsExporter()
    shut.append(exporter)

    with pytest.raises(ConfigError, match="there is no redact"):
        otel_steps.configure(redact=drop_all)


def test_other_folders_are_recordings_of_their_own(tmp_path: Path, shut: list[Any]) -> None:
    """Two processors with two redactions, one provider: each folder has what it was to have."""
    provider = TracerProvider(shutdown_on_exit=False)
    for name, redact in (("all", None), ("none", drop_all)):
        processor = StepSpanProcessor(dir=tmp_path / name, redact=redact)
        provider.add_span_processor(processor)
        shut.append(processor)
    exporter = TaskStepsExporter(dir=tmp_path / "third")
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    otel_steps.configure(dir=tmp_path / "all", tracer_provider=provider)

    with otel_steps.task("t", task_id="t"), otel_steps.step(thinking="hm"):
        pass
    assert provider.force_flush()
    assert exporter.force_flush()  # a `SimpleSpanProcessor` does not ask its exporter

    known = {}
    for name in ("all", "none", "third"):
        with closing(open_store(resolve(dir=tmp_path / name).store)) as store:
            known[name] = [step["thinking"] for step in store.steps("t")]
    assert known == {"all": ["hm"], "none": [None], "third": ["hm"]}
    provider.shutdown()


ZERO_CODE = """
import sys, otel_steps
from contextlib import closing
from otel_steps import pipeline
assert pipeline.configure_zero_code() is not None
def redact(name, attributes):
    return None
with otel_steps.task("t", task_id="before"), otel_steps.step(thinking="hm"):
    pass
recording = otel_steps.configure(redact=redact, buffer_size=7)
assert pipeline.active() is recording
with otel_steps.task("t", task_id="after"), otel_steps.step(thinking="hm"):
    pass
assert recording.flush() and recording.health().ok and recording.health().recorded == 2
with closing(otel_steps.open_store()) as store:
    print([store.steps(task)[0]["thinking"] for task in ("before", "after")])
"""


def test_what_was_set_up_without_arguments_gives_way() -> None:
    """Under `opentelemetry-instrument` the program's own `configure()` is not lost either."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", ZERO_CODE], capture_output=True, text=True
    )

    assert (done.stdout.strip(), done.stderr) == ("['hm', None]", "")
