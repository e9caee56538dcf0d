"""What a step says of a picture that it was given, or why there is none."""

import hashlib
from collections.abc import Callable
from typing import Any

from otel_steps import semconv
from otel_steps.emit.span_values import describe_error
from otel_steps.pictures.captured import PictureError, describe
from otel_steps.sanitize import scrub

# The bytes, or what returns them on another thread; it may raise `PictureError`.
Given = bytes | Callable[[], bytes]


def facts_of(picture: Given) -> tuple[bytes | None, dict[str, Any]]:
    """Return a picture and the attributes that name it; of what is none, they say why as well."""
    data = None
    try:
        data = picture() if callable(picture) else picture
        info = describe(data)
    except PictureError as error:
        return _refused(data or error.given, str(error))
    except Exception as error:  # noqa: BLE001 - an edge: the step says what became of it
        return _refused(None, f"not recorded: {describe_error(error)}")
    return data, {
        semconv.SCREENSHOT_SHA256: info.sha256,
        semconv.SCREENSHOT_WIDTH: info.width,
        semconv.SCREENSHOT_HEIGHT: info.height,
        semconv.SCREENSHOT_SIZE: info.size,
        semconv.SCREENSHOT_MIME_TYPE: info.mime_type,
    }


def _refused(given: bytes | None, message: str) -> tuple[bytes | None, dict[str, Any]]:
    """What was given goes the way of all pictures: the store refuses it, and it is set aside."""
    facts: dict[str, Any] = {semconv.SCREENSHOT_ERROR: scrub(message)}
    if given:
        facts[semconv.SCREENSHOT_SHA256] = hashlib.sha256(given).hexdigest()
        facts[semconv.SCREENSHOT_SIZE] = len(given)
    return given or None, facts
