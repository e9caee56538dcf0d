"""
Runs scenarios with the real synchronous agents of AutoGLM-GUI, and writes down what came of it.

    run_sync_agent.py OUT BASE_URL SCENARIO ...

As in `run_agent.py`, a scenario's name is also the name of its model, the serial number of its
phone and the id of its task. What it begins with is the kind of the agent.
"""

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from run_agent import Recorder

from otel_steps.emit import side_channel
from otel_steps.instrumentation.autoglm_gui import AutoGLMGUIInstrumentor
from otel_steps.instrumentation.autoglm_gui_sync import AutoGLMGUISyncInstrumentor
from otel_steps.instrumentation.phone_agent import PhoneAgentInstrumentor

SCENARIOS: dict[str, Callable[[str, str], Any]] = {}
TASK = "打开设置"
INSTRUMENTORS = (PhoneAgentInstrumentor, AutoGLMGUIInstrumentor, AutoGLMGUISyncInstrumentor)


def scenario(function: Callable[[str, str], Any]) -> Callable[[str, str], Any]:
    """Make a scenario known under its name."""
    SCENARIOS[function.__name__] = function
    return function


def make(name: str, base_url: str, **settings: Any) -> Any:
    """Return an agent; *settings* are those of its AgentConfig, or its callbacks."""
    callbacks = {
        key: settings.pop(key)
        for key in ("confirmation_callback", "thinking_callback")
        if key in settings
    }
    model = {"base_url": base_url, "model_name": name, "api_key": "key-0123456789"}
    settings = {"device_id": name, "verbose": False, **settings}
    agent = _made(name.partition("_")[0], model, settings, callbacks)
    agent._task_id = name
    return agent


def _made(
    kind: str, model: dict[str, Any], settings: dict[str, Any], callbacks: dict[str, Any]
) -> Any:
    if kind == "adapter":
        from AutoGLM_GUI.agents.mai_adapter import MAIAgentAdapter, MAIAgentConfig
        from phone_agent.agent import AgentConfig
        from phone_agent.model import ModelConfig

        made = ModelConfig(**model), AgentConfig(**settings)
        return MAIAgentAdapter(*made, MAIAgentConfig(), **callbacks)
    from AutoGLM_GUI.config import AgentConfig, ModelConfig
    from AutoGLM_GUI.devices.adb_device import ADBDevice

    if kind == "glm":
        from AutoGLM_GUI.agents.glm.agent import GLMAgent as Agent
    else:
        from AutoGLM_GUI.agents.mai.agent import InternalMAIAgent as Agent
    device = ADBDevice(settings["device_id"])
    return Agent(ModelConfig(**model), AgentConfig(**settings), device, **callbacks)


def run(agent: Any) -> Any:
    """Run a task; return what it returned or raised."""
    try:
        return agent.run(TASK)
    except Exception as error:  # noqa: BLE001 - what it is, is the result
        return [type(error).__name__, str(error)]


def plain(name: str, base_url: str) -> Any:
    """Run a task; all that matters is in the replies and the faults that the test has set."""
    return run(make(name, base_url))


for _name in (*("completed", "server_error", "unparseable", "app_not_found", "no_dumpsys"),):
    SCENARIOS[f"glm_{_name}"] = plain
for _name in ("completed", "server_error", "no_action", "mended"):
    SCENARIOS[f"mai_{_name}"] = SCENARIOS[f"adapter_{_name}"] = plain


@scenario
def glm_refused(name: str, base_url: str) -> Any:
    """Refuse a sensitive action."""
    return run(make(name, base_url, confirmation_callback=lambda message: False))


@scenario
def glm_max_steps(name: str, base_url: str) -> Any:
    """Run into the limit of steps."""
    return run(make(name, base_url, max_steps=2))


@scenario
def glm_aborted(name: str, base_url: str) -> Any:
    """Stop the agent while it thinks, and hear what it thinks."""
    heard: list[str] = []

    def stop(piece: str) -> None:
        heard.append(piece)
        agent.abort()

    agent = make(name, base_url, thinking_callback=stop)
    return [run(agent), "".join(heard)]


@scenario
def glm_streamed(name: str, base_url: str) -> Any:
    """Run the steps one by one in a thread, as AutoGLM-GUI itself does."""
    from AutoGLM_GUI.agents.stream_runner import AgentStepStreamer

    agent = make(name, base_url)
    before = sorted(vars(agent)), sorted(vars(agent.device)), sorted(vars(agent.parser))
    kinds = [event["type"] for event in AgentStepStreamer(agent, TASK)]
    after = sorted(vars(agent)), sorted(vars(agent.device)), sorted(vars(agent.parser))
    return [kinds[-1], before == after]


@scenario
def mai_stepped(name: str, base_url: str) -> Any:
    """Take the steps one by one."""
    agent = make(name, base_url)
    return [agent.step(TASK).finished, agent.step().finished]


@scenario
def glm_restored(name: str, base_url: str) -> Any:
    """Run without the instrumentor."""
    AutoGLMGUISyncInstrumentor().uninstrument()
    answer = plain(name, base_url)
    AutoGLMGUISyncInstrumentor().instrument()
    return answer


SCENARIOS["adapter_stepped"] = mai_stepped


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
    # All, as `configure()` has it: nothing may be recorded twice.
    for instrumentor in INSTRUMENTORS:
        instrumentor().instrument()
    results = {name: SCENARIOS[name](name, options.base_url) for name in options.scenarios}
    found = {"results": results, "spans": recorder.spans, "events": recorder.events}
    options.out.write_text(json.dumps(found, default=repr), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
