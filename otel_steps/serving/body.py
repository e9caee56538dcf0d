"""
Bodies of requests: read and unpacked up to a limit, so that no sender can fill the memory.
"""

import asyncio
import zlib
from collections.abc import AsyncIterable, Iterator
from contextlib import contextmanager
from typing import Final

from starlette.requests import ClientDisconnect

from otel_steps.serving.refusal import Refusal

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
    """
    The bodies that are in memory; for one event loop.

    Where there are too many bytes, what is still being read gives way, the longest first: whoever
    stops in the middle of a body does not keep out those who send theirs in one go.

    Args:
        max_body_bytes: Of one body; by default `MAX_BODY_BYTES`.
    """

    def __init__(self, max_body_bytes: int | None = None) -> None:
        self._max_body_bytes = max_body_bytes
        self._bytes = 0
        # In the order in which they began; none of them is whole.
        self._reading: dict[HeldBody, None] = {}

    @property
    def max_body_bytes(self) -> int:
        """How many bytes a body may have."""
        return MAX_BODY_BYTES if self._max_body_bytes is None else self._max_body_bytes

    @contextmanager
    def body(self) -> Iterator["HeldBody"]:
        """Hold a body until the end of the block."""
        held = HeldBody(self)
        try:
            yield held
        finally:
            self._release(held)

    def begin(self, body: "HeldBody") -> None:
        """Count *body* among those that are being read."""
        self._reading[body] = None

    def end(self, body: "HeldBody") -> None:
        """Count *body* among those that are whole, or never will be."""
        self._reading.pop(body, None)

    def add(self, body: "HeldBody", size: int) -> None:
        """
        Count more bytes of *body*.

        Raises:
            Refusal: Too many are here already.
        """
        for other in list(self._reading):
            if self._bytes + size <= MAX_HELD_BYTES or other is body:
                break  # those that began later are in less of a hurry
            self._release(other)
            other.give_way()
        if self._bytes + size > MAX_HELD_BYTES:
            raise too_many()
        self._bytes += size
        body.size += size

    def _release(self, body: "HeldBody") -> None:
        self.end(body)
        self._bytes -= body.size
        body.size = 0


class HeldBody:
    """
    A body that is being read.

    Attributes:
        size: Bytes that count as held.
    """

    def __init__(self, held: Held) -> None:
        self.size = 0
        self._held = held
        self._deadline: asyncio.Timeout | None = None
        self._gives_way = False

    def give_way(self) -> None:
        """Stop reading, for others' sake."""
        self._gives_way = True
        if self._deadline is not None and not self._deadline.expired():
            self._deadline.reschedule(0)

    async def read(self, chunks: AsyncIterable[bytes], *, timeout_s: float | None = None) -> bytes:
        """
        Return the body that comes in *chunks*, as it was sent.

        Args:
            timeout_s: For the whole of it; by default `READ_TIMEOUT_S`.

        Raises:
            Refusal: It is too large or too slow, or there are too many.
        """
        timeout_s = READ_TIMEOUT_S if timeout_s is None else timeout_s
        try:
            async with asyncio.timeout(timeout_s) as self._deadline:
                self._held.begin(self)
                return await self._read(chunks)
        except TimeoutError:
            if self._gives_way:
                raise too_many() from None
            raise Refusal(408, f"the body did not arrive within {timeout_s:.0f} s") from None
        except ClientDisconnect:
            raise Refusal(400, "the sender has hung up") from None
        finally:
            self._held.end(self)

    async def _read(self, chunks: AsyncIterable[bytes]) -> bytes:
        kept: list[bytes] = []
        received = 0
        async for chunk in chunks:
            received += len(chunk)
            if received > _MAX_DRAINED_BYTES:
                break
            if received > self._held.max_body_bytes:
                kept.clear()
                continue
            self._held.add(self, len(chunk))
            kept.append(chunk)
        if received > self._held.max_body_bytes:
            raise too_large(self._held.max_body_bytes)
        return b"".join(kept)


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
        raise Refusal(400, f"the body is not {coding}: {error}") from None
    if len(plain) > MAX_BODY_BYTES:
        raise too_large(MAX_BODY_BYTES)
    if not decoder.eof or decoder.unused_data:
        raise Refusal(400, f"the body is not one whole {coding} stream")
    return plain


def too_large(most: int) -> Refusal:
    """Return the answer to a body that is too large."""
    return Refusal(413, f"a body may have {most} bytes, unpacked too; send fewer spans at once")


def too_many() -> Refusal:
    """Return the answer to a request that comes when there are too many."""
    message = "too many requests at once; send again in a moment"
    return Refusal(429, message, retry_after_s=BUSY_RETRY_S)
