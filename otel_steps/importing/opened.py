"""
Files as they are read: unpacked where they are gzip, in UTF-8 where a mark says that it is UTF-16.

What is read is bounded: a line, a document or a message that is longer than it may be is refused,
and the size of the file does not matter.
"""

import codecs
import gzip
import io
import json
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Final

# A line may be a task with all its spans; a document has the pictures of a run in it.
MAX_LINE_BYTES: Final = 256 * 2**20
MAX_DOCUMENT_BYTES: Final = 512 * 2**20
# What a file that is broken, or is not what it seems, raises while it is read.
READ_ERRORS: Final = (OSError, EOFError, zlib.error, UnicodeError)

GZIP: Final = b"\x1f\x8b"
_UTF8_MARK: Final = codecs.BOM_UTF8
_UTF16_MARKS: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_CHUNK_BYTES: Final = 2**16


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """
    Open the file at *path* at its beginning.

    Raises:
        OSError: It cannot be read.
    """
    with path.open("rb") as packed:
        file: BinaryIO = packed
        if _beginning(file).startswith(GZIP):
            file = gzip.GzipFile(fileobj=file)  # type: ignore[assignment]
        beginning = _beginning(file)
        if beginning.startswith(_UTF16_MARKS):
            file = io.BufferedReader(_Utf16(file))
        elif beginning.startswith(_UTF8_MARK):
            file.read(len(_UTF8_MARK))
        yield file


def _beginning(file: BinaryIO) -> bytes:
    """Return the first bytes, which are read again; none where a file is broken from the start."""
    try:
        beginning = file.read(4)
    except READ_ERRORS:
        beginning = b""
    file.seek(0)
    return beginning


def lines(file: BinaryIO, *, max_bytes: int = MAX_LINE_BYTES) -> Iterator[tuple[int, bytes]]:
    """Return all lines that are not empty, with their numbers; one that is too long is cut."""
    number = 0
    while line := file.readline(max_bytes):
        number += 1
        rest = line
        while len(rest) == max_bytes and not rest.endswith(b"\n"):
            rest = file.readline(max_bytes)
        if line.strip():
            yield number, line


def document(path: Path) -> Any:
    """
    Return the JSON document in the file at *path*.

    Raises:
        ValueError: It is none, or larger than `MAX_DOCUMENT_BYTES`; the text says why.
        OSError: It cannot be read.
    """
    with opened(path) as file:
        return parsed(whole(file))


def whole(file: BinaryIO) -> bytes:
    """
    Return the rest of *file*.

    Raises:
        ValueError: It is larger than `MAX_DOCUMENT_BYTES`.
    """
    data = file.read(MAX_DOCUMENT_BYTES + 1)
    if len(data) > MAX_DOCUMENT_BYTES:
        raise ValueError(f"it has more than {MAX_DOCUMENT_BYTES} bytes")
    return data


def parsed(data: bytes) -> Any:
    """
    Return what the JSON in *data* says.

    Raises:
        ValueError: It is no JSON; the text says why, and nothing of its content.
    """
    try:
        return json.loads(data)
    except json.JSONDecodeError as error:
        reason = f"{error.msg} at line {error.lineno}, column {error.colno}"
        raise ValueError(f"not JSON, or cut off: {reason}") from None
    except UnicodeDecodeError:
        raise ValueError(
            "not UTF-8; if it is GBK, write the file anew: iconv -f GB18030 -t UTF-8"
        ) from None
    except RecursionError:
        raise ValueError("nested too deep") from None


def reason_of(error: Exception) -> str:
    """Return why a file could not be read, without its name."""
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


class _Utf16(io.RawIOBase):
    """The text of a file in UTF-16, as UTF-8; half a pair of characters becomes U+FFFD."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._decoder = codecs.getincrementaldecoder("utf-16")("replace")
        self._left = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        while not self._left:
            chunk = self._file.read(_CHUNK_BYTES)
            self._left = self._decoder.decode(chunk, not chunk).encode()
            if not chunk:
                break
        taken = self._left[: len(buffer)]
        self._left = self._left[len(taken) :]
        buffer[: len(taken)] = taken
        return len(taken)
