"""
The same facts in the words of OpenInference, for backends such as Phoenix. Off by default, pure.

Phoenix shows a picture only in the messages of a model call, and only one that the reader's browser
can load: a `http` address or a data URL. The viewer guards its pictures against pages of another
origin, so a call carries a thumbnail, as a data URL within the limit that OpenInference itself
sets. Such attributes are for other backends: rows have the facts, and the picture, without them.
"""

import base64
import io
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from otel_steps import semconv
from otel_steps.emit import genai
from otel_steps.otlp.span import Span
from otel_steps.pictures.captured import PictureError
from otel_steps.pictures.decoding import CODEC_ERRORS, decode
from otel_steps.process.forks import no_fork
from otel_steps.sanitize import to_json

_KINDS: Final = {
    semconv.INVOKE_AGENT: "AGENT",
    semconv.EXECUTE_TOOL: "TOOL",
    semconv.CHAT: "LLM",
}
_STEP_FACTS: Final = {
    "thinking": semconv.STEP_THINKING,
    "action": semconv.STEP_ACTION,
    "result": semconv.STEP_ACTION_RESULT,
}
_INPUT: Final = (semconv.OI_INPUT_VALUE, semconv.OI_INPUT_MIME_TYPE)
_OUTPUT: Final = (semconv.OI_OUTPUT_VALUE, semconv.OI_OUTPUT_MIME_TYPE)
_JSON: Final = "application/json"
_PREFIXES: Final = ("openinference.", "input.", "output.", "llm.")

# OPENINFERENCE_BASE64_IMAGE_MAX_LENGTH: what is longer counts as too much for an attribute.
_MAX_URL_CHARS: Final = 32_000
_WIDTHS: Final = (360, 240, 160)


def kind(attributes: Mapping[str, Any]) -> dict[str, str]:
    """Return the kind of a new span with *attributes*: a step, if it is no GenAI operation."""
    operation = attributes.get(semconv.GEN_AI_OPERATION_NAME)
    return {semconv.OI_SPAN_KIND: _KINDS.get(str(operation), "CHAIN")}


def step(attributes: Mapping[str, Any]) -> dict[str, str]:
    """Return what a step that ends with *attributes* adds: the app, and what was done in it."""
    found = {}
    if semconv.STEP_APP in attributes:
        found[semconv.OI_INPUT_VALUE] = str(attributes[semconv.STEP_APP])
    facts = [
        f'"{name}": {_as_json(attributes[key], is_text=name == "thinking")}'
        for name, key in _STEP_FACTS.items()
        if key in attributes
    ]
    if facts:
        found |= _json_value(_OUTPUT, "{" + ", ".join(facts) + "}")
    return found


def content(said: Mapping[str, Any], *, thumbnail: str | None = None) -> dict[str, str]:
    """
    Return the words for *said*, content by its `gen_ai.*` key as `genai` makes it.

    Args:
        said: Messages as lists, arguments and results as JSON values.
        thumbnail: URL of the picture in the last message to the model, where it has none itself.
    """
    found: dict[str, str] = {}
    if asked := said.get(semconv.GEN_AI_INPUT_MESSAGES):
        # The last one alone: a span holds 128 attributes, and the ones before are on other spans.
        found[semconv.OI_INPUT_VALUE] = genai.text_of(asked[-1])
        found |= _message(semconv.OI_INPUT_MESSAGE, asked[-1], thumbnail)
    if answered := said.get(semconv.GEN_AI_OUTPUT_MESSAGES):
        found[semconv.OI_OUTPUT_VALUE] = genai.text_of(answered[-1])
        found |= _message(semconv.OI_OUTPUT_MESSAGE, answered[-1], None)
    if semconv.GEN_AI_TOOL_CALL_ARGUMENTS in said:
        found |= _json_value(_INPUT, to_json(said[semconv.GEN_AI_TOOL_CALL_ARGUMENTS]))
    if semconv.GEN_AI_TOOL_CALL_RESULT in said:
        found |= _json_value(_OUTPUT, to_json(said[semconv.GEN_AI_TOOL_CALL_RESULT]))
    return found


@no_fork()  # Pillow loads itself bit by bit
def thumbnail_url(picture: bytes) -> str | None:
    """Return a small copy of *picture* as a data URL, or None where it cannot be read."""
    try:
        image = decode(picture).image
        for width in _WIDTHS:
            image.thumbnail((width, 4 * width))
            buffer = io.BytesIO()
            image.save(buffer, "WEBP", quality=60, method=2)
            text = base64.b64encode(buffer.getvalue()).decode("ascii")
            if len(text) <= _MAX_URL_CHARS:
                return f"data:image/webp;base64,{text}"
    except (PictureError, *CODEC_ERRORS):
        return None
    return None


def without(span: Span) -> Span:
    """Return *span* without what this module adds; spans of others stay as they are."""
    if semconv.OI_SPAN_KIND not in span.attributes or not span.scope_name.startswith("otel_steps"):
        return span
    kept = {key: value for key, value in span.attributes.items() if not key.startswith(_PREFIXES)}
    return replace(span, attributes=kept)


def _as_json(value: Any, *, is_text: bool) -> str:
    """Return JSON; a value that is JSON text already, as actions are, is not quoted once more."""
    return value if isinstance(value, str) and not is_text else to_json(value)


def _json_value(keys: tuple[str, str], value: str) -> dict[str, str]:
    value_key, type_key = keys
    return {value_key: value, type_key: _JSON}


def _message(prefix: str, message: genai.Message, thumbnail: str | None) -> dict[str, str]:
    found = {f"{prefix}.role": message["role"]}
    for number, part in enumerate(message["parts"]):
        place = f"{prefix}.contents.{number}.message_content"
        found |= {f"{place}.{name}": value for name, value in _part(part, thumbnail)}
        if part["type"] == genai.SCREENSHOT_PART:
            thumbnail = None  # of the first picture alone, the screen
    return found


def _part(part: Mapping[str, str], thumbnail: str | None) -> Iterator[tuple[str, str]]:
    if part["type"] not in (genai.SCREENSHOT_PART, genai.URI_PART):
        yield from (("type", part["type"]), ("text", part["content"]))
    elif (url := part.get("uri", thumbnail)) is not None:
        yield from (("type", "image"), ("image.image.url", url))
