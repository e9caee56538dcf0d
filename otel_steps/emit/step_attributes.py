"""What is said of a step, as attributes of its span; what is not captured is not among them."""

from typing import Any

from opentelemetry.util.types import AttributeValue

from otel_steps import semconv
from otel_steps.action.words import action_name
from otel_steps.emit.content_switch import captures
from otel_steps.emit.protection import unharmed
from otel_steps.emit.span_values import text_of
from otel_steps.sanitize import to_json


def said(
    *,
    thinking: str | None = None,
    action: Any = None,
    action_result: Any = None,
    data: Any = None,
    metadata: Any = None,
    app: str | None = None,
    finished: bool | None = None,
) -> dict[str, AttributeValue]:
    """
    Return the attributes that say what is given, of whatever type it is; never raises.

    Args:
        thinking: The model's reasoning, in full.
        action: As the model asked for it. Its name is recorded even without content; one that is a
            mere text has no name to be told from it.
        action_result: What came of the action.
        data: Whatever else the author of the step wants to keep.
        metadata: What `StepTracker` calls so.
        app: The app in front when the step began.
        finished: Whether this step ended its task.
    """
    words: dict[str, AttributeValue] = {}
    if thinking is not None and captures("thinking"):
        words[semconv.STEP_THINKING] = text_of(thinking) or ""
    if action is not None:
        name = None
        with unharmed("record the name of an action"):
            name = action_name(action)
        if name is not None and (captures("action") or not isinstance(action, str)):
            words[semconv.STEP_ACTION_NAME] = name
    if captures("action"):
        if app is not None:
            words[semconv.STEP_APP] = text_of(app) or ""
        for key, value in (
            (semconv.STEP_ACTION, action),
            (semconv.STEP_DATA, data),
            (semconv.STEP_METADATA, metadata),
        ):
            if value is not None:
                words[key] = to_json(value)
    if action_result is not None and captures("result"):
        words[semconv.STEP_ACTION_RESULT] = to_json(action_result)
    if finished is not None:
        words[semconv.STEP_FINISHED] = finished
    return words
