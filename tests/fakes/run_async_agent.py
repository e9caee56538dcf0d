"""
Runs scenarios with the real asynchronous agents, instrumented, and writes down what came of it.

    run_async_agent.py OUT BASE_URL [--plain | --also MODULE:CLASS] SCENARIO ...

As in `run_agent.py`, a scenario's name is also the name of its model, the serial number of its
phone and the id of its task. The result of most is the list of events that their reader got.
"""

import argparse
import asyncio
import functools
import gc
import inspect
import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import aclosing
from importlib import import_module
from pathlib import Path
from typing import Any

from opentelemetry import trace
from opentelemetry.instrumentation.utils import suppress_instrumentation
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF
from run_agent import Recorder, instrument_also
from wrapt import FunctionWrapper

from otel_steps.emit import side_channel
from otel_steps.instrumentation.autoglm_gui import AutoGLMGUIInstrumentor
from otel_steps.instrumentation.phone_agent import PhoneAgentInstrumentor

SCENARIOS: dict[str, Callable[["Bench"], Awaitable[Any]]] = {}
TASK = "打开设置"
PRESS = {"_metadata": "do", "action": "Back"}


def scenario(function: Callable[["Bench"], Awaitable[Any]]) -> Callable[["Bench"], Awaitable[Any]]:
    """Make a scenario known under its name."""
    SCENARIOS[function.__name__] = function
    return function


class Bench:
    """What a scenario works with."""

    def __init__(self, name: str, base_url: str, recorder: Recorder) -> None:
        self.name = name
        self.base_url = base_url
        self.recorder = recorder

    def agent(
        self, name: str | None = None, *, kind: str = "glm", cls: Any = None, **settings: Any
    ) -> Any:
        """Return an agent; *settings* are those of its AgentConfig, or its callbacks."""
        from AutoGLM_GUI.config import AgentConfig, ModelConfig
        from AutoGLM_GUI.devices.adb_device import ADBDevice

        name = name or self.name
        callbacks = {
            key: settings.pop(key)
            for key in ("confirmation_callback", "takeover_callback")
            if key in settings
        }
        model = ModelConfig(
            base_url=settings.pop("base_url", self.base_url),
            model_name=name,
            api_key="key-0123456789",
        )
        config = AgentConfig(**{"verbose": False, **settings})
        agent = (cls or agent_class(kind))(model, config, ADBDevice(name), **callbacks)
        agent._task_id = name
        return agent

    async def read(self, agent: Any = None, task: str = TASK, **kwargs: Any) -> list[Any]:
        """Read all events of a task; the last is what it raised, if it raised."""
        events = []
        try:
            async for event in (agent or self.agent()).stream(task, **kwargs):
                events.append(brief(event))
        except BaseException as error:  # noqa: BLE001 - what it is, is the result
            events.append(["raised", type(error).__name__, str(error)])
        return events

    def tasks(self) -> list[Any]:
        """Return the task spans of this scenario that have ended."""
        return [
            span
            for span in self.recorder.spans
            if span["name"].startswith("invoke_agent")
            and span["attributes"]["otel_steps.task.id"] == self.name
        ]


KINDS = {
    "glm": "AsyncGLMAgent",
    "gemini": "AsyncGeminiAgent",
    "qwen": "AsyncQwenAgent",
    "mai": "AsyncMAIAgent",
    "midscene": "AsyncMidsceneAgent",
    "droidrun": "DroidRunAgent",
}


def agent_class(kind: str) -> Any:
    """Return the class of the agent that the package calls *kind*."""
    return getattr(import_module(f"AutoGLM_GUI.agents.{kind}.async_agent"), KINDS[kind])


def agent_classes(kind: str) -> Iterator[Any]:
    """Yield the same and its parents, or nothing where the version at hand has no such agent."""
    try:
        cls = agent_class(kind)
    except ModuleNotFoundError:
        return
    for each in cls.__mro__:
        # A Protocol is what agents look like, and no agent.
        is_agent = each.__module__.startswith("AutoGLM_GUI.agents")
        if is_agent and not vars(each).get("_is_protocol"):
            yield each


