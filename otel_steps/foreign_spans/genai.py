"""
OpenTelemetry's own conventions for GenAI, in attributes and in events, now and before. Pure.

Strands and others tell messages by events, as the conventions first had it; LoongSuite says by
`gen_ai.span.kind` what a span is.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from otel_steps import semconv
from otel_steps.foreign_spans.flattened import unflattened
from otel_steps.foreign_spans.kind import Kind
from otel_steps.foreign_spans.messages import Message, calls, messages, parsed, parts, said_by
from otel_steps.otlp.span import Span

# The conventions have a word for each kind of model call; to a step they are one.
_OPERATIONS: Final[Mapping[str, Kind]] = {
    semconv.INVOKE_AGENT: "agent",
    "invoke_workflow": "agent",
    semconv.CHAT: "model",
    "generate_content": "model",
    "text_completion": "model",
    semconv.EXECUTE_TOOL: "tool",
    "react": "group",
    "plan": "model",  # as a rule around the call of one, which then is the step
}
_SPAN_KIND: Final = "gen_ai.span.kind"
_SPAN_KINDS: Final[Mapping[str, Kind]] = {
    "AGENT": "agent",
    "LLM": "model",
    "TOOL": "tool",
    "STEP": "group",
    "CHAIN": "group",
    "ENTRY": "part",  # of an application: knows what was asked, and does nothing itself
}
KEYS: Final = (semconv.GEN_AI_OPERATION_NAME, _SPAN_KIND)

_SPEAKERS: Final = {
    "gen_ai.system.message": "system",
    "gen_ai.user.message": "user",
    "gen_ai.assistant.message": "assistant",
    "gen_ai.tool.message": "tool",
}
_CHOICE: Final = "gen_ai.choice"
_DETAILS: Final = "gen_ai.client.inference.operation.details"
_PROMPT, _COMPLETION = "gen_ai.content.prompt", "gen_ai.content.completion"
# Key of today -> what it was before, and what others write who follow the conventions otherwise.
_USAGE: Final = "gen_ai.usage."
_FORMER: Final = {
    semconv.GEN_AI_USAGE_INPUT_TOKENS: ("prompt_tokens",),
    semconv.GEN_AI_USAGE_OUTPUT_TOKENS: ("completion_tokens",),
    semconv.GEN_AI_USAGE_CACHE_READ_INPUT_TOKENS: (
        "cache_read_input_tokens",
        "details.cache_read_tokens",
    ),
    semconv.GEN_AI_USAGE_CACHE_WRITE_INPUT_TOKENS: (
        "cache_creation.input_tokens",
        "cache_creation_input_tokens",
        "details.cache_write_tokens",
    ),
    semconv.GEN_AI_USAGE_REASONING_OUTPUT_TOKENS: ("reasoning_tokens", "details.reasoning_tokens"),
}
# Messages as they were before, in one text or flattened, as OpenLLMetry has them still.
_FORMER_TALK: Final = {
    semconv.GEN_AI_INPUT_MESSAGES: "gen_ai.prompt",
    semconv.GEN_AI_OUTPUT_MESSAGES: "gen_ai.completion",
}
# Where the hook that uploads messages says that it has put them.
_REFERENCE: Final = "_ref"
_KEPT_ELSEWHERE: Final = (
    semconv.GEN_AI_INPUT_MESSAGES,
    semconv.GEN_AI_OUTPUT_MESSAGES,
    "gen_ai.system_instructions",
    "gen_ai.tool.definitions",
)


def kind(attributes: Mapping[str, Any], name: str) -> Kind | None:
    """Return what a span with *attributes* is."""
    operation = _OPERATIONS.get(_word(attributes, semconv.GEN_AI_OPERATION_NAME).lower())
    return operation or _SPAN_KINDS.get(_word(attributes, _SPAN_KIND).upper())


def facts(span: Span) -> dict[str, Any]:
    """Return what the events of *span* say, and what it says by former names."""
    events = _told_by_events(span.events)
    said = events | dict(span.attributes)
    former: dict[str, Any] = {now: _first(said, before) for now, before in _FORMER.items()}
    former[semconv.SESSION_ID] = said.get("gen_ai.session.id")
    former |= {now: _former_talk(said, before) for now, before in _FORMER_TALK.items()}
    return former | _given_and_given_back(said) | events


def kept_elsewhere(said: Mapping[str, Any]) -> dict[str, str]:
    """
    Return where content is that *said* lacks, by the key that says so.

    It is told, and never fetched: the address is the word of whoever sent the span, and may be a
    file of this machine or a service of its network.
    """
    return {
        key + _REFERENCE: place
        for key in _KEPT_ELSEWHERE
        if key not in said and isinstance(place := said.get(key + _REFERENCE), str)
    }


def error_message(span: Span) -> str | None:
    """Return the exception that *span* has recorded, as `class: message`."""
    for event in reversed(span.events):
        if event["name"] == "exception":
            words = (event["attributes"].get(f"exception.{key}") for key in ("type", "message"))
            return ": ".join(str(word) for word in words if word) or None
    return None


def _first(said: Mapping[str, Any], names: Iterable[str]) -> Any:
    return next((said[key] for name in names if (key := _USAGE + name) in said), None)


def _former_talk(said: Mapping[str, Any], key: str) -> list[Message]:
    return messages(unflattened(said, key)) or messages(said.get(key))


def _given_and_given_back(said: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a tool was given and gave back where messages say so, as Strands has it now."""
    found: dict[str, Any] = {}
    for message in messages(said.get(semconv.GEN_AI_INPUT_MESSAGES)):
        for call in calls(message):
            found[semconv.GEN_AI_TOOL_CALL_ARGUMENTS] = call.get("arguments")
    for message in messages(said.get(semconv.GEN_AI_OUTPUT_MESSAGES)):
        for part in parts(message):
            if part.get("type") == "tool_call_response":
                found[semconv.GEN_AI_TOOL_CALL_RESULT] = part.get("response", part.get("result"))
    return found


