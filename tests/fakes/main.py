"""A program of a user: it runs one task and prints what came of it. It knows of no recording."""

import argparse

from phone_agent import PhoneAgent
from phone_agent.agent import AgentConfig
from phone_agent.model import ModelConfig


def main() -> None:
    """Run the task that the command line names."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--base-url", required=True)
    parser.add_argument("--model", default="autoglm-phone-9b")
    parser.add_argument("--apikey", default="EMPTY")
    parser.add_argument("--device-id")
    parser.add_argument("--max-steps", type=int, default=100)
    parser.add_argument("--lang", default="cn")
    parser.add_argument("task")
    options = parser.parse_args()
    agent = PhoneAgent(
        model_config=ModelConfig(
            base_url=options.base_url,
            model_name=options.model,
            api_key=options.apikey,
        ),
        agent_config=AgentConfig(
            max_steps=options.max_steps, device_id=options.device_id, lang=options.lang
        ),
    )
    print(f"\nResult: {agent.run(options.task)}")


if __name__ == "__main__":
    main()
