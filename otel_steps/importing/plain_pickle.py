"""
Reads pickles that hold plain data, and runs nothing of any other.

A pickle is a program: it may call whatever it can name. Here it can name the few classes that a
record of numbers, texts and times consists of; anything else ends the reading before it is called.
"""

import io
import pickle
import pickletools
from collections.abc import Iterable
from datetime import date, datetime, timedelta, timezone
from typing import Any, Final

MAX_BYTES: Final = 64 * 2**20
# One byte may make an empty set of 216: what a file may build is bounded by its instructions. A
# step takes about 40 of them.
MAX_INSTRUCTIONS: Final = 2_000_000

# timezone is built from a timedelta. Old protocols have no sign of their own for a set.
ALLOWED: Final = {
    ("datetime", "date"): date,
    ("datetime", "datetime"): datetime,
    ("datetime", "timedelta"): timedelta,
    ("datetime", "timezone"): timezone,
    ("builtins", "set"): set,
    ("__builtin__", "set"): set,
}
_MEMO_PUTS: Final = ("PUT", "BINPUT", "LONG_BINPUT")


class NotPlainError(ValueError):
    """A pickle cannot be read; the message says why and holds nothing of its content but a name."""


def loads(data: bytes) -> Any:
    """
    Return what *data* holds: None, booleans, numbers, texts, bytes, containers of them and times.

    Raises:
        NotPlainError: It holds anything else, is no whole pickle, or is larger than `MAX_BYTES` or
            `MAX_INSTRUCTIONS`.
    """
    if len(data) > MAX_BYTES:
        raise NotPlainError(f"{len(data)} bytes; a file of steps may have {MAX_BYTES}")
    try:
        check_sizes(pickletools.genops(data), len(data), MAX_INSTRUCTIONS)
        return _PlainUnpickler(io.BytesIO(data)).load()
    except NotPlainError:
        raise
    # A broken pickle may fail in any of its instructions, each with an error of its own.
    except Exception as error:
        raise NotPlainError(f"no whole pickle: {type(error).__name__}") from error


class _PlainUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        allowed = ALLOWED.get((module, name))
        if allowed is None:
            raise NotPlainError(
                f"it names {_shown(module)}.{_shown(name)}, which is not plain data"
            )
        return allowed

    def persistent_load(self, pid: Any) -> Any:
        raise NotPlainError("it names an object outside of itself")


def _shown(name: str) -> str:
    return "".join(each if each.isprintable() else "?" for each in name[:100])


def check_sizes(
    instructions: Iterable[tuple[Any, Any, int | None]], max_bytes: int, most: int
) -> None:
    """
    Check that no instruction asks for memory that the size of a pickle does not justify.

    The unpickler makes room first: for a text as long as it claims to be, and for as many
    remembered objects as the largest number that one has.

    Args:
        instructions: As `pickletools.genops` yields them.
        max_bytes: The size of the pickle, or what it may have.
        most: How many instructions there may be.

    Raises:
        NotPlainError: One does, or there are more.
    """
    for number, (opcode, argument, _) in enumerate(instructions):
        if number >= most:
            raise NotPlainError(f"more than {most} instructions")
        is_put = opcode.name in _MEMO_PUTS and isinstance(argument, int)
        if is_put and argument > min(max_bytes, most):
            raise NotPlainError("it remembers more objects than it has")