def brief(event: Any) -> list[Any]:
    """Return an event without what is long."""
    data = event["data"]
    names = ("step", "success", "finished", "message", "stop_reason")
    return [event["type"], {name: data[name] for name in names if name in data}]


async def plain(bench: Bench, **settings: Any) -> Any:
    """Run a task; all that matters is in the replies and the faults that the test has set."""
    return await bench.read(bench.agent(**settings))


for _name in (
    *(
        "completed",
        "server_error",
        "bad_key",
        "cut",
        "unparseable",
        "cut_at_limit",
        "empty",
        "unknown_action",
    ),
    *("app_not_found", "lost", "no_dumpsys", "offline", "offline_at_first"),
    *("action_kinds", "watchdog"),
):
    SCENARIOS[_name] = plain
for _name in (
    *("gemini_completed", "gemini_server_error", "gemini_no_action", "gemini_odd_action"),
    *("gemini_no_arguments", "qwen_completed", "qwen_no_action", "mai_completed"),
    *("mai_server_error", "mai_no_action", "midscene_completed", "droidrun_missing"),
):
    SCENARIOS[_name] = functools.partial(plain, kind=_name.partition("_")[0])


@scenario
async def ran(bench: Bench) -> Any:
    """Use the interface that only returns the result."""
    return await bench.agent().run(TASK)


@scenario
async def max_steps(bench: Bench) -> Any:
    """Run into the limit of steps."""
    return await bench.read(bench.agent(max_steps=2))


@scenario
async def refused(bench: Bench) -> Any:
    """Refuse a sensitive action."""
    return await bench.read(bench.agent(confirmation_callback=lambda message: False))


@scenario
async def confirmed(bench: Bench) -> Any:
    """Allow a sensitive action."""
    return await bench.read(bench.agent(confirmation_callback=lambda message: True))


@scenario
async def takeover(bench: Bench) -> Any:
    """Let a person take over and then the agent go on."""
    agent = bench.agent(
        takeover_callback=lambda message: None, confirmation_callback=lambda message: True
    )
    first = await bench.read(agent)
    ended = len(bench.tasks())
    return [first, ended, await bench.read(agent, TASK, continue_with="我登录了")]


@scenario
async def takeover_given_up(bench: Bench) -> Any:
    """Let a person take over for good: by reset, by a new task, by the end of the agent, by us."""
    agent = bench.agent(takeover_callback=lambda message: None)
    await bench.read(agent, "by reset")
    agent.reset()
    await bench.read(agent, "by a new task")
    await bench.read(agent, "by the end of the agent")
    del agent
    ended = await forgotten(bench, 3)
    agent = bench.agent(takeover_callback=lambda message: None)
    await bench.read(agent, "by uninstrument")
    AutoGLMGUIInstrumentor().uninstrument()
    AutoGLMGUIInstrumentor().instrument()
    return [ended, len(bench.tasks())]


@scenario
async def continued_unknown(bench: Bench) -> Any:
    """Go on with a task whose beginning was not recorded."""
    return await bench.read(bench.agent(), TASK, continue_with="我登录了")


@scenario
async def task_cancelled(bench: Bench) -> Any:
    """Cancel the asyncio task while the model speaks."""
    agent = bench.agent()
    events: list[Any] = []

    async def read() -> None:
        async for event in agent.stream(TASK):
            events.append(event["type"])
            if event["type"] == "thinking" and agent.step_count == 2:
                asyncio.get_running_loop().call_soon(reader.cancel)

    reader = asyncio.create_task(read())
    (outcome,) = await asyncio.gather(reader, return_exceptions=True)
    return [sorted(set(events)), type(outcome).__name__]


@scenario
async def cancelled_in_model(bench: Bench) -> Any:
    """Tell the agent to stop while the model speaks."""
    return await _cancel_on(bench, "thinking")


