"""
What an operation of another instrumentation is to us: a task or a step. Pure.

An agent is a task, and so is all of its trace; what it asks a model and what it has a tool do are
steps. The attributes that make a span so are added, the others stay as they came: whoever reads the
row finds both. What a span does not say, such as content that was not captured, its row lacks.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from otel_steps import semconv
from otel_steps.foreign_spans.genai import error_message, kept_elsewhere
from otel_steps.foreign_spans.messages import (
    Message,
    calls,
    messages,
    parsed,
    pictures_elsewhere,
    texts,
)
from otel_steps.foreign_spans.operation import Operation
from otel_steps.otlp.span import Span
from otel_steps.pictures.inline import REFERENCE
from otel_steps.sanitize import clean, to_json

_STATUS_ERROR: Final = 2
_ERROR_TEXT: Final = "error.message"
_PICTURE: Final = re.compile(re.escape(REFERENCE) + "([0-9a-f]{64})")
# What was said, now or before: a picture among it may be of a screen that is gone.
_TALK: Final = (
    *("gen_ai.", "llm.", "ai.", "input.", "output.", "traceloop.", "lmnr."),
    *("gcp.", "langfuse.", "logfire.", "all_messages", "pydantic_ai."),
)
# How what several libraries say at their limit of steps begins: the class of it, or its words.
_LIMIT: Final = re.compile(
    r"(?:\w+\.)*(?:MaxTurnsExceeded|GraphRecursionError|AgentMaxStepsError)\b"
    r"|Max turns exceeded\b|Reached max(?:imum)? step"
)
# Tools that a model has its host run, which has no span for it.
_OF_THE_HOST: Final = frozenset({"computer_call", "computer_use_preview"})
# What no column has, and a statistic wants under one name.
_FIGURES: Final = (
    semconv.GEN_AI_REQUEST_MODEL,
    semconv.GEN_AI_USAGE_INPUT_TOKENS,
    semconv.GEN_AI_USAGE_OUTPUT_TOKENS,
    semconv.GEN_AI_USAGE_CACHE_READ_INPUT_TOKENS,
    semconv.GEN_AI_USAGE_CACHE_WRITE_INPUT_TOKENS,
    semconv.GEN_AI_USAGE_REASONING_OUTPUT_TOKENS,
    semconv.GEN_AI_USAGE_IMAGE_INPUT_TOKENS,
)


def task(agent: Operation, overheard: Mapping[str, str]) -> Span:
    """
    Return the run of an agent as a task; what it does not say itself may be *overheard*.

    One that says nothing at all but that it went well, as what stands around the agents of a
    workflow does, ended as the last of these.
    """
    told = conversation(agent)
    is_silent = not _is_failed(agent) and not any(told.values())
    facts = {
        semconv.GEN_AI_AGENT_NAME: agent.said.get(semconv.GEN_AI_AGENT_NAME),
        semconv.GEN_AI_REQUEST_MODEL: agent.said.get(semconv.GEN_AI_REQUEST_MODEL),
        semconv.SESSION_ID: agent.said.get(
            semconv.SESSION_ID, agent.said.get(semconv.GEN_AI_CONVERSATION_ID)
        ),
        **told,
        semconv.TASK_ID: agent.span.trace_id,
    }
    said = {key: value for key, value in facts.items() if value is not None}
    own = {} if is_silent and semconv.TASK_STATUS in overheard else ending(agent)
    return _with(agent.span, {**overheard, **said, **own})


def ending(agent: Operation) -> dict[str, str | None]:
    """Return how *agent* ended, by the key of the task's attribute."""
    if not _is_failed(agent):
        return {semconv.TASK_STATUS: "completed", semconv.TASK_ERROR_MESSAGE: None}
    said = (agent.said.get(semconv.ERROR_TYPE), agent.span.status_message, _error_message(agent))
    if any(_LIMIT.match(str(each)) for each in said):
        return {semconv.TASK_STATUS: "max_steps", semconv.TASK_ERROR_MESSAGE: None}
    return {semconv.TASK_STATUS: "failed", semconv.TASK_ERROR_MESSAGE: _error_message(agent)}


