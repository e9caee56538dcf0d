"""
Runs scenarios with real agents of smolagents, instrumented, and writes down what came of it.

    run_smolagents.py OUT BASE_URL SCENARIO ...

As in `run_agent.py`, a scenario's name is also the name of its model and the id of its task. What
works for another agent has the name `SCENARIO_helper`.
"""

import argparse
import gc
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import smolagents
from openai import DefaultHttpxClient
from opentelemetry import trace
from opentelemetry.instrumentation.utils import suppress_instrumentation
from opentelemetry.sdk.trace import TracerProvider
from PIL import Image
from run_agent import Recorder
from smolagents import CodeAgent, OpenAIServerModel, ToolCallingAgent, tool
from wrapt import FunctionWrapper

from otel_steps.emit import side_channel
from otel_steps.instrumentation.smolagents import SmolagentsInstrumentor

SCENARIOS: dict[str, Callable[["Bench"], Any]] = {}
TASK = "打开设置"
CLIENT = DefaultHttpxClient()  # one for all: each would load the certificates of the machine


def scenario(function: Callable[["Bench"], Any]) -> Callable[["Bench"], Any]:
    """Make a scenario known under its name."""
    SCENARIOS[function.__name__] = function
    return function


@tool
def click(x: int, y: int) -> str:
    """
    Click on the screen.

    Args:
        x: In pixels, from the left.
        y: In pixels, from the top.
    """
    return f"clicked {x},{y}"


@tool
def fail(how: str) -> str:
    """
    Fail.

    Args:
        how: The message, or `ctrl-c`.
    """
    if how == "ctrl-c":
        raise KeyboardInterrupt
    raise RuntimeError(how)


def show(step: Any, agent: Any) -> None:
    """Add a picture to a step, as GUI agents do: here of the colour of its number."""
    colour = (step.step_number * 40, 0, 0)
    step.observations_images = [Image.new("RGB", (108, 240), colour)]


class Bench:
    """What a scenario works with."""

    def __init__(self, name: str, base_url: str, recorder: Recorder) -> None:
        self.name = name
        self.base_url = base_url
        self.recorder = recorder

    def agent(self, kind: Any = CodeAgent, *, suffix: str = "", **settings: Any) -> Any:
        """Return an agent; *settings* are its arguments."""
        name = self.name + suffix
        settings_of_client = {"max_retries": 0, "http_client": CLIENT}
        model = OpenAIServerModel(
            name,
            api_base=self.base_url,
            api_key="key-0123456789",
            client_kwargs=settings_of_client,
        )
        settings = {
            "tools": [click, fail],
            "step_callbacks": [show],
            "verbosity_level": -1,
        } | settings
        agent = kind(model=model, **settings)
        agent._task_id = name
        return agent

    def helper(self, **settings: Any) -> Any:
        """Return an agent that works for another one."""
        settings = {"name": "helper", "description": "Helps.", **settings}
        return self.agent(ToolCallingAgent, suffix="_helper", **settings)

    def run(self, agent: Any = None, **how: Any) -> Any:
        """Run a task; return what it returned or raised."""
        try:
            return (agent or self.agent()).run(TASK, **how)
        except BaseException as error:  # noqa: BLE001 - what it is, is the result
            return [type(error).__name__, str(error)]

    def tasks(self) -> int:
        """Return how many tasks of this scenario have ended."""
        return sum(
            span["attributes"].get("otel_steps.task.id") == self.name
            for span in self.recorder.spans
            if span["name"].startswith("invoke_agent")
        )


def plain(bench: Bench) -> Any:
    """Run a task; all that matters is in the replies."""
    return bench.run()


for _name in ("completed", "tool_error", "parse_error", "server_error", "bad_key", "ctrl_c"):
    SCENARIOS[_name] = plain


@scenario
def tools(bench: Bench) -> Any:
    """Run an agent that calls tools by name."""
    return bench.run(bench.agent(ToolCallingAgent))


@scenario
def tools_unread(bench: Bench) -> Any:
    """Run one whose model calls no tool."""
    return bench.run(bench.agent(ToolCallingAgent))


@scenario
def tools_at_once(bench: Bench) -> Any:
    """Call two tools at once, one of which is another agent."""
    return bench.run(bench.agent(ToolCallingAgent, managed_agents=[bench.helper()]))


@scenario
def managed(bench: Bench) -> Any:
    """Let another agent do the work."""
    return bench.run(bench.agent(managed_agents=[bench.helper()]))


@scenario
def managed_fails(bench: Bench) -> Any:
    """Let another agent fail."""
    return bench.run(bench.agent(ToolCallingAgent, managed_agents=[bench.helper()]))


@scenario
def planned(bench: Bench) -> Any:
    """Plan before each step."""
    return bench.run(bench.agent(planning_interval=1))


@scenario
def plan_fails(bench: Bench) -> Any:
    """Lose the model while it plans."""
    return bench.run(bench.agent(planning_interval=1))


@scenario
def max_steps(bench: Bench) -> Any:
    """Run into the limit of steps."""
    return bench.run(max_steps=2)


@scenario
def max_steps_lost(bench: Bench) -> Any:
    """Run into the limit, and lose the model."""
    return bench.run(bench.agent(max_steps=1))


@scenario
def interrupted(bench: Bench) -> Any:
    """Ask the agent to stop, in its first step."""
    return bench.run(bench.agent(step_callbacks=[lambda step, agent: agent.interrupt()]))


@scenario
def callback_fails(bench: Bench) -> Any:
    """Have a callback of the program's own that raises."""

    def raising(step: Any, agent: Any) -> None:
        raise LookupError("no screen")

    return bench.run(bench.agent(step_callbacks=[show, raising]))


