"""
Bodies of requests: read and unpacked up to a limit, so that no sender can fill the memory.
"""

import asyncio
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from starlette.requests import ClientDisconnect, Request

from otel_steps.collector.refusal import Refusal

# As the OpenTelemetry Collector has it; a picture may have as much.
MAX_BODY_BYTES: Final = 20 * 2**20
# Of all bodies that are here at the same time.
MAX_HELD_BYTES: Final = 6 * MAX_BODY_BYTES
READ_TIMEOUT_S: Final = 60.0
BUSY_RETRY_S: Final = 1

# How much of a body that is too large is read nevertheless: a sender that is cut off in the middle
# of it would not see why.
_MAX_DRAINED_BYTES: Final = 4 * MAX_BODY_BYTES

_WINDOWS: Final = {"gzip": 31, "deflate": 15}  # zlib's `wbits`


class Held:
    """How many bytes of bodies are in memory; for one event loop."""

    def __init__(self) -> None:
        self._bytes = 0

    @contextmanager
    def body(self) -> Iterator["HeldBody"]:
        """Hold a body until the end of the block."""
        held = HeldBody(self)
        try:
            yield held
        finally:
            self._bytes -= held.size

    def add(self, size: int) -> None:
        """
        Count more bytes.

        Raises:
            Refusal: Too many are here already.
        """
        if self._bytes + size > MAX_HELD_BYTES:
            message = "too many requests at once; send again in a moment"
            raise Refusal(429, message, retry_after_s=BUSY_RETRY_S)
        self._bytes += size


class HeldBody:
    """
    A body that is being read.

    Attributes:
        size: Bytes that count as held.
    """

    def __init__(self, held: Held) -> None:
        self._held = held
        self.size = 0

    async def read(self, request: Request) -> bytes:
        """
        Return the body of *request* as it was sent.

        Raises:
            Refusal: It is too large or too slow, or there are too many.
        """
        try:
            async with asyncio.timeout(READ_TIMEOUT_S):
                return await self._read(request)
        except TimeoutError:
            raise Refusal(408, f"the body did not arrive within {READ_TIMEOUT_S:.0f} s") from None
        except ClientDisconnect:
            raise Refusal(400, "the sender has hung up") from None

    async def _read(self, request: Request) -> bytes:
        chunks: list[bytes] = []
        received = 0
        async for chunk in request.stream():
            received += len(chunk)
            if received > _MAX_DRAINED_BYTES:
                break
            if received > MAX_BODY_BYTES:
                chunks.clear()
                continue
            self._held.add(len(chunk))
            self.size += len(chunk)
            chunks.append(chunk)
        if received > MAX_BODY_BYTES:
            raise too_large()
        return b"".join(chunks)


def unpacked(data: bytes, coding: str) -> bytes:
    """
    Return *data* as it was before `Content-Encoding: *coding*`.

    Raises:
        Refusal: It is too large, or not so encoded.
    """
    if coding in ("", "identity"):
        return data
    if coding not in _WINDOWS:
        raise Refusal(415, f"Content-Encoding {coding[:40]!r}; send gzip, deflate or identity")
    decoder = zlib.decompressobj(wbits=_WINDOWS[coding])
    try:
        plain = decoder.decompress(data, MAX_BODY_BYTES + 1)
    except zlib.error as error:
        raise Refusal(400, f"the body is no {coding}: {error}") from None
    if len(plain) > MAX_BODY_BYTES:
        raise too_large()
    if not decoder.eof or decoder.unused_data:
        raise Refusal(400, f"the body is not one whole {coding} stream")
    return plain


def too_large() -> Refusal:
    """Return the answer to a body that is too large."""
    return Refusal(413, f"a body may have {MAX_BODY_BYTES} bytes, unpacked too; send fewer at once")