def step(operation: Operation, screen: str | None = None) -> Span:
    """Return what an agent did as a step, as yet unnumbered."""
    if operation.kind == "agent":
        facts = _agent_call(operation)
    elif operation.kind == "model":
        facts = _model_call(operation)
    elif operation.kind == "part":
        facts = {semconv.STEP_TYPE: "screenshot"}
    else:
        facts = _tool_call(operation)
    if facts.get(semconv.SCREENSHOT_SHA256) is None:
        facts[semconv.SCREENSHOT_SHA256] = _picture_beside(operation.span) or screen
    outcome = {semconv.STEP_SUCCESS: not _is_failed(operation), **_failure(operation)}
    return _with(operation.span, {**facts, **outcome})


def conversation(operation: Operation) -> dict[str, Any]:
    """Return what was asked and answered, by the key of the task's attribute."""
    return {
        semconv.TASK_DESCRIPTION: _asked(operation),
        semconv.TASK_RESULT: texts(_answer(operation)),
    }


def listed(span: Span, description: str | None) -> Span:
    """Return *span*, the first of its trace, as one that names the trace as a task."""
    return _with(
        span,
        {
            semconv.TASK_ID: span.trace_id,
            semconv.TASK_DESCRIPTION: description or span.name or "unnamed trace",
        },
    )


def _asked(operation: Operation) -> str | None:
    """Return the last words of a person; what a tool answers may stand there, too."""
    asked = messages(operation.said.get(semconv.GEN_AI_INPUT_MESSAGES))
    found = [texts(message) for message in asked if message.get("role") == "user"]
    return next((text for text in reversed(found) if text), None)


def _answer(operation: Operation) -> Message:
    answers = messages(operation.said.get(semconv.GEN_AI_OUTPUT_MESSAGES))
    return answers[-1] if answers else {}


def _with(span: Span, facts: Mapping[str, Any]) -> Span:
    known = {key: value for key, value in facts.items() if value is not None}
    # Escapes in JSON text hide from the first cleaning what they are now: U+0000, half a surrogate.
    return replace(span, attributes={**span.attributes, **clean(known)[0]})


def _tool_call(operation: Operation) -> dict[str, Any]:
    said = operation.said
    result = said.get(semconv.GEN_AI_TOOL_CALL_RESULT)
    name = said.get(semconv.GEN_AI_TOOL_NAME) or operation.span.name
    action = _action(str(name), parsed(said.get(semconv.GEN_AI_TOOL_CALL_ARGUMENTS)))
    return {
        semconv.STEP_TYPE: "action",
        semconv.STEP_ACTION: to_json(action),
        semconv.STEP_ACTION_NAME: action["action"],
        semconv.STEP_ACTION_RESULT: None if result is None else to_json(parsed(result)),
        semconv.TIMING_ACTION_MS: _duration_ms(operation.span),
        semconv.SCREENSHOT_SHA256: _last_picture(result),
    }


def _agent_call(operation: Operation) -> dict[str, Any]:
    answered = texts(_answer(operation))
    action = {
        "action": semconv.INVOKE_AGENT,
        "agent": operation.said.get(semconv.GEN_AI_AGENT_NAME),
        "message": _asked(operation),
    }
    return {
        semconv.STEP_TYPE: "action",
        semconv.STEP_ACTION: to_json({key: value for key, value in action.items() if value}),
        semconv.STEP_ACTION_NAME: semconv.INVOKE_AGENT,
        semconv.STEP_ACTION_RESULT: None if answered is None else to_json({"message": answered}),
        semconv.TIMING_ACTION_MS: _duration_ms(operation.span),
    }


def _model_call(operation: Operation) -> dict[str, Any]:
    answer = _answer(operation)
    first_chunk_s = operation.said.get(semconv.GEN_AI_RESPONSE_TIME_TO_FIRST_CHUNK)
    asked_for = [(str(part.get("name")), part.get("arguments")) for part in calls(answer)]
    of_the_host = [each for each in asked_for if each[0] in _OF_THE_HOST]
    return {
        semconv.STEP_TYPE: "thinking",
        semconv.STEP_THINKING: texts(answer, "reasoning", "text"),
        # Not its action: that is the step of the tool, which says what came of it, too.
        semconv.STEP_DATA: _data(
            tool_calls=[_action(*each) for each in asked_for],
            kept_elsewhere=_kept_elsewhere(operation),
        ),
        **(_host_call(*of_the_host[0]) if of_the_host else {}),
        semconv.TIMING_TTFT_MS: (
            round(first_chunk_s * 1000, 3) if isinstance(first_chunk_s, int | float) else None
        ),
        semconv.TIMING_MODEL_MS: _duration_ms(operation.span),
        semconv.SCREENSHOT_SHA256: _last_picture(_new_ones(operation)),
        **{key: operation.said.get(key) for key in _FIGURES},
    }


