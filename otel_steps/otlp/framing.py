"""How messages in protobuf follow each other in a file, told from its beginning."""

import struct
from collections.abc import Iterator
from typing import BinaryIO, Final, Literal

from otel_steps.otlp.protobuf import MAX_VARINT_BYTES, varint

# Before a message, as the Collector's file exporter writes it.
_SIZE: Final = struct.Struct(">I")
# What a message begins with: the tags of its first two fields, which hold others.
_FIRST_FIELD, _SECOND_FIELD = 0x0A, 0x12

Framing = Literal["whole", "fixed", "varint"]


def framing(head: bytes) -> Framing | None:
    """
    Return how the messages follow each other in a file of them that begins with *head*.

    `whole` is one message, or several that make one; `fixed` and `varint` have the size of each
    before it, in four bytes (the Collector's file exporter) or as protobuf itself writes numbers.
    None is no such file.
    """
    if _is_beginning(head, len(head)):
        return "whole"
    if len(head) > _SIZE.size and _is_beginning(head[_SIZE.size :], _SIZE.unpack_from(head)[0]):
        return "fixed"
    try:
        size, at = varint(head, 0)
    except ValueError:
        return None
    return "varint" if _is_beginning(head[at:], size) else None


def _is_beginning(head: bytes, size: int) -> bool:
    """Tell whether a message of *size* bytes may begin so: with a resource, its scopes or spans."""
    try:
        return (
            head[0] == _FIRST_FIELD
            and (inner := varint(head, 1))[0] >= 2
            and head[inner[1]] in (_FIRST_FIELD, _SECOND_FIELD)
            and (size == len(head) or inner[0] + inner[1] <= size)
        )
    except (ValueError, IndexError):
        return False


def messages(file: BinaryIO, framing: Framing, *, max_bytes: int) -> Iterator[bytes | ValueError]:
    """
    Yield the messages of a file, or why one of them, and what follows it, cannot be read.

    Args:
        max_bytes: What a message may have.
    """
    if framing == "whole":
        data = file.read(max_bytes + 1)
        too_long = ValueError(f"the message has more than {max_bytes} bytes")
        yield data if len(data) <= max_bytes else too_long
        return
    while True:
        try:
            size = _fixed_size(file) if framing == "fixed" else _varint_size(file)
        except ValueError as error:
            yield error
            return
        if size is None:
            return
        data = file.read(size) if size <= max_bytes else b""
        if len(data) != size:
            yield ValueError(f"a message of {size} bytes is cut off, or longer than {max_bytes}")
            return
        yield data


def _fixed_size(file: BinaryIO) -> int | None:
    data = file.read(_SIZE.size)
    if data and len(data) != _SIZE.size:
        raise ValueError("the size of a message is cut off")
    return int(_SIZE.unpack(data)[0]) if data else None


def _varint_size(file: BinaryIO) -> int | None:
    data = b""
    while (byte := file.read(1)) and len(data) < MAX_VARINT_BYTES:
        data += byte
        if byte[0] < 128:
            return varint(data, 0)[0]
    if data:
        raise ValueError("the size of a message is cut off")
    return None
