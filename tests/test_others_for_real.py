"""Real agents under real instrumentations that know nothing of us, by both doors."""

import json
import os
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from otel_steps.config import resolve
from tests.agents import SMOLAGENTS, smolagents_path
from tests.collecting import Command, eventually, rows
from tests.fakes.model_server import ModelServer, Reply
from tests.patience import PATIENCE_S
from tests.peers.environments import environment
from tests.wheels import wheel_folder

PROGRAM = Path(__file__).parent / "fakes" / "instrumented_agent.py"
ROOT = PROGRAM.parent.parent.parent
CODE = "{}\n<code>\n{}\n</code>"
XML = '{}\n<function_calls>\n<invoke name="{}">\n{}\n</invoke>\n</function_calls>'
PARAMETER = '<parameter name="{}">{}</parameter>'
SCRIPTS: dict[str, list[Reply]] = {
    "smolagents": [
        Reply(text=CODE.format("点一下。", "print(tap(x=5))")),
        Reply(text=CODE.format("完成。", 'final_answer("已打开")')),
    ],
    "openai-agents": [
        Reply(text="点一下。", tool=("tap", json.dumps({"x": 5}))),
        Reply(text="已打开"),
    ],
    "mobilerun": [
        Reply(text=XML.format("点一下。", "click", PARAMETER.format("index", 1))),
        Reply(
            text=XML.format(
                *("完成。", "complete"),
                PARAMETER.format("success", "true") + PARAMETER.format("message", "已打开"),
            )
        ),
    ],
}
# What each says of its tap, and how that begins which it has returned.
TAPPED: dict[str, tuple[dict[str, Any], str]] = {
    "smolagents": ({"action": "tap", "x": 5}, "tapped 5"),
    "openai-agents": ({"action": "tap", "x": 5}, "tapped 5"),
    "mobilerun": ({"action": "click", "index": 1}, "FastAgentOutputEvent"),
}
OPENINFERENCE = (
    "openinference-instrumentation-smolagents==0.1.43",
    "openinference-instrumentation==0.1.72",
    "openinference-semantic-conventions==0.1.42",
)
OPENAI_AGENTS = (
    "openai-agents==0.24.0",
    "opentelemetry-instrumentation-openai-agents-v2==0.1.0",
    "opentelemetry-exporter-otlp-proto-http>=1.45",
)
MOBILERUN = ("mobilerun[langfuse]==0.7.4",)
DOORS = ("in process", "collect")


def python_of(agent: str) -> tuple[Path, str]:
    """Return a Python and a PYTHONPATH that have *agent* and its instrumentation."""
    if agent == "smolagents":
        wheels = wheel_folder("openinference-smolagents", *OPENINFERENCE)
        path = os.pathsep.join([str(wheels), smolagents_path(SMOLAGENTS), str(ROOT)])
        return Path(sys.executable), path
    needs = OPENAI_AGENTS if agent == "openai-agents" else MOBILERUN
    # Before what the environment has of ours, which was made when that was.
    return environment(agent, str(ROOT), *needs), str(ROOT)


def run(
    agent: str, door: str, script: list[Reply], folder: Path, address: dict[str, str], *how: str
) -> None:
    """Run *agent* with a model that answers by *script*."""
    python, path = python_of(agent)
    with ModelServer() as server:
        server.script("robot", script)
        done = subprocess.run(
            [python, PROGRAM, agent, door, server.base_url, *how],
            env=os.environ
            | {"PYTHONPATH": path, "OTEL_STEPS_DIR": str(folder), "HF_HUB_OFFLINE": "1"}
            | {"OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT": "span_only"}
            | address,
            capture_output=True,
            encoding="utf-8",
            timeout=PATIENCE_S,
        )
    assert done.returncode == 0, done.stderr


RUNS = [
    *(("smolagents", door, ()) for door in DOORS),
    *(pytest.param("openai-agents", door, (), marks=pytest.mark.full) for door in DOORS),
    *(pytest.param("mobilerun", door, (), marks=pytest.mark.full) for door in DOORS),
    # As it is traced for Phoenix, which it asks for at one address and sends to at another.
    pytest.param("mobilerun", "collect", ("PHOENIX_URL", "phoenix_url"), marks=pytest.mark.full),
]


@pytest.mark.parametrize(("agent", "door", "addresses"), RUNS)
def test_an_agent_that_something_else_records_is_seen(
    tmp_path: Path, agent: str, door: str, addresses: tuple[str, ...]
) -> None:
    """What was asked, thought, done and answered, and what it used."""
    settings = resolve(dir=tmp_path)
    with ExitStack() as stack:
        address = {}
        if door == "collect":
            running = stack.enter_context(Command(tmp_path))
            address = dict.fromkeys(addresses or ("OTEL_EXPORTER_OTLP_ENDPOINT",), running.url)
        run(agent, door, SCRIPTS[agent], tmp_path, address)
        # An agent that the root has called may come before it, and be the task until then.
        eventually(lambda: [task["result"] for task in rows(settings).tasks] == ["已打开"])
        found = rows(settings)

    (task,) = found.tasks
    steps = found.steps[task["task_id"]]
    assert (task["task_description"], task["status"]) == ("打开设置", "completed")
    assert task["model"] == "robot"
    first, second = [step for step in steps if step["step_type"] == "thinking"]
    assert first["thinking"].startswith("点一下。")
    assert (first["input_tokens"] > 0, second["output_tokens"] > 0) == (True, True)
    action, returned = TAPPED[agent]
    (tap,) = [step for step in steps if step["action"] == action]
    assert tap["action_result"].startswith(returned)
    assert [step["success"] for step in steps] == [True] * len(steps)
    if agent == "mobilerun":
        # The screen before the tap and the one after it; pictures may come after their rows.
        def screens() -> list[str | None]:
            kept = rows(settings).steps[task["task_id"]]
            return [each["screenshot_path"] for each in kept if each["step_type"] == "thinking"]

        eventually(lambda: None not in screens())
        assert len(set(screens())) == 2


@pytest.mark.full
@pytest.mark.parametrize("agent", ["openai-agents", "mobilerun"])
def test_a_limit_of_steps_is_told(tmp_path: Path, agent: str) -> None:
    """The one raises in an agent below a root that says nothing, the other returns a text."""
    tap, _ = SCRIPTS[agent]
    run(agent, "in process", [tap], tmp_path, {}, "1")

    found = rows(resolve(dir=tmp_path))

    (task,) = found.tasks
    steps = found.steps[task["task_id"]]
    assert task["status"] == "max_steps"
    assert [step["step_type"] for step in steps].count("thinking") == 1
    # What the last tap led to.
    screens = [step["screenshot_path"] for step in steps if step["step_type"] == "screenshot"]
    assert [each is not None for each in screens] == [True] * (agent == "mobilerun")