def _kept_elsewhere(operation: Operation) -> dict[str, Any]:
    """Return where messages and new pictures are that the span itself lacks; never fetched."""
    new = _new_ones(operation)
    pictures = list(dict.fromkeys(url for each in new for url in pictures_elsewhere(each)))
    return kept_elsewhere(operation.said) | ({"pictures": pictures} if pictures else {})


def _data(**facts: Any) -> str | None:
    known = {key: value for key, value in facts.items() if value}
    return to_json(known) if known else None


def _host_call(name: str, arguments: Any) -> dict[str, Any]:
    """Return the action that no span of a tool will tell of."""
    action = _action(name, arguments)
    return {
        semconv.STEP_ACTION: to_json(action),
        semconv.STEP_ACTION_NAME: action["action"],
    }


def _action(name: str, arguments: Any) -> dict[str, Any]:
    """Return a call as our actions are; of a tool that is told an action, this is the name."""
    if not isinstance(arguments, Mapping):
        return {"action": name} if arguments is None else {"action": name, "arguments": arguments}
    if isinstance(arguments.get("kwargs"), Mapping) and isinstance(arguments.get("args"), list):
        # Of a function, as Python passes them.
        unnamed = {"arguments": arguments["args"]} if arguments["args"] else {}
        arguments = {**unnamed, **arguments["kwargs"]}
    inner = arguments.get("action")
    if isinstance(inner, Mapping):  # {"action": {"type": "click", "x": …}}
        arguments = {**arguments, **inner, "action": inner.get("type")}
    elif inner is None and name in _OF_THE_HOST:  # {"type": "click", "x": …}
        arguments = {**arguments, "action": arguments.get("type")}
    if isinstance(arguments.get("action"), str):
        return {"tool": name, **arguments}
    return {"action": name} | {key: arguments[key] for key in arguments if key != "action"}


def _is_failed(operation: Operation) -> bool:
    return operation.span.status_code == _STATUS_ERROR or semconv.ERROR_TYPE in operation.said


def _failure(operation: Operation) -> dict[str, Any]:
    if not _is_failed(operation):
        return {}
    return {
        semconv.STEP_ERROR_KIND: "model_error" if operation.kind == "model" else "action_error",
        semconv.STEP_ERROR_MESSAGE: _error_message(operation),
    }


def _error_message(operation: Operation) -> str | None:
    """Return the words of the status, or of the exception beside it, or the class alone."""
    if not _is_failed(operation):
        return None
    span = operation.span
    error_type = operation.said.get(semconv.ERROR_TYPE)
    told = span.status_message or error_message(span) or operation.said.get(_ERROR_TEXT)
    return told or (None if error_type is None else str(error_type))


def _duration_ms(span: Span) -> float:
    return round(max(0, span.end_time_unix_nano - span.start_time_unix_nano) / 1e6, 3)


def _new_ones(operation: Operation) -> Sequence[Message]:
    """Return what came after the model's last answer: an older picture is not the screen now."""
    asked = messages(operation.said.get(semconv.GEN_AI_INPUT_MESSAGES))
    answers = [index for index, each in enumerate(asked) if each.get("role") == "assistant"]
    return asked[answers[-1] + 1 :] if answers else asked


def _picture_beside(span: Span) -> str | None:
    """Return the name of a picture that is an attribute of its own, whatever it is called."""
    beside = [
        name
        for key, value in span.attributes.items()
        if isinstance(value, str) and not key.startswith(_TALK) and (name := _last_picture(value))
    ]
    return beside[-1] if beside else None


def _last_picture(value: Any) -> str | None:
    """Return the name of the last picture that *value* refers to: the screen at that time."""
    names = _PICTURE.findall(value if isinstance(value, str) else to_json(value))
    return names[-1] if names else None
