"""
Which conventions a span speaks beside our own, and its content in their words.

Where none is switched on, which is the default, callers ask `tells_content` and build nothing.
"""

from collections.abc import Mapping
from typing import Any

from otel_steps import semconv
from otel_steps.emit import genai, openinference
from otel_steps.sanitize import to_json

_speaks_openinference = False


def set_openinference(is_on: bool) -> None:
    """Say everything in the words of OpenInference, too, from now on."""
    global _speaks_openinference  # noqa: PLW0603 - one for the process, as the tracer is
    _speaks_openinference = is_on


def tells_content() -> bool:
    """Tell whether `content` has any use for what it is given."""
    return _speaks_openinference or genai.is_captured()


def content(said: Mapping[str, Any], *, thumbnail: str | None = None) -> dict[str, str]:
    """
    Return the attributes that tell *said* in the conventions that are switched on.

    Args:
        said: Content by its `gen_ai.*` key, in the shape that `genai` gives it; None is left out.
        thumbnail: URL of the picture in the last message.
    """
    said = {key: value for key, value in said.items() if value is not None}
    words = {key: to_json(value) for key, value in said.items()} if genai.is_captured() else {}
    if _speaks_openinference:
        words |= openinference.content(said, thumbnail=thumbnail)
    return words


def asked(description: str | None) -> dict[str, str]:
    """Return what a new task adds, which was asked for with *description*."""
    if description is None or not tells_content():
        return {}
    return content({semconv.GEN_AI_INPUT_MESSAGES: [genai.text_message("user", description)]})


def answered(result: str) -> dict[str, str]:
    """Return what a task that ends with *result* adds."""
    if not tells_content():
        return {}
    return content({semconv.GEN_AI_OUTPUT_MESSAGES: [genai.reply(text=result)]})


def kind(attributes: Mapping[str, Any]) -> dict[str, str]:
    """Return the kind of a new span with *attributes*, where a convention asks for it."""
    return openinference.kind(attributes) if _speaks_openinference else {}


def step(attributes: Mapping[str, Any] | None) -> dict[str, str]:
    """Return what a step that ends with *attributes* adds."""
    return openinference.step(attributes or {}) if _speaks_openinference else {}


def thumbnail(picture: bytes) -> str | None:
    """Return the URL of a small copy of *picture*, where a convention asks for one."""
    return openinference.thumbnail_url(picture) if _speaks_openinference else None
