"""
Pictures that stand in attributes, taken out. Pure.

Multimodal conventions put a screenshot into a message as base64: a blob of GenAI's conventions, a
data URL of OpenAI's or OpenInference's. There it would be cut like any text of that length, and
come again with each later call of the conversation. Taken out, it is a file named by its hash, and
the message says which.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any, Final

from otel_steps import semconv
from otel_steps.pictures import sources, texts
from otel_steps.pictures.captured import PictureError

REFERENCE: Final = "otel_steps:sha256:"
# What stands in place of a picture that is not to be kept, where it is no value of its own.
LEFT_OUT: Final = "…[picture]…"

_DATA_URL: Final = re.compile(r"data:image/", re.IGNORECASE)
# No attribute that is shorter holds a picture: 24 bytes of a header are 32 characters.
_MIN_CHARS: Final = 32
# Wherever in a text; base64 without a `data:` before it is a picture if it is long.
_ANYWHERE: Final = re.compile(
    r"(?i:data:image\\?/)[\w.+-]{1,40}(?:;[\w=-]{1,40}){0,4},[\w+/=%\\-]*"
    r"|(?:iVBORw0KGgo|\\?/9j\\?/|UklGR|R0lGOD)[\w+/=\\-]{64,}",
    re.ASCII,
)

# Type -> content, in a blob of GenAI, of Anthropic and of Gemini.
_BLOBS: Final = {"mime_type": ("content", "data"), "media_type": ("data",), "mimeType": ("data",)}
_SCALARS: Final = frozenset({bool, int, float, type(None)})
# Of what a person or a model says; deeper down there is no message.
_MAX_DEPTH: Final = 32


class Pictures(dict[str, bytes]):
    """
    Pictures by their name, in the order in which they were met.

    Args:
        is_kept: False where none is to be kept: then what only contains one loses it, too.
    """

    def __init__(self, *, is_kept: bool = True) -> None:
        super().__init__()
        self._is_kept = is_kept

    def take_out(self, attributes: Mapping[str, Any]) -> dict[str, Any]:
        """
        Return *attributes* with references in place of pictures, and one more with their names.

        What is no picture, or larger than one may be, stays as it is, unless none is to be kept.

        Args:
            attributes: As a span has them before they are cleaned, which cuts long texts.
        """
        found: dict[str, None] = {}
        taken = dict(attributes)
        for key, value in attributes.items():
            # Nearly every attribute leaves here, on the agent's thread: a text without a picture,
            # a number or a flag.
            kind = type(value)
            if kind is str:
                if len(value) < _MIN_CHARS or (self._is_kept and not _may_hold_one(value)):
                    continue
            elif kind in _SCALARS:
                continue
            taken[key] = self._attribute(value, found)
        # Whoever sends these names has not taken anything out.
        taken.pop(semconv.SPAN_PICTURES, None)
        if found:
            taken[semconv.SPAN_PICTURES] = list(found)
        return taken

    def _attribute(self, value: Any, found: dict[str, None]) -> Any:
        """Messages are values or, more often, the JSON text of them."""
        taken = self._taken(value, found)
        return taken if self._is_kept else _without_pictures(taken, 0)

    def _taken(self, value: Any, found: dict[str, None]) -> Any:
        if type(value) is not str or value[0] not in "[{" or not _may_hold_one(value):
            return self._value(value, found, 0)
        try:
            parsed = json.loads(value)
        except (ValueError, RecursionError):
            return self._text(value, found)
        taken = self._value(parsed, found, 0)
        return value if taken == parsed else json.dumps(taken, ensure_ascii=False)

    def _value(self, value: Any, found: dict[str, None], depth: int) -> Any:
        # Exact types alone: of others foreign code would run, and `clean` sees to them.
        if type(value) is str:
            is_picture = value.startswith(texts.BASE64_STARTS) or _DATA_URL.match(value)
            return self._reference(value, found) if is_picture else self._text(value, found)
        if type(value) is bytes:
            return self._reference(value, found)
        if depth > _MAX_DEPTH:
            return value
        if type(value) in (list, tuple):
            return [self._value(item, found, depth + 1) for item in value]
        if type(value) is dict:
            value = self._blob(value, found)
            return {key: self._value(item, found, depth + 1) for key, item in value.items()}
        return value

    def _text(self, text: str, found: dict[str, None]) -> str:
        """Take pictures out of *text* that says more: Markdown, a page, JSON within JSON."""
        if len(text) < _MIN_CHARS or not _may_hold_one(text):
            return text
        return _ANYWHERE.sub(lambda match: str(self._reference(match[0], found)), text)

    def _blob(self, part: dict[str, Any], found: dict[str, None]) -> dict[str, Any]:
        for type_key, content_keys in _BLOBS.items():
            kind = part.get(type_key)
            if type(kind) is not str or not kind.startswith("image/"):
                continue
            for key in content_keys:
                if type(part.get(key)) is str:
                    url = f"data:image/any;base64,{part[key]}"
                    taken = self._reference(url, found)
                    if taken is not url:
                        return {**part, key: taken}
                    # A picture of a kind that is not kept, or of none that can be read.
                    return part if self._is_kept else {**part, key: LEFT_OUT}
        return part

    def _reference(self, source: str | bytes, found: dict[str, None]) -> str | bytes:
        try:
            data = sources.read(source)
        except PictureError:
            return source
        sha256 = hashlib.sha256(data).hexdigest()
        if self._is_kept:
            self.setdefault(sha256, data)
        found.setdefault(sha256)
        return REFERENCE + sha256


def _may_hold_one(text: str) -> bool:
    """Tell whether *text*, which may be JSON, may hold a picture; for all others this is quick."""
    return (
        "image" in text
        or "/9j" in text
        or "iVBORw0KGgo" in text
        or "UklGR" in text
        or "R0lGOD" in text
        or text[:5].lower() == "data:"
    )


def _without_pictures(value: Any, depth: int) -> Any:
    """Return *value* without what looks like a picture, of whatever size and in whatever shape."""
    if type(value) is str:
        return _ANYWHERE.sub(LEFT_OUT, value)
    if type(value) is bytes or depth > _MAX_DEPTH:
        return LEFT_OUT
    if type(value) in (list, tuple):
        return [_without_pictures(item, depth + 1) for item in value]
    if type(value) is dict:
        return {key: _without_pictures(item, depth + 1) for key, item in value.items()}
    return value
