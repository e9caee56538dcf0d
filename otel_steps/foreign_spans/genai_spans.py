"""
Spans of other instrumentations that follow OpenTelemetry's GenAI conventions, told as ours. Pure.

An agent is a task, and so is all of its trace; what it asks a model and what it has a tool do are
steps. The attributes that make a span so are added, the others stay as they came: whoever reads the
row finds both. What a span does not carry, such as content that was not captured, its row lacks.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from otel_steps import semconv
from otel_steps.otlp.span import Span
from otel_steps.pictures.inline import REFERENCE
from otel_steps.rows.roles import is_step_or_task
from otel_steps.sanitize import clean, to_json

# The conventions have a word for each kind of model call; to a step they are one.
_MODEL_CALLS: Final = frozenset({semconv.CHAT, "generate_content", "text_completion"})
_STATUS_ERROR: Final = 2
# It waits in memory for the end of its task, among that of others.
_MAX_OVERHEARD_CHARS: Final = 8_000
_PICTURE: Final = re.compile(re.escape(REFERENCE) + "([0-9a-f]{64})")


def is_ours(span: Span) -> bool:
    """Tell whether *span* speaks for itself: by our attributes, or as one that we have made."""
    is_known = is_step_or_task(span.attributes)
    return is_known or span.scope_name.startswith("otel_steps")


def is_agent(span: Span) -> bool:
    """Tell whether *span* is the run of an agent."""
    return _operation(span) == semconv.INVOKE_AGENT


def is_step(span: Span) -> bool:
    """
    Tell whether *span* is what an agent does: the call of a model or of a tool.

    One without a parent belongs to no agent.
    """
    is_call = _operation(span) in _MODEL_CALLS or _operation(span) == semconv.EXECUTE_TOOL
    return is_call and span.parent_span_id is not None


def task(span: Span, overheard: Mapping[str, str] | None = None) -> Span:
    """Return the run of an agent as a task; what it does not say itself may be *overheard*."""
    facts = {
        **_conversation(span),
        semconv.TASK_ID: span.trace_id,
        semconv.TASK_STATUS: "failed" if _is_failed(span) else "completed",
        semconv.TASK_ERROR_MESSAGE: _error_message(span),
    }
    said = {key: value for key, value in facts.items() if value is not None}
    missing = {key: value for key, value in (overheard or {}).items() if key not in span.attributes}
    return _with(span, {**missing, **said})


def overheard(span: Span, before: Mapping[str, str]) -> dict[str, str]:
    """
    Return what the calls of models tell of their task: *before*, and now *span*.

    The first one is asked what the agent is, and the last one's answer is the agent's.
    """
    if _operation(span) not in _MODEL_CALLS:
        return dict(before)
    now = _conversation(span)
    now[semconv.GEN_AI_REQUEST_MODEL] = span.attributes.get(semconv.GEN_AI_REQUEST_MODEL)
    known = {key: _cut(value) for key, value in now.items() if isinstance(value, str)}
    answered = {key: known[key] for key in (semconv.TASK_RESULT,) if key in known}
    return {**known, **before, **answered}


def step(span: Span) -> Span:
    """Return the call of a model, of a tool or of another agent as a step, as yet unnumbered."""
    if is_agent(span):
        facts = _agent_call(span)
    elif _operation(span) == semconv.EXECUTE_TOOL:
        facts = _tool_call(span)
    else:
        facts = _model_call(span)
    return _with(span, {**facts, semconv.STEP_SUCCESS: not _is_failed(span), **_failure(span)})


def _operation(span: Span) -> str:
    return str(span.attributes.get(semconv.GEN_AI_OPERATION_NAME))


def _cut(text: str) -> str:
    return text if len(text) <= _MAX_OVERHEARD_CHARS else text[:_MAX_OVERHEARD_CHARS] + "…"


def _conversation(span: Span) -> dict[str, Any]:
    return {
        semconv.TASK_DESCRIPTION: _asked(span),
        semconv.TASK_RESULT: _texts(_last(_messages(span, semconv.GEN_AI_OUTPUT_MESSAGES))),
    }


def _asked(span: Span) -> str | None:
    """Return the last words of a person; what a tool answers may stand there, too."""
    texts = [
        _texts(message)
        for message in _messages(span, semconv.GEN_AI_INPUT_MESSAGES)
        if message.get("role") == "user"
    ]
    return next((text for text in reversed(texts) if text), None)


def _with(span: Span, facts: Mapping[str, Any]) -> Span:
    known = {key: value for key, value in facts.items() if value is not None}
    # Escapes in JSON text hide from the first cleaning what they are now: U+0000, half a surrogate.
    return replace(span, attributes={**span.attributes, **clean(known)[0]})


def _tool_call(span: Span) -> dict[str, Any]:
    name = span.attributes.get(semconv.GEN_AI_TOOL_NAME)
    result = span.attributes.get(semconv.GEN_AI_TOOL_CALL_RESULT)
    action = _action(
        str(name or span.name), _parsed(span.attributes.get(semconv.GEN_AI_TOOL_CALL_ARGUMENTS))
    )
    return {
        semconv.STEP_TYPE: "action",
        semconv.STEP_ACTION: to_json(action),
        semconv.STEP_ACTION_NAME: action["action"],
        semconv.STEP_ACTION_RESULT: None if result is None else to_json(_parsed(result)),
        semconv.TIMING_ACTION_MS: _duration_ms(span),
        semconv.SCREENSHOT_SHA256: _last_picture(result),
    }


def _agent_call(span: Span) -> dict[str, Any]:
    answered = _texts(_last(_messages(span, semconv.GEN_AI_OUTPUT_MESSAGES)))
    action = {
        "action": semconv.INVOKE_AGENT,
        "agent": span.attributes.get(semconv.GEN_AI_AGENT_NAME),
        "message": _asked(span),
    }
    return {
        semconv.STEP_TYPE: "action",
        semconv.STEP_ACTION: to_json({key: value for key, value in action.items() if value}),
        semconv.STEP_ACTION_NAME: semconv.INVOKE_AGENT,
        semconv.STEP_ACTION_RESULT: None if answered is None else to_json({"message": answered}),
        semconv.TIMING_ACTION_MS: _duration_ms(span),
    }


def _model_call(span: Span) -> dict[str, Any]:
    answer = _last(_messages(span, semconv.GEN_AI_OUTPUT_MESSAGES))
    first_chunk_s = span.attributes.get(semconv.GEN_AI_RESPONSE_TIME_TO_FIRST_CHUNK)
    calls = [
        _action(str(part.get("name")), _parsed(part.get("arguments"))) for part in _calls(answer)
    ]
    return {
        semconv.STEP_TYPE: "thinking",
        semconv.STEP_THINKING: _texts(answer, "reasoning", "thinking", "text"),
        # Not its action: that is the step of the tool, which says what came of it, too.
        semconv.STEP_DATA: to_json({"tool_calls": calls}) if calls else None,
        semconv.TIMING_TTFT_MS: (
            round(first_chunk_s * 1000, 3) if isinstance(first_chunk_s, int | float) else None
        ),
        semconv.TIMING_MODEL_MS: _duration_ms(span),
        semconv.SCREENSHOT_SHA256: _last_picture(_new_ones(span)),
    }


def _action(name: str, arguments: Any) -> dict[str, Any]:
    """Return a call as our actions are; of a tool that is told an action, this is the name."""
    if not isinstance(arguments, Mapping):
        return {"action": name} if arguments is None else {"action": name, "arguments": arguments}
    if isinstance(arguments.get("action"), str):
        return {"tool": name, **arguments}
    return {"action": name} | {key: arguments[key] for key in arguments if key != "action"}


def _is_failed(span: Span) -> bool:
    return span.status_code == _STATUS_ERROR or semconv.ERROR_TYPE in span.attributes


def _failure(span: Span) -> dict[str, Any]:
    if not _is_failed(span):
        return {}
    kind = "model_error" if _operation(span) in _MODEL_CALLS else "action_error"
    return {
        semconv.STEP_ERROR_KIND: kind,
        semconv.STEP_ERROR_MESSAGE: _error_message(span),
    }


def _error_message(span: Span) -> str | None:
    if not _is_failed(span):
        return None
    error_type = span.attributes.get(semconv.ERROR_TYPE)
    return span.status_message or (None if error_type is None else str(error_type))


def _duration_ms(span: Span) -> float:
    return round(max(0, span.end_time_unix_nano - span.start_time_unix_nano) / 1e6, 3)


def _parsed(value: Any) -> Any:
    """Return what the JSON text *value* says; anything else as it is."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value


