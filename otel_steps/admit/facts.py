"""
What of a span is a fact, and which part of the content each of its attributes holds. Pure.

This is the table that the content switch goes by. It lists what is known to be a fact: a number, a
name of a program, of a model or of an operation, a status. Whatever it does not list is content,
because nobody here can know what others will put into a span:

| attribute | is recorded where |
|---|---|
| of `FACTS`, or of `semconv` without a part | always, if its value is a number or a short word |
| of `semconv`, with a part | that part is |
| another one of our own tasks and steps: its author has set it | `action` is, as for `step_data` |
| any other | `thinking`, `action` and `result` are: it may hold each of them |
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from otel_steps import semconv
from otel_steps.semconv.attribute import ATTRIBUTES, Part

# Words of the conventions of GenAI, OpenInference, OpenLLMetry and the Vercel AI SDK, of calls over
# HTTP, RPC and to databases, and of resources. Never a prefix: a key may hold words, too.
_FAMILIES: Final[Mapping[str, str]] = {
    "gen_ai": "system agent.id "
    "embeddings.dimension.count input.messages_ref output.messages_ref system_instructions_ref "
    "tool.definitions_ref",
    "gen_ai.request": "encoding_formats",
    "gen_ai.response": "id model finish_reasons",
    "gen_ai.evaluation": "score.value score.label",
    "gen_ai.usage": "total_tokens prompt_tokens completion_tokens cache_read_input_tokens "
    "cache_creation.input_tokens cache_creation_input_tokens reasoning_tokens "
    "details.cache_read_tokens details.cache_write_tokens details.reasoning_tokens "
    "image.output_tokens image.cache_read.input_tokens",
    "llm": "model_name provider system request.type is_streaming usage.total_tokens",
    "llm.token_count": "prompt completion total prompt_details.cache_read "
    "prompt_details.cache_write prompt_details.audio completion_details.reasoning "
    "completion_details.audio",
    "traceloop": "span.kind",
    "ai": "operationId model.id model.provider response.id response.model response.finishReason",
    "ai.usage": "promptTokens completionTokens inputTokens outputTokens totalTokens "
    "reasoningTokens cachedInputTokens inputTokenDetails.cacheReadTokens "
    "inputTokenDetails.cacheWriteTokens outputTokenDetails.reasoningTokens",
    "openai": "api.type request.service_tier response.service_tier response.system_fingerprint",
    "session": "id",
    "http": "method scheme flavor status_code request.method request.body.size "
    "request.resend_count response.status_code response.body.size",
    "url": "scheme",
    "network": "type transport protocol.name protocol.version peer.address peer.port",
    "net": "peer.name peer.port",
    "server": "address port",
    "db": "system system.name operation operation.name response.status_code",
    "rpc": "system system.name service grpc.status_code response.status_code",
    "exception": "type escaped",
    "code": "function function.name namespace lineno line.number",
    "thread": "id name",
    "service": "name namespace version instance.id",
    "host": "name id arch type",
    "os": "type version",
    "device": "manufacturer model.identifier model.name",
    "process": "pid parent_pid executable.name runtime.name runtime.version runtime.description",
    "telemetry": "sdk.name sdk.language sdk.version distro.name distro.version auto.version",
    "container": "id name image.name",
    "k8s": "cluster.name namespace.name node.name pod.name deployment.name container.name",
    "cloud": "provider region availability_zone platform",
    "deployment": "environment environment.name",
    "otel_steps.imported": "from id",
}

FACTS: Final = frozenset(
    f"{family}.{word}" for family, words in _FAMILIES.items() for word in words.split()
)

_OURS: Final[Mapping[str, Part]] = {each.key: each.part for each in ATTRIBUTES}
# Where the keys of conventions begin. On a step of ours, too, they are not its author's.
_CONVENTIONS: Final = (
    *("gen_ai.", "input.", "output.", "llm.", "openinference.", "traceloop.", "tool.", "message."),
    *("ai.", "langfuse.", "lmnr.", "gcp.vertex.", "exception.", "http.", "url.", "db.", "rpc."),
    "autoglm.",
)

_MAX_WORD_CHARS: Final = 200
_MAX_WORDS: Final = 64
_WITHHELD: Final = "…[not recorded]…"

# What a name of a span may begin with, and the attributes that may follow.
_OPERATIONS: Final = frozenset(
    f"{semconv.STEP_SPAN_NAME} {semconv.CHAT} {semconv.INVOKE_AGENT} {semconv.EXECUTE_TOOL} "
    "generate_content text_completion embeddings retrieval create_agent invoke_workflow plan "
    "evaluation HTTP GET HEAD POST PUT PATCH DELETE OPTIONS CONNECT".split()
)
_NOUNS: Final = (
    semconv.GEN_AI_AGENT_NAME,
    semconv.GEN_AI_REQUEST_MODEL,
    semconv.GEN_AI_TOOL_NAME,
    semconv.GEN_AI_EVALUATION_NAME,
    "http.request.method",
    "http.method",
)


def part_of(key: str, *, is_own: bool) -> Part:
    """
    Return the part of the content that the attribute *key* holds, "" for a fact.

    Args:
        is_own: Whether it is an attribute of a task or step of ours.
    """
    if key in _OURS:
        return _OURS[key]
    if key in FACTS:
        return ""
    if key.startswith(semconv.SCREENSHOT_PREFIX):
        return "screenshot"
    return "action" if is_own and not key.startswith(_CONVENTIONS) else "text"


def fact(key: str, value: Any) -> Any:
    """Return the value of a fact, or a mark in place of one that can be no fact."""
    # A task keeps its id whatever that looks like: without it, its steps would be nobody's.
    return value if key == semconv.TASK_ID or _is_plain(value) else _WITHHELD


def facts(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Return the facts among *attributes* of no span: of a resource, an event or a link."""
    return dict(_facts(attributes))


def _facts(attributes: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for key, value in attributes.items():
        if part_of(key, is_own=False) == "" and _is_plain(value):
            yield key, value


def name(given: str, kept: Mapping[str, Any], scope_name: str) -> str:
    """
    Return what is a fact of the name *given* to a span: an operation, and what it is done with.

    Args:
        kept: Those of the span's attributes that are recorded.
        scope_name: The library that made the span; it stands in for a name that is none of those.
    """
    operation, _, noun = given.partition(" ")
    if operation not in _OPERATIONS:
        return scope_name or "span"
    return given if noun and noun in (kept.get(key) for key in _NOUNS) else operation


def _is_plain(value: Any) -> bool:
    """Tell whether *value* is a number, a flag or a short word, or a few of these."""
    if isinstance(value, str):
        return len(value) <= _MAX_WORD_CHARS and "\n" not in value
    if isinstance(value, list):
        return len(value) <= _MAX_WORDS and all(
            not isinstance(each, list) and _is_plain(each) for each in value
        )
    return value is None or isinstance(value, bool | int | float)
