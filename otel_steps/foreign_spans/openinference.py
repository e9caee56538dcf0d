"""OpenInference: `openinference.span.kind`, values in and out, messages flattened. Pure."""

from collections.abc import Mapping
from typing import Any, Final

from otel_steps import semconv
from otel_steps.foreign_spans import llama_index
from otel_steps.foreign_spans.flattened import unflattened
from otel_steps.foreign_spans.kind import Kind
from otel_steps.foreign_spans.messages import Message, messages, parsed, talk
from otel_steps.otlp.span import Span

_KINDS: Final[Mapping[str, Kind]] = {
    "AGENT": "agent",
    "LLM": "model",
    "TOOL": "tool",
    "CHAIN": "group",
}
KEYS: Final = (semconv.OI_SPAN_KIND,)
# Key of ours -> where OpenInference has it; the first that is there counts.
_FACTS: Final = {
    semconv.GEN_AI_TOOL_NAME: ("tool.name", "tool_call.function.name"),
    semconv.GEN_AI_TOOL_CALL_ARGUMENTS: (semconv.OI_INPUT_VALUE, "tool_call.function.arguments"),
    semconv.GEN_AI_TOOL_CALL_RESULT: (semconv.OI_OUTPUT_VALUE,),
    semconv.GEN_AI_REQUEST_MODEL: ("llm.model_name", "embedding.model_name"),
    semconv.GEN_AI_USAGE_INPUT_TOKENS: ("llm.token_count.prompt",),
    semconv.GEN_AI_USAGE_OUTPUT_TOKENS: ("llm.token_count.completion",),
    semconv.GEN_AI_USAGE_CACHE_READ_INPUT_TOKENS: ("llm.token_count.prompt_details.cache_read",),
    semconv.GEN_AI_USAGE_CACHE_WRITE_INPUT_TOKENS: ("llm.token_count.prompt_details.cache_write",),
    semconv.GEN_AI_USAGE_REASONING_OUTPUT_TOKENS: ("llm.token_count.completion_details.reasoning",),
}


def kind(attributes: Mapping[str, Any], name: str) -> Kind | None:
    """Return what a span with *attributes* is."""
    kind = _kind(attributes)
    return llama_index.kind(attributes, name) if kind == "group" else kind


def facts(span: Span) -> dict[str, Any]:
    """Return what *span* says, by its `gen_ai.*` key."""
    said = span.attributes
    found = {
        ours: next((said[key] for key in keys if key in said), None)
        for ours, keys in _FACTS.items()
    }
    found[semconv.GEN_AI_AGENT_NAME] = said.get("agent.name", span.name)
    asked = _messages(said, "llm.input_messages")
    answered = _messages(said, "llm.output_messages")
    found[semconv.GEN_AI_INPUT_MESSAGES] = asked or talk("user", said.get(semconv.OI_INPUT_VALUE))
    found[semconv.GEN_AI_OUTPUT_MESSAGES] = answered or talk(
        "assistant", said.get(semconv.OI_OUTPUT_VALUE)
    )
    return found | (llama_index.facts(said, span.name) if _kind(said) == "group" else {})


def _kind(attributes: Mapping[str, Any]) -> Kind | None:
    return _KINDS.get(str(attributes.get(semconv.OI_SPAN_KIND)).upper())


def _messages(said: Mapping[str, Any], prefix: str) -> list[Message]:
    found = unflattened(said, prefix) or parsed(said.get(prefix))
    return messages(_with_contents(found)) if isinstance(found, list) else []


def _with_contents(found: list[Any]) -> list[Any]:
    """Return messages whose `contents` stand where others have their content."""
    inner = [each.get("message") for each in found if isinstance(each, Mapping)]
    return [
        {
            **each,
            "content": [
                part.get("message_content") if isinstance(part, Mapping) else part
                for part in each["contents"]
            ],
        }
        if isinstance(each.get("contents"), list)
        else each
        for each in inner
        if isinstance(each, Mapping)
    ]