@scenario
async def cancelled_between_steps(bench: Bench) -> Any:
    """Tell the agent to stop between two steps, which it then calls "Max steps reached"."""
    return await _cancel_on(bench, "step")


async def _cancel_on(bench: Bench, kind: str) -> Any:
    agent, events = bench.agent(), []
    try:
        async for event in agent.stream(TASK):
            events.append(event["type"])
            if event["type"] == kind:
                await agent.cancel()
    except asyncio.CancelledError:
        events.append("CancelledError")
    return events


@scenario
async def closed(bench: Bench) -> Any:
    """Stop reading in the middle of a step, and close the generator."""
    return await _close_after(bench, lambda event: event["type"] == "thinking")


@scenario
async def closed_between_steps(bench: Bench) -> Any:
    """Stop reading after a step."""
    return await _close_after(bench, lambda event: event["type"] == "step")


@scenario
async def closed_before_done(bench: Bench) -> Any:
    """Stop reading after the last step, before the agent says that it is done."""
    return await _close_after(bench, lambda event: event["data"].get("finished"))


async def _close_after(bench: Bench, is_enough: Callable[[Any], bool]) -> int:
    async with aclosing(bench.agent().stream(TASK)) as events:
        async for event in events:
            if is_enough(event):
                break
    return len(bench.tasks())


@scenario
async def dropped(bench: Bench) -> Any:
    """Stop reading and leave the rest to the collector of garbage."""
    async for event in bench.agent().stream(TASK):
        if event["type"] == "thinking":
            break
    return await forgotten(bench, 1)


async def forgotten(bench: Bench, count: int) -> bool:
    """Collect garbage until so many tasks have ended; the loop has to close generators, too."""
    for _ in range(500):
        if len(bench.tasks()) == count:
            return True
        gc.collect()
        await asyncio.sleep(0.01)
    return False


@scenario
async def abandoned(bench: Bench) -> Any:
    """Stop reading, keep what was read from, and give the agent another task."""
    agent = bench.agent()
    async with aclosing(agent.stream("given up")) as events:
        async for event in events:
            if event["type"] == "thinking":
                break
        return await bench.read(agent)


@scenario
async def never_read(bench: Bench) -> Any:
    """Ask for the events and read none."""
    bench.agent().stream(TASK)
    return len(bench.tasks())


@scenario
async def concurrent(bench: Bench) -> Any:
    """Run three agents at once in one loop."""
    names = [f"concurrent-{number}" for number in range(3)]
    return await asyncio.gather(*(bench.read(bench.agent(name)) for name in names))


@scenario
async def from_changing_tasks(bench: Bench) -> Any:
    """Read each event from an asyncio task of its own, which the package's own tracing forbids."""

    class Bare(agent_class("glm")):  # type: ignore[misc] # known when it runs
        async def stream(self, task: str, **kwargs: Any) -> Any:
            async for event in self._execute_step():
                yield event
            yield {"type": "done", "data": {"success": True, "message": "好"}}

        async def _execute_step(self) -> Any:
            shot = await settled(self.device.get_screenshot())
            yield {"type": "thinking", "data": {"chunk": "想"}}
            await settled(self.action_handler.execute(PRESS, shot.width, shot.height))
            yield {"type": "step", "data": {"action": PRESS, "success": True, "finished": True}}

    events, found = bench.agent(cls=Bare).stream(TASK), []
    while (event := await asyncio.create_task(anext_or_none(events))) is not None:
        found.append(brief(event))
    return found


async def settled(value: Any) -> Any:
    """Return *value*, awaited where the version at hand has asynchronous devices."""
    return await value if inspect.isawaitable(value) else value


async def anext_or_none(events: AsyncIterator[Any]) -> Any:
    """Return the next event, None at the end."""
    return await anext(events, None)