@scenario
def full_result(bench: Bench) -> Any:
    """Ask for more than the answer."""
    return bench.run(bench.agent(return_full_result=True)).output


@scenario
def structured(bench: Bench) -> Any:
    """Have the model answer in JSON."""
    return bench.run(bench.agent(use_structured_outputs_internally=True))


@scenario
def deltas(bench: Bench) -> Any:
    """Have the model answer piece by piece."""
    return bench.run(bench.agent(stream_outputs=True))


@scenario
def streamed(bench: Bench) -> Any:
    """Read the events of a task; what is current for their reader stays so."""
    with trace.get_tracer("reader").start_as_current_span("reader") as own:
        found = []
        for event in bench.run(stream=True):
            found.append(type(event).__name__)
            assert trace.get_current_span() is own
    return found


@scenario
def stream_closed(bench: Bench) -> Any:
    """Stop reading in the middle of a step: the agent then says one thing more, and is told so."""
    events = bench.run(stream=True)
    while type(next(events)).__name__ != "ToolCall":
        pass
    try:
        events.close()
    except RuntimeError as error:
        return [str(error), bench.tasks()]


@scenario
def stream_closed_between(bench: Bench) -> Any:
    """Stop reading after a step."""
    events = bench.run(stream=True)
    while type(next(events)).__name__ != "ActionStep":
        pass
    del events
    gc.collect()
    return bench.tasks()


@scenario
def stream_unread(bench: Bench) -> Any:
    """Ask for the events and read none."""
    bench.run(stream=True)
    return bench.tasks()


@scenario
def twice(bench: Bench) -> Any:
    """Give one agent two tasks."""
    agent = bench.agent()
    return [bench.run(agent), bench.run(agent)]


@scenario
def subclass(bench: Bench) -> Any:
    """Override everything that is wrapped, and call the parent's."""

    class Child(CodeAgent):
        def run(self, *args: Any, **kwargs: Any) -> Any:
            return super().run(*args, **kwargs)

        def _step_stream(self, memory_step: Any) -> Any:
            yield from super()._step_stream(memory_step)

        def _finalize_step(self, memory_step: Any) -> Any:
            return super()._finalize_step(memory_step)

    return bench.run(bench.agent(Child))


@scenario
def own_loop(bench: Bench) -> Any:
    """Override how a step is taken, without a generator of smolagents': it is told afterwards."""

    class Own(CodeAgent):
        def _run_stream(self, task: str, max_steps: int, images: Any = None) -> Any:
            timing = smolagents.memory.Timing(start_time=1_790_000_000.0, end_time=1_790_000_001.5)
            step = smolagents.memory.ActionStep(step_number=1, timing=timing, observations="saw")
            call = smolagents.memory.ToolCall(name="click", arguments={"x": 1, "y": 2}, id="1")
            step.tool_calls, step.model_output, step.is_final_answer = [call], "想", True
            self._finalize_step(step)
            timing.end_time = 1_790_000_001.5
            yield smolagents.memory.FinalAnswerStep("好了")

        def _finalize_step(self, step: Any) -> None:
            self.step_callbacks.callback(step, agent=self)

    return bench.run(bench.agent(Own))


@scenario
def odd_steps(bench: Bench) -> Any:
    """Have steps of which nothing can be read."""

    def spoil(step: Any, agent: Any) -> None:
        step.observations_images = 1

    return bench.run(bench.agent(step_callbacks=[spoil]))


@scenario
def suppressed(bench: Bench) -> Any:
    """Run with instrumentation suppressed."""
    with suppress_instrumentation():
        return bench.run()


@scenario
def broken_tracer(bench: Bench) -> Any:
    """Run while no span can be made."""

    class Broken(TracerProvider):
        def get_tracer(self, *args: Any, **kwargs: Any) -> Any:
            return None

    instrumentor = SmolagentsInstrumentor()
    instrumentor.uninstrument()
    instrumentor.instrument(tracer_provider=Broken())
    try:
        return [bench.run(), [type(event).__name__ for event in bench.run(stream=True)][-1]]
    finally:
        instrumentor.uninstrument()
        instrumentor.instrument()


@scenario
def restored(bench: Bench) -> Any:
    """Compare what the instrumentor touches before and after, and run without it."""
    classes = (smolagents.MultiStepAgent, CodeAgent, ToolCallingAgent)

    def wrapped() -> list[str]:
        return sorted(
            f"{cls.__name__}.{name}"
            for cls in classes
            for name, value in vars(cls).items()
            if isinstance(value, FunctionWrapper)
        )

    during = wrapped()
    SmolagentsInstrumentor().uninstrument()
    after, answer = wrapped(), bench.run()
    SmolagentsInstrumentor().instrument()
    return {"during": during, "after": after, "answer": answer}


def main() -> None:
    """Run the scenarios that the command line names."""
    parser = argparse.ArgumentParser()
    parser.add_argument("out", type=Path)
    parser.add_argument("base_url")
    parser.add_argument("scenarios", nargs="+", choices=sorted(SCENARIOS))
    options = parser.parse_args()
    recorder = Recorder()
    provider = TracerProvider()
    provider.add_span_processor(recorder)
    trace.set_tracer_provider(provider)
    side_channel.subscribe(recorder)
    SmolagentsInstrumentor().instrument()
    results = {
        name: SCENARIOS[name](Bench(name, options.base_url, recorder)) for name in options.scenarios
    }
    found = {"results": results, "spans": recorder.spans, "events": recorder.events}
    options.out.write_text(json.dumps(found, default=repr), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
