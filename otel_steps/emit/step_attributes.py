"""What is said of a step, as attributes of its span; what is not captured is not among them."""

from operator import index
from typing import Any, TypedDict, Unpack

from opentelemetry.util.types import AttributeValue

from otel_steps import semconv
from otel_steps.action.words import action_name
from otel_steps.emit.content_switch import captures
from otel_steps.emit.protection import unharmed
from otel_steps.emit.span_values import text_of
from otel_steps.sanitize import to_json


class Known(TypedDict, total=False):
    """
    What may be known of a step; what is None is not.

    Attributes:
        thinking: The model's reasoning, in full.
        action: As the model asked for it. Its name is recorded even without content; one that is a
            mere text has no name to be told from it.
        action_result: What came of the action.
        data: Whatever else the author of the step wants to keep.
        metadata: What `StepTracker` calls so.
        app: The app in front when the step began.
        coordinates: What the places of the action count in, one of `action.places.COORDINATES`.
        finished: Whether this step ended its task.
        input_tokens, output_tokens, cached_tokens: What it has used of its model.
    """

    thinking: str | None
    action: Any
    action_result: Any
    data: Any
    metadata: Any
    app: str | None
    coordinates: str | None
    finished: bool | None
    input_tokens: int | None
    output_tokens: int | None
    cached_tokens: int | None


def said(**known: Unpack[Known]) -> dict[str, AttributeValue]:
    """Return the attributes that say what is *known*, of whatever type it is; never raises."""
    words: dict[str, AttributeValue] = {}
    if (thinking := known.get("thinking")) is not None and captures("thinking"):
        words[semconv.STEP_THINKING] = text_of(thinking) or ""
    if (action := known.get("action")) is not None and (name := _name_of(action)) is not None:
        words[semconv.STEP_ACTION_NAME] = name
    if captures("action"):
        for key, text in (
            (semconv.STEP_APP, known.get("app")),
            (semconv.STEP_COORDINATES, known.get("coordinates")),
        ):
            if text is not None:
                words[key] = text_of(text) or ""
        for key, value in (
            (semconv.STEP_ACTION, action),
            (semconv.STEP_DATA, known.get("data")),
            (semconv.STEP_METADATA, known.get("metadata")),
        ):
            if value is not None:
                words[key] = to_json(value)
    if (result := known.get("action_result")) is not None and captures("result"):
        words[semconv.STEP_ACTION_RESULT] = to_json(result)
    if (finished := known.get("finished")) is not None:
        words[semconv.STEP_FINISHED] = finished
    return words | _tokens(known)


def _name_of(action: Any) -> str | None:
    """Return the name of *action*, if that may be recorded."""
    name = None
    with unharmed("record the name of an action"):
        name = action_name(action)
    return name if captures("action") or not isinstance(action, str) else None


def _tokens(known: Known) -> dict[str, AttributeValue]:
    counts: dict[str, AttributeValue] = {}
    for key, count in (
        (semconv.GEN_AI_USAGE_INPUT_TOKENS, known.get("input_tokens")),
        (semconv.GEN_AI_USAGE_OUTPUT_TOKENS, known.get("output_tokens")),
        (semconv.GEN_AI_USAGE_CACHE_READ_INPUT_TOKENS, known.get("cached_tokens")),
    ):
        if count is not None:
            with unharmed("record a count of tokens"):
                counts[key] = index(count)
    return counts