@scenario
async def context(bench: Bench) -> Any:
    """Look at what is current for the reader of the events, who has a span of his own."""
    with trace.get_tracer("reader").start_as_current_span("reader") as own:
        seen = [trace.get_current_span() is own async for _ in bench.agent().stream(TASK)]
    return [all(seen), own.get_span_context().span_id]


@scenario
async def suppressed(bench: Bench) -> Any:
    """Run with instrumentation suppressed."""
    with suppress_instrumentation():
        return await bench.read()


@scenario
async def restored(bench: Bench) -> Any:
    """Compare what an instrumentor may touch before and after, and run without one."""
    classes = [each for kind in KINDS for each in agent_classes(kind)]

    def patched() -> dict[str, Any]:
        names = ("__init__", "stream", "reset")
        return {
            f"{cls.__name__}.{name}": vars(cls)[name]
            for cls in classes
            for name in names
            if name in vars(cls)
        }

    def wrapped() -> list[str]:
        found = patched().items()
        return sorted(name for name, value in found if isinstance(value, FunctionWrapper))

    AutoGLMGUIInstrumentor().uninstrument()
    before, left = patched(), wrapped()
    AutoGLMGUIInstrumentor().instrument()
    AutoGLMGUIInstrumentor().instrument()
    during = wrapped()
    AutoGLMGUIInstrumentor().uninstrument()
    AutoGLMGUIInstrumentor().uninstrument()
    changed = [name for name, value in patched().items() if value is not before[name]]
    events = await bench.read()
    AutoGLMGUIInstrumentor().instrument()
    return {
        "names": sorted(before),
        "during": during,
        "left": left,
        "changed": changed,
        "last": events[-1],
    }


@scenario
async def untouched(bench: Bench) -> Any:
    """Look at an agent's attributes after a recorded task."""
    agent = bench.agent()
    owners = (agent, agent.device, agent.action_handler, agent.parser)
    before = [sorted(vars(owner)) for owner in owners]
    await bench.read(agent)
    return before == [sorted(vars(owner)) for owner in owners]


@scenario
async def uninstrumented_meanwhile(bench: Bench) -> Any:
    """Take the instrumentor away in the middle of a task."""
    async for event in bench.agent().stream(TASK):
        if event["type"] == "step" and AutoGLMGUIInstrumentor().is_instrumented_by_opentelemetry:
            AutoGLMGUIInstrumentor().uninstrument()
    AutoGLMGUIInstrumentor().instrument()


@scenario
async def subclass(bench: Bench) -> Any:
    """Override the stream and call the parent's."""

    class Child(agent_class("glm")):  # type: ignore[misc] # known when it runs
        async def stream(self, task: str, **kwargs: Any) -> Any:
            async for event in super().stream(task, **kwargs):
                yield dict(event)

    return await bench.read(bench.agent(cls=Child))


@scenario
async def own_events(bench: Bench) -> Any:
    """Run an agent that tells of its steps in events and shows nothing else of them."""
    base = agent_class("glm")

    class Foreign(base):  # type: ignore[misc,valid-type] # known when it runs
        async def stream(self, task: str, **kwargs: Any) -> Any:
            shot = await settled(self.device.get_screenshot())
            action = {"_metadata": "own", "action": "Press"}
            for success in (True, False):
                data = {"action": action, "success": success, "thinking": "想", "message": "嗯"}
                yield {"type": "step", "data": {**data, "screenshot": shot.base64_data}}
            yield {"type": "done", "data": {"success": True, "message": "好"}}

    return await bench.read(bench.agent(cls=Foreign))


@scenario
async def no_end(bench: Bench) -> Any:
    """Run an agent that ends without a word."""

    class Silent(agent_class("glm")):  # type: ignore[misc] # known when it runs
        async def stream(self, task: str, **kwargs: Any) -> Any:
            yield {"type": "thinking", "data": {"chunk": "想"}}

    return await bench.read(bench.agent(cls=Silent))


