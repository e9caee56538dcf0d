"""An agent of Pydantic AI with a scripted model, recorded as that framework does it."""

import base64

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from pydantic_ai import Agent, BinaryContent
from pydantic_ai.capabilities import Instrumentation
from pydantic_ai.messages import (
    ModelMessage,
    ModelResponse,
    TextPart,
    ThinkingPart,
    ToolCallPart,
)
from pydantic_ai.models.function import AgentInfo, FunctionModel
from pydantic_ai.models.instrumented import InstrumentationSettings

# A PNG of 8 x 16 pixels.
SCREEN = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAgAAAAQCAIAAACk6KkqAAAAGklEQVR4AWM4ISeHFTFgFQUKjkpghBgVgwQA7HuCAY6d"
    "/XEAAAAASUVORK5CYII="
)

replies = iter(
    [
        [ThinkingPart("I am on the home screen."), ToolCallPart("tap", {"x": 500, "y": 82})],
        [TextPart("Once more."), ToolCallPart("tap", {"x": 1, "y": 2})],
        [TextPart("Settings are open.")],
    ]
)


def reply(messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
    """Say what the script says next."""
    return ModelResponse(parts=next(replies))


def tap(x: int, y: int) -> dict[str, bool]:
    """Tap on the screen."""
    return {"ok": True}


provider = TracerProvider()
provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
agent = Agent(
    FunctionModel(reply, model_name="scripted"),
    name="Robot",
    tools=[tap],
    capabilities=[Instrumentation(settings=InstrumentationSettings(tracer_provider=provider))],
)
agent.run_sync(["打开设置", BinaryContent(SCREEN, media_type="image/png")])
provider.shutdown()
