"""What is said of a step, as attributes of its span; what is not captured is not among them."""

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
        finished: Whether this step ended its task.
    """

    thinking: str | None
    action: Any
    action_result: Any
    data: Any
    metadata: Any
    app: str | None
    finished: bool | None


def said(**known: Unpack[Known]) -> dict[str, AttributeValue]:
    """Return the attributes that say what is *known*, of whatever type it is; never raises."""
    words: dict[str, AttributeValue] = {}
    if (thinking := known.get("thinking")) is not None and captures("thinking"):
        words[semconv.STEP_THINKING] = text_of(thinking) or ""
    if (action := known.get("action")) is not None:
        name = None
        with unharmed("record the name of an action"):
            name = action_name(action)
        if name is not None and (captures("action") or not isinstance(action, str)):
            words[semconv.STEP_ACTION_NAME] = name
    if captures("action"):
        if (app := known.get("app")) is not None:
            words[semconv.STEP_APP] = text_of(app) or ""
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
    return words
