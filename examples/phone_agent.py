"""
Open-AutoGLM's PhoneAgent, recorded with one line. Needs `phone_agent`, a phone and a model server.

    python examples/phone_agent.py "打开设置"
    otel-steps report latest

Without that line: `otel-steps run main.py "打开设置"`.
"""

import sys

import otel_steps

otel_steps.configure()

from phone_agent import PhoneAgent  # noqa: E402 - before or after the line above, both work
from phone_agent.model import ModelConfig  # noqa: E402

agent = PhoneAgent(model_config=ModelConfig(base_url="http://localhost:8000/v1"))
print(agent.run(sys.argv[1]))