def _told_by_events(events: Any) -> dict[str, Any]:
    asked: list[Message] = []
    answered: list[Message] = []
    found: dict[str, Any] = {}
    for event in events:
        name, attributes = event["name"], event["attributes"]
        if name == _DETAILS:
            found |= {key: each for key, each in attributes.items() if key.startswith("gen_ai.")}
        elif name in _SPEAKERS:
            asked += said_by(_SPEAKERS[name], _content(attributes))
        elif name == _CHOICE:
            answered += _choice(attributes)
        elif name == _PROMPT:
            asked += messages(attributes.get("gen_ai.prompt"))
        elif name == _COMPLETION:
            answered += messages(attributes.get("gen_ai.completion"))
    if asked:
        found.setdefault(semconv.GEN_AI_INPUT_MESSAGES, asked)
    if answered:
        found.setdefault(semconv.GEN_AI_OUTPUT_MESSAGES, answered)
    return found | _told_of_a_tool(events)


def _told_of_a_tool(events: Any) -> dict[str, Any]:
    """Return what a tool was given and gave back, as Strands tells it; a model call has neither."""
    found = {}
    for event in events:
        if event["name"] == "gen_ai.tool.message":
            found[semconv.GEN_AI_TOOL_CALL_ARGUMENTS] = _content(event["attributes"])
        elif event["name"] == _CHOICE:
            found[semconv.GEN_AI_TOOL_CALL_RESULT] = event["attributes"].get("message")
    return found


def _choice(attributes: Mapping[str, Any]) -> Iterator[Message]:
    answer = parsed(attributes.get("message", attributes.get("content")))
    yield from messages(answer) if isinstance(answer, Mapping) else said_by("assistant", answer)
    yield from messages([attributes]) if "tool_calls" in attributes else ()


def _content(attributes: Mapping[str, Any]) -> Any:
    return attributes.get("content", attributes.get("gen_ai.event.content"))


def _word(attributes: Mapping[str, Any], key: str) -> str:
    value = attributes.get(key)
    return value if isinstance(value, str) else ""
