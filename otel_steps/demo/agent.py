"""
An agent of the shape that Open-AutoGLM's PhoneAgent has, for the simulated phone.

It is instrumented from outside, like the real one, and so has the same seams: the methods `run`,
`step`, `reset` and `_execute_step`, a `model_client`, an `action_handler`, and the functions that
it calls as globals of this module. It also takes a reply that it cannot parse for the end of the
task, as the real one does: telling that from success is what a recording is for.
"""

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from otel_steps.demo.actions import ActionHandler, parse_action
from otel_steps.demo.model import MODEL_NAME, ScriptedModel
from otel_steps.demo.phone import DEVICE_ID, Phone


@dataclass(frozen=True, slots=True)
class ModelConfig:
    """Which model the agent asks."""

    model_name: str = MODEL_NAME


@dataclass(frozen=True, slots=True)
class AgentConfig:
    """How the agent works."""

    max_steps: int = 20
    device_id: str = DEVICE_ID
    lang: str = "en"


@dataclass(frozen=True, slots=True)
class StepResult:
    """What one step came to, as far as the agent can tell."""

    success: bool
    finished: bool
    action: dict[str, Any] | None
    thinking: str
    message: str | None = None


@dataclass(frozen=True, slots=True)
class Screenshot:
    """A picture of the screen as the agent passes it around."""

    base64_data: str
    width: int
    height: int
    is_sensitive: bool = False


def get_screenshot(phone: Phone) -> Screenshot:
    """Return a picture of the phone's screen."""
    frame = phone.screenshot()
    return Screenshot(base64.b64encode(frame.png).decode(), frame.width, frame.height)


def get_current_app(phone: Phone) -> str:
    """Return the name of the app in front."""
    return phone.app


class PhoneAgent:
    """
    Looks at the screen, asks the model, acts; until the model says that it has finished.

    Args:
        phone: The phone to work on.
        model_client: What decides.
        agent_config: How to work.
        task_id: The id under which the next task is known.
        on_step: Called after each step.
    """

    def __init__(
        self,
        phone: Phone,
        model_client: ScriptedModel,
        agent_config: AgentConfig,
        *,
        task_id: str | None = None,
        on_step: Callable[[StepResult], None] | None = None,
    ) -> None:
        self.model_config = ModelConfig()
        self.agent_config = agent_config
        self.model_client = model_client
        self.action_handler = ActionHandler(phone)
        self._phone = phone
        self._task_id = task_id
        self._on_step = on_step
        self._context: list[dict[str, Any]] = []
        self._step_count = 0

    def run(self, task: str) -> str:
        """Work on *task* and return the final message."""
        self.reset()
        result = self._execute_step(task, is_first=True)
        while not result.finished and self._step_count < self.agent_config.max_steps:
            result = self._execute_step()
        if not result.finished:
            return "Max steps reached"
        return result.message or "Task completed"

    def step(self, task: str | None = None) -> StepResult:
        """Take one step, for callers that have a loop of their own; the first needs *task*."""
        is_first = not self._context
        if is_first and not task:
            raise ValueError("the first step needs a task")
        return self._execute_step(task, is_first=is_first)

    def reset(self) -> None:
        """Forget the conversation."""
        self._context = []
        self._step_count = 0

    def _execute_step(self, user_prompt: str | None = None, is_first: bool = False) -> StepResult:
        self._step_count += 1
        screenshot = get_screenshot(self._phone)
        facts = json.dumps({"current_app": get_current_app(self._phone)}, ensure_ascii=False)
        question = f"{user_prompt}\n\n{facts}" if is_first else facts
        self._context.append(_user_message(question, screenshot))
        response = self.model_client.request(self._context)
        self._context[-1]["content"].pop(0)  # pictures of earlier steps are not sent again
        try:
            action = parse_action(response.action)
        except ValueError:
            action = {"_metadata": "finish", "message": response.action}
        result = self.action_handler.execute(action, screenshot.width, screenshot.height)
        self._context.append({"role": "assistant", "content": response.raw_content})
        finished = action["_metadata"] == "finish" or result.should_finish
        outcome = StepResult(result.success, finished, action, response.thinking, result.message)
        if self._on_step is not None:
            self._on_step(outcome)
        return outcome


def _user_message(text: str, screenshot: Screenshot) -> dict[str, Any]:
    url = f"data:image/png;base64,{screenshot.base64_data}"
    return {
        "role": "user",
        "content": [
            {"type": "image_url", "image_url": {"url": url}},
            {"type": "text", "text": text},
        ],
    }
