"""
Runs scenarios with the real agent, instrumented, in this process, and writes down what came of it.

    run_agent.py OUT BASE_URL [--wda URL] [--plain | --also MODULE:CLASS] SCENARIO ...

OUT is a JSON file: `results` (what each scenario returned), `spans` (as they ended) and `events`
(what a recorder heard of open spans). A scenario's name is also the name of its model, the serial
number of its phone and the id of its task, so that one process can go through many of them.
"""

import argparse
import functools
import gc
import importlib
import json
import os
import sys
import threading
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import wrapt
from opentelemetry import trace
from opentelemetry.instrumentation.utils import suppress_instrumentation
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF
from opentelemetry.trace import Span

from otel_steps.emit import side_channel
from otel_steps.instrumentation.phone_agent import PhoneAgentInstrumentor

SCENARIOS: dict[str, Callable[["Bench"], Any]] = {}


def scenario(function: Callable[["Bench"], Any]) -> Callable[["Bench"], Any]:
    """Make a scenario known under its name."""
    SCENARIOS[function.__name__] = function
    return function


class Recorder(SpanProcessor):
    """Stands for a backend and for the recorder: keeps what it is told."""

    def __init__(self) -> None:
        self.spans: list[dict[str, Any]] = []
        self.events: list[dict[str, Any]] = []
        self.ended = threading.Condition()

    def on_end(self, span: ReadableSpan) -> None:
        with self.ended:
            self.spans.append(
                {
                    "name": span.name,
                    "scope": span.instrumentation_scope.name,
                    "kind": span.kind.name,
                    "trace_id": span.context.trace_id,
                    "span_id": span.context.span_id,
                    "start": span.start_time,
                    "end": span.end_time,
                    "parent": span.parent.span_id if span.parent else None,
                    "status": span.status.status_code.name,
                    "status_message": span.status.description,
                    "attributes": dict(span.attributes or {}),
                }
            )
            self.ended.notify_all()

    def on_picture(self, span: Span, sha256: str, picture: bytes, place: int) -> None:
        self._heard(span, picture=sha256, size=len(picture))

    def on_change(self, span: Span) -> None:
        self._heard(span, attributes=dict(span.attributes))

    def on_problem(self, kind: str, message: str) -> None:
        self.events.append({"span_id": None, "problem": kind, "message": message})

    def _heard(self, span: Span, **facts: Any) -> None:
        self.events.append({"span_id": span.get_span_context().span_id, **facts})

    def wait_for(self, condition: Callable[[], bool]) -> bool:
        """Wait until *condition* holds; it is looked at whenever a span has ended."""
        with self.ended:
            return self.ended.wait_for(condition, timeout=600)


class Bench:
    """What a scenario works with."""

    def __init__(self, name: str, base_url: str, wda_url: str | None, recorder: Recorder) -> None:
        self.name = name
        self.wda_url = wda_url
        self.recorder = recorder
        self.base_url = base_url

    def model(self, name: str | None = None, **settings: Any) -> Any:
        """Return the configuration of the model."""
        from phone_agent.model import ModelConfig

        settings = {"api_key": "key-0123456789", "base_url": self.base_url} | settings
        return ModelConfig(model_name=name or self.name, **settings)

    def agent(self, name: str | None = None, *, cls: Any = None, **settings: Any) -> Any:
        """Return an Android agent; *settings* are those of its AgentConfig, or its callbacks."""
        from phone_agent.agent import AgentConfig, PhoneAgent

        callbacks = {
            key: settings.pop(key)
            for key in ("confirmation_callback", "takeover_callback")
            if key in settings
        }
        config = AgentConfig(**{"device_id": name or self.name, "verbose": False, **settings})
        agent = (cls or PhoneAgent)(self.model(name), config, **callbacks)
        agent._task_id = name or self.name
        return agent

    def run(self, agent: Any = None, **settings: Any) -> dict[str, Any]:
        """Run a task; return what it returned or raised."""
        agent = agent or self.agent(**settings)
        try:
            return {"returned": agent.run("打开设置")}
        except BaseException as error:  # noqa: BLE001 - what it is, is the result
            frames = traceback.extract_tb(error.__traceback__)
            return {
                "raised": type(error).__name__,
                "message": str(error),
                "frames": [frame.name for frame in frames],
                "context": repr(error.__context__),
            }

    def tasks(self) -> list[dict[str, Any]]:
        """Return the task spans of this scenario that have ended."""
        return [
            span
            for span in self.recorder.spans
            if span["name"].startswith("invoke_agent")
            and str(span["attributes"]["otel_steps.task.id"]).startswith(self.name)
        ]


