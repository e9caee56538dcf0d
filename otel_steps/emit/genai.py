"""
Content in the shape of OpenTelemetry's GenAI conventions: messages, arguments, results. Pure.

Off by default, as the conventions ask: who wants it sets their own variable. It governs the
`gen_ai.*` attributes alone; `OTEL_STEPS_CAPTURE_CONTENT` governs every part of the content, these
included. Messages are written to spans only: nothing here makes the events that the variable's
other values speak of.
"""

import functools
import logging
import os
from collections.abc import Iterable, Mapping
from typing import Any, Final

_log = logging.getLogger(__name__)

SWITCH: Final = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"
SCREENSHOT_PART: Final = "otel_steps.screenshot"
# A picture that whoever reads the message can load.
URI_PART: Final = "uri"

_MODES: Final = {
    "NO_CONTENT": False,
    "SPAN_ONLY": True,
    "EVENT_ONLY": False,
    "SPAN_AND_EVENT": True,
}
_REMOTE: Final = ("http://", "https://")
# What stands in an action beside its arguments.
_NOT_ARGUMENTS: Final = ("_metadata", "action")

Message = dict[str, Any]


def is_captured() -> bool:
    """Tell whether spans may carry `gen_ai.*` content, as the standard variable has it now."""
    return _is_on(os.environ.get(SWITCH, ""))


@functools.lru_cache(maxsize=8)
def _is_on(value: str) -> bool:
    """Return what *value* means; cached, so that one that means nothing is told once."""
    mode = value.strip().upper() or "NO_CONTENT"
    if mode not in _MODES:
        _log.warning("%s has the value %r; expected one of %s", SWITCH, value, ", ".join(_MODES))
    return _MODES.get(mode, False)


def text_message(role: str, text: str) -> Message:
    """Return a message of one text."""
    return {"role": role, "parts": [_text(text)]}


def reply(
    *, thinking: str | None = None, text: str | None = None, finish_reason: str | None = None
) -> Message:
    """Return the message of a model; the conventions ask for a reason, known or not."""
    parts = [{"type": "reasoning", "content": thinking}] if thinking else []
    parts += [_text(text)] if text else []
    return {"role": "assistant", "parts": parts, "finish_reason": finish_reason or "unknown"}


def messages(sent: Any, *, sha256: str | None = None) -> list[Message]:
    """
    Return what was sent to a model in OpenAI's shape; what has another shape is left out.

    Args:
        sent: The messages, oldest first.
        sha256: Of the first picture in the last of them, the screen; a picture itself is never part
            of a message. One that was sent by its address keeps that.
    """
    known = [each for each in sent if isinstance(each, Mapping)] if isinstance(sent, list) else []
    names = [None] * (len(known) - 1) + [sha256]
    return [
        {"role": str(each.get("role")), "parts": list(_parts(each.get("content"), name))}
        for each, name in zip(known, names, strict=False)
    ]


def arguments(action: Any) -> Any:
    """Return the arguments of *action*, which names itself among them."""
    if not isinstance(action, Mapping):
        return action
    return {key: value for key, value in action.items() if key not in _NOT_ARGUMENTS}


def text_of(message: Message) -> str:
    """Return the texts of *message*, one after the other."""
    return "\n".join(part["content"] for part in message["parts"] if part["type"] == "text")


def _parts(content: Any, sha256: str | None) -> Iterable[Mapping[str, Any]]:
    if isinstance(content, str):
        yield _text(content)
    for part in content if isinstance(content, list) else ():
        kind = part.get("type") if isinstance(part, Mapping) else None
        if kind == "text":
            yield _text(str(part.get("text")))
        elif kind == "image_url" and (address := _address_in(part)):
            yield {"type": URI_PART, "modality": "image", "uri": address}
        elif kind == "image_url":
            # No address of ours: wherever our pictures are kept, opening one takes a key.
            yield {"type": SCREENSHOT_PART} | ({"sha256": sha256} if sha256 else {})
            sha256 = None


def _address_in(part: Mapping[str, Any]) -> str | None:
    """Return the address on the web of the picture in *part*, None where it is no such one."""
    image = part.get("image_url")
    url = image.get("url") if isinstance(image, Mapping) else image
    is_remote = isinstance(url, str) and url[:8].lower().startswith(_REMOTE)
    return url if is_remote else None


def _text(text: str) -> dict[str, str]:
    return {"type": "text", "content": text}
