"""Real instrumentations of OpenAI's client beside ours: one span for each call of the model."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from otel_steps import semconv
from tests.agents import ASYNC, CURRENT, python_path
from tests.fakes.model_server import ModelServer
from tests.fakes.phone import FakePhone
from tests.lanes import Lane
from tests.patience import PATIENCE_S
from tests.wheels import wheel_folder

FAKES = Path(__file__).parent / "fakes"
SCRIPT = ['当前在桌面。do(action="Launch", app="Settings")', '完成。finish(message="设置已打开")']

AGENTS = {"sync": ("run_agent.py", CURRENT), "async": ("run_async_agent.py", ASYNC)}
# Folder name and packages, the instrumentor, and what its spans are called.
INSTRUMENTATIONS: dict[str, tuple[tuple[str, ...], str, str]] = {
    "opentelemetry": (
        (
            "opentelemetry-instrumentation-genai-openai==1.3b0",
            "opentelemetry-util-genai==1.3b0",
        ),
        "opentelemetry.instrumentation.genai.openai:OpenAIInstrumentor",
        "chat completed",
    ),
    "openinference": (
        (
            "openinference-instrumentation-openai==0.1.66",
            "openinference-instrumentation==0.1.72",
            "openinference-semantic-conventions==0.1.42",
        ),
        "openinference.instrumentation.openai:OpenAIInstrumentor",
        "ChatCompletion",
    ),
}


def run(folder: Path, agent: str, name: str) -> Lane:
    """Run a task of the real agent under both instrumentations."""
    program, version = AGENTS[agent]
    packages, instrumentor, _ = INSTRUMENTATIONS[name]
    wheels = wheel_folder(f"openai-{name}", *packages)
    phone, out = FakePhone(folder / "phone", screens=2), folder / "out.json"
    with ModelServer() as server:
        server.script("completed", SCRIPT)
        command = [sys.executable, FAKES / program, out, server.base_url, "--also", instrumentor]
        child = subprocess.run(
            [*command, "completed"],
            cwd=folder,
            env=phone.environment() | {"PYTHONPATH": python_path(version, wheels)},
            capture_output=True,
            encoding="utf-8",
            timeout=PATIENCE_S,
        )
    assert child.returncode == 0, child.stderr
    return Lane(version, json.loads(out.read_text(encoding="utf-8")), server)


@pytest.mark.parametrize("agent", AGENTS)
@pytest.mark.parametrize("name", INSTRUMENTATIONS)
def test_each_call_of_the_model_has_one_span(tmp_path: Path, agent: str, name: str) -> None:
    """The span of the other instrumentation is the step's child; the step still has its facts."""
    lane = run(tmp_path, agent, name)

    called = INSTRUMENTATIONS[name][2]
    steps = lane.step_spans("completed")
    assert [[child["name"] for child in lane.children(step)] for step in steps] == [
        [called, "execute_tool Launch"],
        [called, "execute_tool finish"],
    ]
    calls: list[dict[str, Any]] = [span for span in lane.spans if span["name"] == called]
    assert len(calls) == 2
    assert not any(call["scope"].startswith("otel_steps") for call in calls)
    assert [step["attributes"][semconv.STEP_THINKING] for step in steps] == [
        *("当前在桌面。", "完成。")
    ]
    assert all(step["attributes"][semconv.TIMING_MODEL_MS] > 0 for step in steps)
