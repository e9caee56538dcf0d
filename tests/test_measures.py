"""Tasks, calls of models and tools as the metrics that GenAI's conventions name."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider

from otel_steps import semconv
from otel_steps.emit import measures
from otel_steps.emit.task_span import TaskSpan
from otel_steps.instrumentation.phone_agent import PhoneAgentInstrumentor, instrument_agent_module

TASK = "gen_ai.invoke_agent.duration"
TOOL = "gen_ai.execute_tool.duration"
MODEL = "gen_ai.client.operation.duration"
USED = "gen_ai.client.token.usage"

SOURCE = """
class Agent:
    def __init__(self, client, handler):
        self.model_client, self.action_handler = client, handler

    def run(self, task):
        self._execute_step(task, True)
        return "done"

    def _execute_step(self, user_prompt=None, is_first=False):
        return self.action_handler.execute(self.model_client.request([]).parsed)
"""


class Client:
    """A model that answers once, or not at all."""

    def __init__(self, action: Any) -> None:
        self._action = action

    def request(self, messages: Any) -> Any:
        if self._action is None:
            raise TimeoutError("no answer")
        return SimpleNamespace(
            thinking="", action="do(...)", parsed=self._action, prompt_tokens=1312, cached_tokens=9
        )


class Handler:
    """A phone on which everything fails that is called so."""

    def execute(self, action: Any) -> Any:
        is_done = action["action"] != "Fail"
        return SimpleNamespace(success=is_done, should_finish=False, message=None, finished=True)


@pytest.fixture(name="reader")
def _reader() -> Iterator[InMemoryMetricReader]:
    reader = InMemoryMetricReader()
    yield reader
    measures.use(None)


@pytest.fixture(name="agent_class")
def _agent_class(reader: InMemoryMetricReader) -> Iterator[Any]:
    """Return an instrumented agent's class, whose metrics *reader* reads."""
    module = ModuleType("a_measured.agent")
    exec(SOURCE, vars(module))
    instrumentor = PhoneAgentInstrumentor()
    instrumentor.instrument(
        tracer_provider=TracerProvider(shutdown_on_exit=False),
        meter_provider=MeterProvider([reader], shutdown_on_exit=False),
    )
    instrument_agent_module(module)
    yield module.Agent
    instrumentor.uninstrument()


def points(reader: InMemoryMetricReader) -> dict[str, list[Any]]:
    """Return the points of each metric, once all has been handed over."""
    measures.settle()
    data = reader.get_metrics_data()
    return {
        metric.name: list(metric.data.data_points)
        for resource in (data.resource_metrics if data else ())
        for scope in resource.scope_metrics
        for metric in scope.metrics
    }


def told(found: dict[str, list[Any]]) -> dict[str, list[dict[str, Any]]]:
    """Return the attributes of the points of each metric."""
    return {name: [dict(each.attributes) for each in found[name]] for name in found}


def test_a_task_and_its_calls_are_measured(reader: InMemoryMetricReader, agent_class: Any) -> None:
    """Each once, with the attributes that the conventions ask for."""
    agent_class(Client({"action": "Tap"}), Handler()).run("x")

    found = points(reader)

    asked = {semconv.GEN_AI_OPERATION_NAME: "chat", semconv.GEN_AI_PROVIDER_NAME: "openai"}
    assert told(found) == {
        TASK: [{semconv.GEN_AI_AGENT_NAME: "Agent"}],
        TOOL: [{semconv.GEN_AI_TOOL_NAME: "Tap", semconv.GEN_AI_TOOL_TYPE: "extension"}],
        MODEL: [asked],
        USED: [asked | {semconv.GEN_AI_TOKEN_TYPE: "input"}],
    }
    assert all(point.count == 1 for each in found.values() for point in each)
    assert found[USED][0].sum == 1312
    assert 0 < found[MODEL][0].sum < found[TASK][0].sum


@pytest.mark.parametrize(
    ("action", "failed"),
    [
        (None, {TASK: "TimeoutError", MODEL: "TimeoutError"}),
        ({"action": "Fail"}, {TASK: "failed", TOOL: "action_error"}),
    ],
    ids=["the model", "the action"],
)
def test_what_fails_says_how(
    reader: InMemoryMetricReader, agent_class: Any, action: Any, failed: dict[str, str]
) -> None:
    """By a word that few others are: the class of the exception, or the kind of the error."""
    try:
        agent_class(Client(action), Handler()).run("x")
    except TimeoutError:
        assert action is None

    found = told(points(reader))
    errors = {name: found[name][0].get(semconv.ERROR_TYPE) for name in found}
    assert {name: error for name, error in errors.items() if error} == failed