def _messages(span: Span, key: str) -> list[Mapping[str, Any]]:
    value = _parsed(span.attributes.get(key))
    return [each for each in value if isinstance(each, Mapping)] if isinstance(value, list) else []


def _last(messages: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    return messages[-1] if messages else {}


def _new_ones(span: Span) -> list[Mapping[str, Any]]:
    """Return what came after the model's last answer: an older picture is not the screen now."""
    messages = _messages(span, semconv.GEN_AI_INPUT_MESSAGES)
    answers = [index for index, each in enumerate(messages) if each.get("role") == "assistant"]
    return messages[answers[-1] + 1 :] if answers else messages


def _parts(message: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    parts = message.get("parts")
    yield from (
        (each for each in parts if isinstance(each, Mapping)) if isinstance(parts, list) else ()
    )


def _texts(message: Mapping[str, Any], *kinds: str) -> str | None:
    """Return what the parts of *kinds*, by default texts, say, one after the other."""
    wanted = kinds or ("text",)
    texts = (each.get("content") for each in _parts(message) if each.get("type") in wanted)
    return "\n".join(text for text in texts if isinstance(text, str)) or None


def _calls(message: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    return (each for each in _parts(message) if each.get("type") == "tool_call")


def _last_picture(value: Any) -> str | None:
    """Return the name of the last picture that *value* refers to: the screen at that time."""
    names = _PICTURE.findall(value if isinstance(value, str) else to_json(value))
    return names[-1] if names else None
