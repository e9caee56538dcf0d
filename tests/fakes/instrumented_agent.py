"""
An agent that another instrumentation records.

    instrumented_agent.py AGENT DOOR MODEL_URL [STEPS]
"""

import os
import sys
from contextlib import suppress

from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider


def run_smolagents(base_url: str, max_steps: int) -> None:
    """Let OpenInference record a CodeAgent that taps once."""
    from openinference.instrumentation.smolagents import SmolagentsInstrumentor
    from smolagents import CodeAgent, OpenAIServerModel, tool

    SmolagentsInstrumentor().instrument()

    @tool
    def tap(x: int) -> str:
        """
        Tap on the screen.

        Args:
            x: Where.
        """
        return f"tapped {x}"

    model = OpenAIServerModel("robot", api_base=base_url, api_key="none")
    CodeAgent(tools=[tap], model=model, max_steps=max_steps, verbosity_level=0).run("打开设置")


def run_openai_agents(base_url: str, max_steps: int) -> None:
    """Let OpenTelemetry's instrumentation record an agent that taps once."""
    from agents import (
        Agent,
        MaxTurnsExceeded,
        OpenAIChatCompletionsModel,
        Runner,
        function_tool,
    )
    from openai import AsyncOpenAI
    from opentelemetry.instrumentation.openai_agents import OpenAIAgentsInstrumentor

    OpenAIAgentsInstrumentor().instrument()

    @function_tool
    def tap(x: int) -> str:
        """Tap on the screen."""
        return f"tapped {x}"

    client = AsyncOpenAI(base_url=base_url, api_key="none")
    model = OpenAIChatCompletionsModel("robot", openai_client=client)
    robot = Agent(name="Robot", tools=[tap], model=model)
    with suppress(MaxTurnsExceeded):
        Runner.run_sync(robot, "打开设置", max_turns=max_steps)


def run_mobilerun(base_url: str, max_steps: int) -> None:
    """Let it record itself."""
    from mobilerun_agent import run

    run(base_url, "phoenix" if "PHOENIX_URL" in os.environ else "langfuse", max_steps)


AGENTS = {
    "smolagents": run_smolagents,
    "openai-agents": run_openai_agents,
    "mobilerun": run_mobilerun,
}


def main(agent: str, door: str, base_url: str, max_steps: str = "4") -> None:
    """Record in process, to the folder of the environment, or send to the receiver there."""
    provider = TracerProvider()
    trace.set_tracer_provider(provider)
    if door == "in process":
        import otel_steps

        recording = otel_steps.configure(instrument=False)
        AGENTS[agent](base_url, int(max_steps))
        assert recording.flush()
    else:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        AGENTS[agent](base_url, int(max_steps))
    provider.shutdown()
    sys.stdout.flush()
    os._exit(0)  # some leave threads that send elsewhere


if __name__ == "__main__":
    main(*sys.argv[1:])