@scenario
async def raises(bench: Bench) -> Any:
    """Run an agent that raises in a step, after the reply."""

    class Raising(agent_class("glm")):  # type: ignore[misc] # known when it runs
        async def stream(self, task: str, **kwargs: Any) -> Any:
            async for event in self._execute_step():
                yield event

        async def _execute_step(self) -> Any:
            async for piece in self._stream_openai([{"role": "user", "content": "?"}]):
                yield {"type": "thinking", "data": {"chunk": piece["content"]}}
            raise RuntimeError("key-0123456789 was not taken")

    return await bench.read(bench.agent(cls=Raising))


@scenario
async def odd_events(bench: Bench) -> Any:
    """Run an agent whose events have no shape that anybody knows."""

    class Odd(agent_class("glm")):  # type: ignore[misc] # known when it runs
        async def stream(self, task: str, **kwargs: Any) -> Any:
            yield {"type": "step", "data": "?"}
            yield "?"

    return [event async for event in bench.agent(cls=Odd).stream(TASK)]


@scenario
async def no_stream(bench: Bench) -> Any:
    """Run an agent whose stream is no generator."""

    class Listed:
        def __aiter__(self) -> "Listed":
            return self

        async def __anext__(self) -> Any:
            raise StopAsyncIteration

    class Plain(agent_class("glm")):  # type: ignore[misc] # known when it runs
        def stream(self, task: str, **kwargs: Any) -> Any:
            return Listed()

    return await bench.read(bench.agent(cls=Plain))


@scenario
async def traced(bench: Bench) -> Any:
    """Run as the web interface does: within a trace of its own."""
    from AutoGLM_GUI import trace as autoglm_trace

    with autoglm_trace.trace_context("0123456789abcdef0123456789abcdef"):
        return await bench.read()


@scenario
async def not_sampled(bench: Bench) -> Any:
    """Run with a provider that samples nothing."""
    instrumentor = AutoGLMGUIInstrumentor()
    instrumentor.uninstrument()
    instrumentor.instrument(tracer_provider=TracerProvider(sampler=ALWAYS_OFF))
    try:
        return await bench.read()
    finally:
        instrumentor.uninstrument()
        instrumentor.instrument()


@scenario
async def broken_tracer(bench: Bench) -> Any:
    """Run while no span can be made."""

    class Broken(TracerProvider):
        def get_tracer(self, *args: Any, **kwargs: Any) -> Any:
            return None

    instrumentor = AutoGLMGUIInstrumentor()
    instrumentor.uninstrument()
    instrumentor.instrument(tracer_provider=Broken())
    try:
        return await bench.read()
    finally:
        instrumentor.uninstrument()
        instrumentor.instrument()


async def run(names: list[str], base_url: str, recorder: Recorder) -> dict[str, Any]:
    """Run scenarios one after the other in one loop."""
    return {name: await SCENARIOS[name](Bench(name, base_url, recorder)) for name in names}


def main() -> None:
    """Run the scenarios that the command line names."""
    parser = argparse.ArgumentParser()
    parser.add_argument("out", type=Path)
    parser.add_argument("base_url")
    parser.add_argument("--plain", action="store_true", help="do not instrument")
    parser.add_argument("--also", help="another instrumentor: module:class")
    parser.add_argument("scenarios", nargs="+", choices=sorted(SCENARIOS))
    options = parser.parse_args()
    recorder = Recorder()
    if not options.plain:
        provider = TracerProvider()
        provider.add_span_processor(recorder)
        trace.set_tracer_provider(provider)
        side_channel.subscribe(recorder)
        # Both, as `configure()` has it: nothing may be recorded twice.
        PhoneAgentInstrumentor().instrument()
        AutoGLMGUIInstrumentor().instrument()
    if options.also:
        instrument_also(options.also)
    results = asyncio.run(run(options.scenarios, options.base_url, recorder))
    found = {"results": results, "spans": recorder.spans, "events": recorder.events}
    options.out.write_text(json.dumps(found, default=repr), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
