"""
A program of a user of smolagents: two agents, of which the inner one is killed in its second tool.

    smolagents_main.py BASE_URL
"""

import os
import signal
import sys

from PIL import Image
from smolagents import CodeAgent, OpenAIServerModel, ToolCallingAgent, tool


@tool
def click(x: int, y: int) -> str:
    """
    Click on the screen.

    Args:
        x: In pixels, from the left.
        y: In pixels, from the top.
    """
    if x == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return "clicked"


def show(step, agent):  # type: ignore[no-untyped-def] # a user's
    """Take a picture after each step."""
    step.observations_images = [Image.new("RGB", (108, 240), (step.step_number * 40, 0, 0))]


def main() -> None:
    """Run the task."""
    inner, outer = (
        OpenAIServerModel(name, api_base=sys.argv[1], api_key="key") for name in ("inner", "outer")
    )
    helper = ToolCallingAgent(
        [click], inner, name="helper", description="Helps.", step_callbacks=[show]
    )
    CodeAgent([], outer, managed_agents=[helper]).run("打开设置")


if __name__ == "__main__":
    main()
