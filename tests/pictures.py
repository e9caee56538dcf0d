"""Small pictures for tests, written by hand so that no library decides what they are."""

import struct
import threading
import zlib

from otel_steps.process import background
from tests.patience import PATIENCE_S


def png(width: int = 8, height: int = 16, colour: tuple[int, int, int] = (200, 30, 30)) -> bytes:
    """Return a PNG of one colour."""
    rows = (b"\0" + bytes(colour) * width) * height
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
        + _chunk(b"IDAT", zlib.compress(rows, 1))
        + _chunk(b"IEND", b"")
    )


def huge_gif(number: int = 0) -> bytes:
    """Return a picture that is stored undecoded, for its size, and of a type no bucket takes."""
    return b"GIF89a" + struct.pack("<HH", 30_000, 30_000 + number)


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def wait_for_pictures() -> None:
    """Return once the pictures handed over so far are in the recorder's hands."""
    reached = threading.Event()
    background.begin(reached.set)  # they are taken one after the other
    assert reached.wait(PATIENCE_S)
