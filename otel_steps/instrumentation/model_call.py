"""What a call of the model shows: the screen in its messages, and who else watches the call."""

import json
import re
import sys
from collections.abc import Iterator, Mapping
from typing import Any, Final

import wrapt
from opentelemetry import trace

# The two ways in which agents tell their model.
_SCREEN_INFO: Final = '{"current_app"'
_APP_LINE: Final = re.compile(r"^Current app: (.+)$", re.MULTILINE)
# Where the instrumentations of OpenAI's client put their wrapper: module, class, method.
_OPENAI_CALLS: Final = (
    ("openai.resources.chat.completions", "Completions", "create"),
    ("openai", "OpenAI", "request"),
)


def picture_in(messages: Any) -> str | None:
    """Return the URL of the first picture in the last of *messages*."""
    for part in _parts(messages, "image_url"):
        image = part.get("image_url")
        url = image.get("url") if isinstance(image, Mapping) else image
        return url if isinstance(url, str) else None
    return None


def app_in(messages: Any) -> str | None:
    """Return the app that the last of *messages* says is in front."""
    for part in _parts(messages, "text"):
        if app := _app_in(str(part.get("text"))):
            return app
    return None


def is_openai_watched(*, is_async: bool = False) -> bool:
    """Tell whether somebody else makes the span of the call of a model."""
    if isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider):
        return False  # who watches has no provider to make one with
    for module, owner, name in _OPENAI_CALLS:
        client = getattr(sys.modules.get(module), f"{'Async' * is_async}{owner}", object)
        call = vars(client).get(name)
        if isinstance(call, wrapt.FunctionWrapper):
            return True
    return False


def _app_in(text: str) -> str | None:
    start = text.rfind(_SCREEN_INFO)
    if start < 0:
        line = _APP_LINE.search(text)
        return line[1] if line is not None else None
    try:
        app = json.JSONDecoder().raw_decode(text, start)[0]["current_app"]
    except ValueError:
        return None
    return app if isinstance(app, str) else None


def _parts(messages: Any, kind: str) -> Iterator[Mapping[str, Any]]:
    last = messages[-1] if isinstance(messages, list) and messages else None
    content = last.get("content") if isinstance(last, Mapping) else None
    for part in content if isinstance(content, list) else ():
        if isinstance(part, Mapping) and part.get("type") == kind:
            yield part
