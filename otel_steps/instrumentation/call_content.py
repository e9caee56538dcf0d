"""What a call to a model or a tool may say of its content, in the conventions that ask for it."""

from typing import Any, Final

from otel_steps import semconv
from otel_steps.emit import genai, vocabularies
from otel_steps.emit.content_switch import captures
from otel_steps.emit.step_span import StepSpan

# Parts of the content, and the fields of a model's response that hold them.
_MODEL_PARTS: Final = ("thinking", "action")


def chat_content(
    step: StepSpan, messages: Any, response: Any, finish_reason: str | None
) -> dict[str, str]:
    """Return what the model of *step* was asked and has answered; it holds both kinds of text."""
    if not vocabularies.tells_content() or not all(captures(part) for part in _MODEL_PARTS):
        return {}
    # As a rule it is there: a model takes longer than a hash.
    step.await_picture()
    thinking, text = (getattr(response, name, None) for name in _MODEL_PARTS)
    answer = genai.reply(
        thinking=thinking if isinstance(thinking, str) else None,
        text=text if isinstance(text, str) else None,
        finish_reason=finish_reason,
    )
    return vocabularies.content(
        {
            semconv.GEN_AI_INPUT_MESSAGES: genai.messages(messages, sha256=step.sha256),
            semconv.GEN_AI_OUTPUT_MESSAGES: [answer],
        },
        thumbnail=step.thumbnail,
    )


def tool_arguments(action: Any) -> dict[str, str]:
    """Return the arguments of *action*."""
    if not vocabularies.tells_content() or not captures("action"):
        return {}
    return vocabularies.content({semconv.GEN_AI_TOOL_CALL_ARGUMENTS: genai.arguments(action)})


def tool_result(facts: Any) -> dict[str, str]:
    """Return what came of an action."""
    if not vocabularies.tells_content() or not captures("result"):
        return {}
    return vocabularies.content({semconv.GEN_AI_TOOL_CALL_RESULT: facts})