def plain(bench: Bench) -> Any:
    """Run a task; all that matters is in the replies and the faults that the test has set."""
    return bench.run()


for _name in (
    *("completed", "server_error", "server_error_once", "bad_key", "cut", "unparseable"),
    *(
        "broken_call",
        "answer_tag",
        "cut_at_limit",
        "told_in_full",
        "empty",
        "unknown_action",
        "app_not_found",
        "handler_error",
    ),
    *("execute_raises", "secure", "lost", "no_dumpsys", "offline", "action_kinds"),
    *("pull_hangs", "pull_warns", "pull_cut"),
):
    SCENARIOS[_name] = plain


@scenario
def max_steps(bench: Bench) -> Any:
    """Run into the limit of steps."""
    return bench.run(max_steps=2)


@scenario
def refused(bench: Bench) -> Any:
    """Refuse a sensitive action."""
    return bench.run(confirmation_callback=lambda message: False)


@scenario
def confirmed(bench: Bench) -> Any:
    """Allow a sensitive action."""
    return bench.run(confirmation_callback=lambda message: True)


@scenario
def takeover(bench: Bench) -> Any:
    """Let a person take over."""
    return bench.run(takeover_callback=lambda message: None)


@scenario
def no_adb(bench: Bench) -> Any:
    """Run without adb on PATH."""
    path = os.environ["PATH"]
    os.environ["PATH"] = "/nowhere"
    try:
        return bench.run()
    finally:
        os.environ["PATH"] = path


@scenario
def verbose(bench: Bench) -> Any:
    """Run as a user does, printing everything."""
    return bench.run(verbose=True)


@scenario
def ctrl_c_in_model(bench: Bench) -> Any:
    """Stop the agent while the model thinks."""

    class Stopped:
        @property
        def chat(self) -> Any:
            raise KeyboardInterrupt

    agent = bench.agent()
    agent.model_client.client = Stopped()
    return bench.run(agent)


@scenario
def ctrl_c_in_action(bench: Bench) -> Any:
    """Stop the agent while a person has the phone."""

    def stop(message: str) -> None:
        raise KeyboardInterrupt

    return bench.run(takeover_callback=stop)


@scenario
def stopped_fork(bench: Bench) -> Any:
    """Stop an agent the way forks do it: by an exception that `run` turns into its result."""
    from phone_agent.agent import PhoneAgent

    class StopException(Exception):
        """What forks raise."""

    class Stoppable(PhoneAgent):
        def run(self, task: str, step_callback: Any = None) -> str:
            try:
                return super().run(task)
            except StopException as error:
                return str(error)

        def _execute_step(self, user_prompt: Any = None, is_first: bool = False) -> Any:
            if not is_first:
                raise StopException("stopped by the user")
            return super()._execute_step(user_prompt, is_first)

    agent = bench.agent(cls=Stoppable)
    return {"returned": agent.run("打开设置", step_callback=print)}


@scenario
def stopped_between_steps(bench: Bench) -> Any:
    """Stop an agent between two steps, so that `run` just returns early."""
    from phone_agent.agent import PhoneAgent

    class Stoppable(PhoneAgent):
        def run(self, task: str) -> str:
            self._execute_step(task, is_first=True)
            return "stopped"

    return bench.run(bench.agent(cls=Stoppable))


@scenario
def subclass(bench: Bench) -> Any:
    """Override everything and call the parent, once and twice removed."""
    from phone_agent.agent import PhoneAgent

    class Child(PhoneAgent):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self.seen: list[str] = []

        def run(self, task: str) -> str:
            self.seen.append("run")
            return super().run(task)

        def _execute_step(self, user_prompt: Any = None, is_first: bool = False) -> Any:
            self.seen.append("step")
            return super()._execute_step(user_prompt, is_first)

    class Grandchild(Child):
        def run(self, task: str) -> str:
            return super().run(task)

    agent = bench.agent(cls=Grandchild)
    return {**bench.run(agent), "seen": agent.seen}


@scenario
def reused(bench: Bench) -> Any:
    """Give one agent two tasks, one after the other."""
    agent = bench.agent()
    first = bench.run(agent)
    agent.reset()
    agent._task_id = "reused-2"
    return [first, bench.run(agent)]


@scenario
def step_loop(bench: Bench) -> Any:
    """Drive the agent step by step until it is done."""
    agent = bench.agent()
    result = agent.step("打开设置")
    while not result.finished:
        result = agent.step()
    return result.message


