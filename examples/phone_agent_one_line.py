"""
Open-AutoGLM's PhoneAgent, recorded with one line. Needs `phone_agent`, a phone and a model server.

    pip install otel-steps
    export PHONE_AGENT_BASE_URL=http://localhost:8000/v1
    python examples/phone_agent_one_line.py "打开设置"
    otel-steps report latest

Without that line: `phone_agent_zero_code.md`.
"""

import os
import sys

import otel_steps

otel_steps.configure()

from phone_agent import PhoneAgent  # noqa: E402 - before or after the line above, both work
from phone_agent.model import ModelConfig  # noqa: E402

agent = PhoneAgent(model_config=ModelConfig(base_url=os.environ["PHONE_AGENT_BASE_URL"]))
print(agent.run(sys.argv[1]))
