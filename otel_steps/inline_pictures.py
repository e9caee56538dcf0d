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

from otel_steps import picture, semconv
from otel_steps.picture import PictureError

REFERENCE: Final = "otel_steps:sha256:"

# PHP writes a slash in JSON with a backslash before it.
_HINT: Final = re.compile(r"image\\?/")
_DATA_URL: Final = re.compile(r"data:image/", re.IGNORECASE)

# Type -> content, in a blob of GenAI, of Anthropic and of Gemini.
_BLOBS: Final = {"mime_type": ("content", "data"), "media_type": ("data",), "mimeType": ("data",)}
# Of what a person or a model says; deeper down there is no message.
_MAX_DEPTH: Final = 32


class Pictures(dict[str, bytes]):
    """Pictures by their name, the order in which they were met."""

    def take_out(self, attributes: Mapping[str, Any]) -> dict[str, Any]:
        """
        Return *attributes* with references in place of pictures, and one more with their names.

        What is no picture, or larger than one may be, stays as it is.

        Args:
            attributes: As a span has them before they are cleaned, which cuts long texts.
        """
        found: dict[str, None] = {}
        taken = {key: self._attribute(value, found) for key, value in attributes.items()}
        # Whoever sends these names has not taken anything out.
        taken.pop(semconv.SPAN_PICTURES, None)
        if found:
            taken[semconv.SPAN_PICTURES] = list(found)
        return taken

    def _attribute(self, value: Any, found: dict[str, None]) -> Any:
        """Messages are values or, more often, the JSON text of them."""
        if not isinstance(value, str) or value[:1] not in ("[", "{") or not _HINT.search(value):
            return self._value(value, found, 0)
        try:
            parsed = json.loads(value)
        except (ValueError, RecursionError):
            return value
        before = len(found)
        taken = self._value(parsed, found, 0)
        return value if len(found) == before else json.dumps(taken, ensure_ascii=False)

    def _value(self, value: Any, found: dict[str, None], depth: int) -> Any:
        if isinstance(value, str):
            return self._reference(value, found) if _DATA_URL.match(value) else value
        if depth > _MAX_DEPTH:
            return value
        if isinstance(value, list):
            return [self._value(item, found, depth + 1) for item in value]
        if isinstance(value, dict):
            value = self._blob(value, found)
            return {key: self._value(item, found, depth + 1) for key, item in value.items()}
        return value

    def _blob(self, part: dict[str, Any], found: dict[str, None]) -> dict[str, Any]:
        for type_key, content_keys in _BLOBS.items():
            if not str(part.get(type_key)).startswith("image/"):
                continue
            for key in content_keys:
                if isinstance(part.get(key), str):
                    url = f"data:image/any;base64,{part[key]}"
                    taken = self._reference(url, found)
                    return part if taken is url else {**part, key: taken}
        return part

    def _reference(self, url: str, found: dict[str, None]) -> str:
        try:
            data = picture.read(url)
        except PictureError:
            return url
        sha256 = hashlib.sha256(data).hexdigest()
        self.setdefault(sha256, data)
        found.setdefault(sha256)
        return REFERENCE + sha256