def test_buckets_are_those_of_the_conventions(
    reader: InMemoryMetricReader, agent_class: Any
) -> None:
    """Unless the program's own view says others."""
    agent_class(Client({"action": "Tap"}), Handler()).run("x")

    found = points(reader)
    ends = {
        name: (each[0].explicit_bounds[0], each[0].explicit_bounds[-1])
        for name, each in found.items()
    }
    assert ends == {
        TASK: (0.1, 409.6),
        TOOL: (0.01, 81.92),
        MODEL: (0.01, 81.92),
        USED: (1, 67_108_864),
    }
    doubled = zip(measures.MODEL.boundaries, measures.MODEL.boundaries[1:], strict=False)
    assert all(later == pytest.approx(2 * former) for former, later in doubled)


def test_a_name_that_a_model_makes_up_is_no_series(
    reader: InMemoryMetricReader, agent_class: Any
) -> None:
    """A sentence in place of an action is counted among all others of its kind."""
    agent_class(Client({"action": "x" * 65}), Handler()).run("x")

    assert told(points(reader))[TOOL][0][semconv.GEN_AI_TOOL_NAME] == "_OTHER"


def test_a_task_that_ends_otherwise_is_no_success(reader: InMemoryMetricReader) -> None:
    """Without an exception the status says why."""
    measures.use(MeterProvider([reader], shutdown_on_exit=False))
    tracer = TracerProvider(shutdown_on_exit=False).get_tracer("otel_steps")

    TaskSpan(tracer, None, agent="a", model="m").end("max_steps")

    assert told(points(reader)) == {
        TASK: [
            {
                semconv.GEN_AI_AGENT_NAME: "a",
                semconv.GEN_AI_REQUEST_MODEL: "m",
                semconv.ERROR_TYPE: "max_steps",
            }
        ]
    }


LATE = """
import sys
from opentelemetry import metrics, trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import ConsoleMetricExporter, PeriodicExportingMetricReader
import otel_steps
otel_steps.configure(dir=sys.argv[1])
with otel_steps.task("before", agent="before") as task:
    task.complete("x")
reader = PeriodicExportingMetricReader(ConsoleMetricExporter(), export_interval_millis=1e9)
metrics.set_meter_provider(MeterProvider([reader]))
with otel_steps.task("after", agent="after") as task:
    task.complete("x")
"""


def test_the_last_task_of_a_program_is_measured(tmp_path: Path) -> None:
    """The program's own provider counts from when it comes, and has all before it ends."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", LATE, str(tmp_path)],
        capture_output=True,
        text=True,
        check=True,
    )

    assert TASK in done.stdout
    assert '"gen_ai.agent.name": "after"' in done.stdout
    assert '"gen_ai.agent.name": "before"' not in done.stdout
    assert done.stderr == ""


INTERRUPTED = """
import signal, sys
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
import otel_steps
reader = InMemoryMetricReader()
provider = MeterProvider([reader])
otel_steps.configure(dir=sys.argv[1], meter_provider=provider)

def take_task(*_):
    with otel_steps.task("t", agent="a"):
        pass

take_task()
recording = otel_steps.configure()
recording.flush()
aggregation = [
    each
    for storage in reader._collect.__self__._reader_storages.values()
    for matches in storage._instrument_view_instrument_matches.values()
    for match in matches
    for each in match._attributes_aggregation.values()
]
signal.signal(signal.SIGUSR1, take_task)
for each in aggregation:
    with each._lock:
        signal.raise_signal(signal.SIGUSR1)
recording.flush()
print("alive")
"""


@pytest.mark.skipif(not hasattr(__import__("signal"), "SIGUSR1"), reason="no such signal")
def test_a_signal_handler_waits_for_no_lock_of_the_sdk(tmp_path: Path) -> None:
    """It may have interrupted the thread that holds it, as a reader does while it reads."""
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED, str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=120,
    )

    assert done.stdout == "alive\n", done.stderr
