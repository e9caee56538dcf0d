"""
The further pictures of a step, as the attribute `otel_steps.pictures` has them. Pure.

The one before the action is the step's screenshot and stands in attributes of its own; what came
after it, what was cut out and what was drawn on stand here, each with what it is.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from otel_steps.pictures.names import is_picture_name
from otel_steps.sanitize import to_json

# Of a step; a film is no picture.
MAX_PICTURES: Final = 16
MAX_ROLE_CHARS: Final = 50

_DEFAULT_ROLE: Final = "after"


@dataclass(frozen=True, slots=True, kw_only=True)
class StepPicture:
    """
    A further picture of a step.

    Attributes:
        role: One of `semconv.PictureRole`; others are kept as they are.
        sha256: Its name, None where there was nothing to name.
        caption: What its author says of it.
        sensitive: Whether the phone said that the screen must not be shown.
        error: Why there is none, or none that can be shown.
    """

    role: str = _DEFAULT_ROLE
    sha256: str | None = None
    caption: str | None = None
    sensitive: bool | None = None
    error: str | None = None


def to_text(pictures: Iterable[StepPicture]) -> str:
    """Return *pictures* as the attribute holds them: JSON, without what is not known."""
    return to_json(
        [
            {key: value for key, value in asdict(picture).items() if value is not None}
            for picture in pictures
        ]
    )


def step_pictures(value: Any) -> list[StepPicture]:
    """
    Return the pictures that an attribute names, at most `MAX_PICTURES`, each role and name once.

    Args:
        value: Of the attribute: JSON or, as others may send it, the list itself. What names no
            picture is left out.
    """
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return []
    known: dict[tuple[str, str | None], StepPicture] = {}
    for each in value if isinstance(value, list) else ():
        if isinstance(each, Mapping) and (picture := _picture(each)) is not None:
            known.setdefault((picture.role, picture.sha256), picture)
    return list(known.values())[:MAX_PICTURES]


def picture_names(value: Any) -> list[str]:
    """Return the names in an attribute, as `step_pictures` reads it."""
    # Nearly every span has none.
    return [] if value is None else [each.sha256 or "" for each in step_pictures(value)]


def _picture(entry: Mapping[str, Any]) -> StepPicture | None:
    sha256, sensitive = entry.get("sha256"), entry.get("sensitive")
    if not isinstance(sha256, str) or not is_picture_name(sha256):
        return None
    return StepPicture(
        role=(_text(entry.get("role")) or _DEFAULT_ROLE)[:MAX_ROLE_CHARS],
        sha256=sha256,
        caption=_text(entry.get("caption")),
        sensitive=sensitive if isinstance(sensitive, bool) else None,
        error=_text(entry.get("error")),
    )


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None