@scenario
def step_loop_given_up(bench: Bench) -> Any:
    """Give up loops of steps: by reset, by a new first step, by run, by an exception, by nobody."""
    agent = bench.agent()
    agent.step("by reset")
    agent.reset()
    agent.step("by a first step")
    agent._context = []
    agent.step("by run")
    agent.run("run")
    agent.reset()
    del agent
    agent = bench.agent()
    agent.step("by the end of the agent")
    del agent
    gc.collect()
    return bench.recorder.wait_for(lambda: len(bench.tasks()) == 5)


@scenario
def step_loop_raises(bench: Bench) -> Any:
    """Have a loop of steps end by an exception."""
    agent = bench.agent()
    agent.step("打开设置")
    try:
        agent.step()
    except ValueError as error:
        return str(error)
    return None


@scenario
def two_threads(bench: Bench) -> Any:
    """Run two agents at once that share their model client."""
    agents = [bench.agent(f"two_threads-{number}") for number in range(2)]
    agents[1].model_client.client = agents[0].model_client.client
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(bench.run, agents))


@scenario
def shared_client(bench: Bench) -> Any:
    """Run two agents at once on one ModelClient object."""
    agents = [bench.agent(f"shared_client-{number}") for number in range(2)]
    agents[1].model_client = agents[0].model_client
    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(bench.run, agents))
    return {"results": results, "left": sorted(vars(agents[0].model_client))}


@scenario
def nested(bench: Bench) -> Any:
    """Let an agent run another one inside one of its steps."""
    inner: list[Any] = []

    def ask(message: str) -> None:
        inner.append(bench.run(bench.agent("nested-inner")))

    return [bench.run(takeover_callback=ask), *inner]


@scenario
def watched_openai(bench: Bench) -> Any:
    """Run while another instrumentation makes the span of the model call."""
    from openai.resources.chat.completions import Completions

    tracer = trace.get_tracer("somebody else")

    def create(wrapped: Any, instance: Any, args: Any, kwargs: Any) -> Any:
        with tracer.start_as_current_span("chat by somebody else"):
            return wrapped(*args, **kwargs)

    original = vars(Completions)["create"]
    wrapt.wrap_function_wrapper(Completions, "create", create)
    try:
        return bench.run()
    finally:
        Completions.create = original


@scenario
def late_patch(bench: Bench) -> Any:
    """Replace ModelClient.request on the class, as tools around the agent do."""
    from phone_agent.model.client import ModelClient

    original = vars(ModelClient)["request"]

    def request(self: Any, messages: Any) -> Any:
        return original(self, messages)

    ModelClient.request = request
    try:
        return bench.run()
    finally:
        ModelClient.request = original


@scenario
def own_attributes(bench: Bench) -> Any:
    """Run an agent whose objects have attributes of their own in place of methods."""
    agent = bench.agent()
    owners = ((agent.model_client, "request"), (agent.action_handler, "execute"))
    own = [functools.partial(getattr(owner, name)) for owner, name in owners]
    for (owner, name), function in zip(owners, own, strict=True):
        setattr(owner, name, function)
    result = bench.run(agent)
    return {**result, "is_restored": own == [vars(owner)[name] for owner, name in owners]}


@scenario
def slots(bench: Bench) -> Any:
    """Run an agent whose objects refuse new attributes."""

    class Closed:
        __slots__ = ("inner",)

        def __init__(self, inner: Any) -> None:
            self.inner = inner

        def request(self, messages: Any) -> Any:
            return self.inner.request(messages)

        def execute(self, *args: Any) -> Any:
            return self.inner.execute(*args)

    agent = bench.agent()
    agent.model_client = Closed(agent.model_client)
    agent.action_handler = Closed(agent.action_handler)
    return bench.run(agent)


@scenario
def many_calls(bench: Bench) -> Any:
    """Take several screenshots, act and ask several times in a step, as forks do; count tokens."""
    from phone_agent.actions.handler import ActionHandler

    agent = bench.agent()
    execute = agent.action_handler.execute
    request = agent.model_client.request

    def twice(action: Any, width: int, height: int) -> Any:
        ActionHandler.execute(agent.action_handler, action, width, height)
        screenshot(agent)
        agent.model_client.request([{"role": "user", "content": "What have you done?"}])
        result = execute(action, width, height)
        result.requires_confirmation = True
        return result

    def counted(messages: Any, on_token: Any = None) -> Any:
        if messages[-1]["content"] == "What have you done?":
            return SimpleNamespace(prompt_tokens=8, completion_tokens=6)
        response = request(messages)
        response.prompt_tokens, response.completion_tokens = 1312, 74
        response.cached_tokens = 1024
        return response

    agent.action_handler.execute = twice
    agent.model_client.request = counted
    return bench.run(agent)


