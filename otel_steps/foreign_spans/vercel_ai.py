"""The AI SDK of Vercel: `ai.operationId` and what stands beside it. Pure."""

from collections.abc import Mapping
from typing import Any, Final

from otel_steps import semconv
from otel_steps.foreign_spans.kind import Kind
from otel_steps.foreign_spans.messages import Message, messages, parsed, said_by
from otel_steps.otlp.span import Span

_OPERATION: Final = "ai.operationId"
_AGENTS: Final = frozenset(
    f"ai.{name}" for name in ("generateText", "streamText", "generateObject", "streamObject")
)
KEYS: Final = (_OPERATION,)


def kind(attributes: Mapping[str, Any], name: str) -> Kind | None:
    """Return what a span with *attributes* is; what asks a model until it is done is an agent."""
    operation = str(attributes.get(_OPERATION))
    if operation in _AGENTS:
        return "agent"
    if operation.endswith((".doGenerate", ".doStream")):
        return "model"
    return "tool" if operation == "ai.toolCall" else None


def facts(span: Span) -> dict[str, Any]:
    """Return what *span* says, by its `gen_ai.*` key."""
    said = span.attributes
    return {
        semconv.GEN_AI_AGENT_NAME: said.get("ai.telemetry.functionId", span.name),
        semconv.SESSION_ID: said.get("ai.telemetry.metadata.sessionId"),
        semconv.GEN_AI_REQUEST_MODEL: said.get("ai.model.id"),
        semconv.GEN_AI_TOOL_NAME: said.get("ai.toolCall.name"),
        semconv.GEN_AI_TOOL_CALL_ARGUMENTS: said.get("ai.toolCall.args"),
        semconv.GEN_AI_TOOL_CALL_RESULT: said.get("ai.toolCall.result"),
        semconv.GEN_AI_INPUT_MESSAGES: _asked(said),
        semconv.GEN_AI_OUTPUT_MESSAGES: _answered(said),
        semconv.GEN_AI_USAGE_INPUT_TOKENS: _first(said, "inputTokens", "promptTokens"),
        semconv.GEN_AI_USAGE_OUTPUT_TOKENS: _first(said, "outputTokens", "completionTokens"),
        semconv.GEN_AI_USAGE_CACHE_READ_INPUT_TOKENS: _first(
            said, "inputTokenDetails.cacheReadTokens", "cachedInputTokens"
        ),
        semconv.GEN_AI_USAGE_CACHE_WRITE_INPUT_TOKENS: _first(
            said, "inputTokenDetails.cacheWriteTokens"
        ),
        semconv.GEN_AI_USAGE_REASONING_OUTPUT_TOKENS: _first(
            said, "outputTokenDetails.reasoningTokens", "reasoningTokens"
        ),
    }


def _asked(said: Mapping[str, Any]) -> list[Message]:
    if "ai.prompt.messages" in said:
        return messages(said["ai.prompt.messages"])
    prompt = parsed(said.get("ai.prompt"))
    if not isinstance(prompt, Mapping):
        return said_by("user", prompt)
    found = messages(prompt["messages"]) if "messages" in prompt else []
    return [*found, *said_by("user", prompt.get("prompt"))]


def _answered(said: Mapping[str, Any]) -> list[Message]:
    text = said.get("ai.response.text", said.get("ai.response.object"))
    answer = {
        "role": "assistant",
        "content": [] if text is None else str(text),
        "reasoning": said.get("ai.response.reasoning"),
        "tool_calls": parsed(said.get("ai.response.toolCalls")),
    }
    return messages([answer])


def _first(said: Mapping[str, Any], *names: str) -> Any:
    return next((said[key] for name in names if (key := f"ai.usage.{name}") in said), None)
