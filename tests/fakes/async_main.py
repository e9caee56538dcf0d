"""
A program of a user of AutoGLM-GUI's agents: it runs one task and prints what came of it.

    async_main.py BASE_URL MODEL
"""

import asyncio
import sys

from AutoGLM_GUI.agents.glm.async_agent import AsyncGLMAgent
from AutoGLM_GUI.config import AgentConfig, ModelConfig
from AutoGLM_GUI.devices.adb_device import ADBDevice


def main() -> None:
    """Run the task; the phone has the name of the model."""
    base_url, model = sys.argv[1:]
    agent = AsyncGLMAgent(
        ModelConfig(base_url=base_url, model_name=model),
        AgentConfig(verbose=False),
        ADBDevice(model),
    )
    print(asyncio.run(agent.run("打开设置")))


if __name__ == "__main__":
    main()
