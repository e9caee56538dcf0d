"""
Reads pickles of any classes, and runs nothing of them.

Where `plain_pickle` ends the reading, this one puts an inert object in the place of what it does
not know: it keeps what it was made of, and nobody's code is found, imported or called.
"""

import pickle
import pickletools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO, Final, cast

from otel_steps.importing.plain_pickle import ALLOWED, NotPlainError, check_sizes

# An episode has three screens a step, as they are: 8 MB each.
MAX_BYTES: Final = 2**30
MAX_INSTRUCTIONS: Final = 4_000_000


class Inert:
    """
    Stands for an object of an unknown class, or for what an unknown function would have returned.

    Attributes:
        names: The module and the class, for the classes that stand for others.
        args: What it was made of.
        state: What was put into it.
        items: What was appended to it, or set in it.
    """

    names: tuple[str, str] = ("", "")

    def __new__(cls, *args: Any, **named: Any) -> "Inert":
        self = super().__new__(cls)
        self.args = (*args, *named.values())
        self.state = None
        self.items = []
        return self

    def __init__(self, *args: Any, **named: Any) -> None:
        """Take anything; `__new__` keeps it."""

    def __call__(self, *args: Any, **named: Any) -> "Inert":
        """Stand for what calling it would have returned."""
        return Inert(*args, *named.values())

    def __setstate__(self, state: Any) -> None:
        self.state = state

    def __setitem__(self, key: Any, value: Any) -> None:
        self.items.append((key, value))

    def append(self, value: Any) -> None:
        """Take what a list of an unknown class is given."""
        self.items.append(value)

    def extend(self, values: Any) -> None:
        """Take what a list of an unknown class is given."""
        self.items.extend(values)

    def add(self, value: Any) -> None:
        """Take what a set of an unknown class is given."""
        self.items.append(value)

    args: tuple[Any, ...]
    state: Any
    items: list[Any]

    @property
    def fields(self) -> dict[str, Any]:
        """What an object of a usual class has in it, by name."""
        return self.state if isinstance(self.state, dict) else {}


@dataclass(frozen=True, slots=True)
class Pixels:
    """
    An array of bytes, such as a screen.

    Attributes:
        shape: Rows, columns and, behind them, red, green and blue.
    """

    shape: tuple[int, ...]
    data: bytes


def load(file: BinaryIO) -> Any:
    """
    Return what a pickle holds, read from *file*, which is read twice.

    Raises:
        NotPlainError: It is no whole pickle, or larger than `MAX_BYTES` or `MAX_INSTRUCTIONS`.
    """
    try:
        check_sizes(
            pickletools.genops(cast("BinaryIO", _Bounded(file))), MAX_BYTES, MAX_INSTRUCTIONS
        )
        file.seek(0)
        return _InertUnpickler(_Bounded(file)).load()
    except NotPlainError:
        raise
    # A broken pickle may fail in any of its instructions, each with an error of its own.
    except Exception as error:
        raise NotPlainError(f"no whole pickle: {type(error).__name__}") from error


class _Bounded:
    """A file of which no more than `MAX_BYTES` are read."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._left = MAX_BYTES

    def read(self, size: int = -1) -> bytes:
        return self._counted(self._file.read(size if size >= 0 else self._left + 1))

    def readline(self, size: int = -1) -> bytes:
        return self._counted(self._file.readline(size))

    def readinto(self, buffer: Any) -> int:
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def _counted(self, data: bytes) -> bytes:
        self._left -= len(data)
        if self._left < 0:
            raise NotPlainError(f"more than {MAX_BYTES} bytes")
        return data


class _InertUnpickler(pickle.Unpickler):
    def __init__(self, file: Any) -> None:
        super().__init__(file)
        self._classes: dict[tuple[str, str], type[Inert]] = {}

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) in ALLOWED:
            return ALLOWED[module, name]
        return self._classes.setdefault(
            (module, name), type("Inert", (Inert,), {"names": (module, name)})
        )

    def persistent_load(self, pid: Any) -> Any:
        return Inert(pid)


def pixels(value: Any) -> Pixels | None:
    """Return the array of bytes that an inert *value* stands for, or None."""
    for shape, kind, data in _arrays(value):
        is_shape = isinstance(shape, tuple) and all(type(each) is int for each in shape)
        is_bytes = isinstance(kind, Inert) and kind.args[:1] in (("u1",), ("|u1",), ("uint8",))
        if is_shape and is_bytes and isinstance(data, bytes | bytearray):
            return Pixels(shape, bytes(data))
    return None


def _arrays(value: Any) -> Iterator[tuple[Any, Any, Any]]:
    """Yield shape, kind and content as numpy writes an array: as a state, or made from a buffer."""
    if not isinstance(value, Inert):
        return
    match value.state:
        case (int(), shape, kind, False, data):
            yield shape, kind, data
    match value.args:
        case (data, kind, shape, "C"):
            yield shape, kind, data
