"""
How much a body holds, counted before it is parsed.

A body within its size may hold ten million messages of two bytes, and take seconds and gigabytes to
parse; and while JSON or protobuf is parsed no other thread runs. So what is in it is counted first,
without making anything of it: the fields of protobuf, the commas and brackets of JSON.
"""

from typing import Final

from otel_steps.otlp import protobuf
from otel_steps.serving.refusal import Refusal

# The largest batch of a Collector, 8,192 spans, with 32 attributes each.
MAX_ATTRIBUTES: Final = 2**18
# Fields, or commas and brackets: an attribute has four at least.
_MAX_PARTS: Final = 4 * MAX_ATTRIBUTES


def check_protobuf(body: bytes, *, are_logs: bool = False) -> None:
    """
    Let a body pass that holds no more than can be read in a moment.

    Raises:
        Refusal: It holds more.
        ValueError: It is no protobuf.
    """
    # A field has two bytes at least.
    if len(body) <= 2 * _MAX_PARTS:
        return
    if protobuf.count_fields(body, _MAX_PARTS, are_logs=are_logs) > _MAX_PARTS:
        raise _too_many()


def check_json(body: bytes) -> None:
    """
    Let a body pass that holds no more than can be read in a moment.

    Raises:
        Refusal: It holds more.
    """
    if _marks(body) <= _MAX_PARTS:
        return
    # Some may stand in texts. Of the quotes that are left here each begins or ends one.
    plain = body.replace(b"\\\\", b"").replace(b'\\"', b"")
    if plain.count(b'"') > 2 * _MAX_PARTS or _marks(b"".join(plain.split(b'"')[::2])) > _MAX_PARTS:
        raise _too_many()


def _marks(body: bytes) -> int:
    return body.count(b",") + body.count(b"[") + body.count(b"{")


def _too_many() -> Refusal:
    return Refusal(
        413, f"a request may have about {MAX_ATTRIBUTES} attributes and values; send fewer spans"
    )
