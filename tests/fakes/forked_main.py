"""
A program of a user: an agent that keeps its own tracker, as a fork does, with one import changed.

    forked_main.py [--configure] [--task-id ID] [--check] --base-url URL --model M TASK [TASK]
"""

import argparse
import sys
import tempfile
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

from phone_agent.agent import AgentConfig, PhoneAgent, StepResult
from phone_agent.model import ModelConfig

from otel_steps import StepTracker, StepType, configure

sys.path.append(str(Path(__file__).parent.parent.parent))
from tests.pictures import png


class StopException(Exception):
    """Raised where the user has stopped the agent."""


class ForkedAgent(PhoneAgent):
    """A PhoneAgent that names its tasks and has a tracker record each step."""

    def __init__(self, *args: Any, task_id: str | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._task_id = task_id
        self.step_tracker: StepTracker | None = None

    def run(self, task: str, step_callback: Callable[[dict[str, Any]], None] | None = None) -> str:
        self._context, self._step_count = [], 0
        if not self._task_id:
            self._task_id = str(uuid.uuid4())
        self.step_tracker = StepTracker(self._task_id)
        try:
            result = self._execute_step(task, is_first=True, step_callback=step_callback)
            while not result.finished and self._step_count < self.agent_config.max_steps:
                result = self._execute_step(step_callback=step_callback)
        except StopException as error:
            return str(error)
        return (result.message or "Task completed") if result.finished else "Max steps reached"

    def _execute_step(
        self,
        user_prompt: str | None = None,
        is_first: bool = False,
        step_callback: Callable[[dict[str, Any]], None] | None = None,
    ) -> StepResult:
        result = super()._execute_step(user_prompt, is_first)
        if step_callback is not None and self.step_tracker is not None:
            screenshot = Path(tempfile.mkdtemp()) / "screenshot.png"
            screenshot.write_bytes(png(30, 40))
            self.step_tracker.record_step(
                step_type=StepType.COMPLETION if result.finished else StepType.ACTION,
                step_data={"action": result.action, "result": {"success": result.success}},
                thinking=result.thinking,
                action_result=result,
                screenshot_path=str(screenshot),
                success=result.success,
            )
            step_callback({"step_number": self._step_count, "finished": result.finished})
        return result


def main() -> None:
    """Run the tasks that the command line names, one after the other, with one agent."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--configure", action="store_true")
    parser.add_argument("--base-url", required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--device-id")
    parser.add_argument("--max-steps", type=int, default=100)
    parser.add_argument("--task-id")
    parser.add_argument("--check", action="store_true", help="record one more step afterwards")
    parser.add_argument("tasks", nargs="+")
    options = parser.parse_args()
    if options.configure:
        configure()
    agent = ForkedAgent(
        ModelConfig(base_url=options.base_url, model_name=options.model),
        AgentConfig(
            device_id=options.device_id, verbose=False, lang="cn", max_steps=options.max_steps
        ),
        task_id=options.task_id,
    )
    for task in options.tasks:
        agent.run(task, step_callback=lambda step: None)
        print(f"task {agent._task_id}")
        if options.check and agent.step_tracker is not None:
            agent.step_tracker.record_step("validation", {"is_on": True})
            agent.step_tracker.cleanup()


if __name__ == "__main__":
    main()