def screenshot(agent: Any) -> Any:
    """Take a screenshot the way the version at hand does."""
    import phone_agent.agent as module

    take = getattr(module, "get_screenshot", None) or module.get_device_factory().get_screenshot
    return take(agent.agent_config.device_id)


@scenario
def own_device(bench: Bench) -> Any:
    """Replace the device behind the agent's back: the picture is then in the request only."""
    import phone_agent.agent as module

    if hasattr(module, "get_screenshot"):
        kept = module.get_screenshot, module.get_current_app
        module.get_screenshot, module.get_current_app = (each.__wrapped__ for each in kept)
        try:
            return bench.run()
        finally:
            module.get_screenshot, module.get_current_app = kept
    from phone_agent import adb

    kept_factory = module.get_device_factory
    module.get_device_factory = lambda: adb
    try:
        return bench.run()
    finally:
        module.get_device_factory = kept_factory


@scenario
def suppressed(bench: Bench) -> Any:
    """Run with instrumentation suppressed."""
    with suppress_instrumentation():
        return bench.run()


@scenario
def not_sampled(bench: Bench) -> Any:
    """Run with a provider that samples nothing."""
    instrumentor = PhoneAgentInstrumentor()
    instrumentor.uninstrument()
    instrumentor.instrument(tracer_provider=TracerProvider(sampler=ALWAYS_OFF))
    try:
        return bench.run()
    finally:
        instrumentor.uninstrument()
        instrumentor.instrument()


@scenario
def broken_recorder(bench: Bench) -> Any:
    """Run while everything that hears of open spans fails."""

    class Broken:
        def on_picture(self, span: Span, sha256: str, picture: bytes, place: int) -> None:
            raise OSError("disk full")

        def on_change(self, span: Span) -> None:
            raise OSError("disk full")

        def on_problem(self, kind: str, message: str) -> None:
            raise OSError("disk full")

    broken = Broken()
    side_channel.subscribe(broken)
    try:
        return bench.run()
    finally:
        side_channel.unsubscribe(broken)


@scenario
def ios(bench: Bench) -> Any:
    """Run the iOS agent."""
    from phone_agent.agent_ios import IOSAgentConfig, IOSPhoneAgent

    config = IOSAgentConfig(wda_url=bench.wda_url, device_id="00008030", verbose=False)
    agent = IOSPhoneAgent(bench.model(), config)
    agent._task_id = bench.name
    return bench.run(agent)


SCENARIOS["ios_lost"] = ios


@scenario
def secret_url(bench: Bench) -> Any:
    """Run with a password and a token in the address of the model."""
    agent = bench.agent()
    agent.model_config.base_url = "https://user:secret-word@example.org:8443/v1?token=secret-word"
    return bench.run(agent)


@scenario
def harmony(bench: Bench) -> Any:
    """Begin a task of a HarmonyOS phone, without the program that would reach it."""
    from phone_agent.device_factory import DeviceType, set_device_type

    set_device_type(DeviceType.HDC)
    try:
        return bench.run()
    finally:
        set_device_type(DeviceType.ADB)


def without_delays(module: Any) -> None:
    """Take the fixed delays from an early agent, which knows no setting for them."""
    if "phone_agent.config.timing" not in sys.modules:
        module.time = SimpleNamespace(sleep=lambda seconds: None)


def instrument_also(name: str) -> None:
    """Switch on the instrumentor of somebody else, given as `module:class`."""
    module, _, cls = name.partition(":")
    getattr(importlib.import_module(module), cls)().instrument()


def main() -> None:
    """Run the scenarios that the command line names."""
    parser = argparse.ArgumentParser()
    parser.add_argument("out", type=Path)
    parser.add_argument("base_url")
    parser.add_argument("--wda")
    parser.add_argument("--plain", action="store_true", help="do not instrument")
    parser.add_argument("--also", help="another instrumentor: module:class")
    parser.add_argument("scenarios", nargs="+", choices=sorted(SCENARIOS))
    options = parser.parse_args()
    for name in ("phone_agent.actions.handler", "phone_agent.adb.device"):
        wrapt.register_post_import_hook(without_delays, name)
    recorder = Recorder()
    if not options.plain:
        provider = TracerProvider()
        provider.add_span_processor(recorder)
        trace.set_tracer_provider(provider)
        side_channel.subscribe(recorder)
        PhoneAgentInstrumentor().instrument()
    if options.also:
        instrument_also(options.also)
    results = {
        name: SCENARIOS[name](Bench(name, options.base_url, options.wda, recorder))
        for name in options.scenarios
    }
    found = {"results": results, "spans": recorder.spans, "events": recorder.events}
    options.out.write_text(json.dumps(found, default=repr), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
