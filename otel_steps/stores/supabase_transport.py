"""
The way of a request to Supabase: HTTP/1.1, with a limit on everything, and only success returns.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import httpx

from otel_steps.stores.contract import StoreUnavailable
from otel_steps.stores.supabase_errors import error_of

CONNECT_S: Final = 3.0
# Of each read and write; longer than the 8 s after which the server cancels a statement.
TIMEOUT_S: Final = 10.0
# A server that sends a byte now and then is never silent for that long.
REPLY_S: Final = 30.0

# 206 is a page of the rows that there are.
_SUCCESS: Final = frozenset({200, 201, 206})
_LIMITS: Final = httpx.Limits(max_connections=8, max_keepalive_connections=4)


class Transport(httpx.BaseTransport):
    """
    Sends requests; a reply that is no success arrives as the error that it means.

    Any thread may use it. HTTP/2 is off: its connections do not survive threads.

    Args:
        place: The project, for messages.
        reply_s: Seconds within which a reply must be complete once it has begun.

    Raises:
        StoreUnavailable, StoreOnHold, RowRejected, StoreError: See `supabase_errors`.
    """

    def __init__(self, place: str, reply_s: float = REPLY_S) -> None:
        self._place = place
        self._reply_s = reply_s
        self._http = httpx.HTTPTransport(http2=False, limits=_LIMITS)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send *request* and return its reply."""
        with _translated(self._place):
            response = self._http.handle_request(request)
            assert isinstance(response.stream, httpx.SyncByteStream)  # noqa: S101 - for the types
            response.stream = _InTime(response.stream, self._place, self._reply_s)
            if response.status_code not in _SUCCESS:
                raise error_of(_whole(response), request.url.path, self._place)
        kind = response.headers.get("content-type", "")
        if "json" not in kind and not kind.startswith("image/"):
            response.close()
            # The sign-in page of a hotel says 200 to everything.
            raise StoreUnavailable(f"something else than {self._place} has answered")
        return response

    def close(self) -> None:
        """Close all connections."""
        self._http.close()


class _InTime(httpx.SyncByteStream):
    """A reply's body that breaks off once it has taken too long."""

    def __init__(self, stream: httpx.SyncByteStream, place: str, reply_s: float) -> None:
        self._stream = stream
        self._place = place
        self._reply_s = reply_s

    def __iter__(self) -> Iterator[bytes]:
        ends_at = time.monotonic() + self._reply_s
        with _translated(self._place):
            for chunk in self._stream:
                if time.monotonic() > ends_at:
                    raise StoreUnavailable(
                        f"{self._place} has not finished its reply in {self._reply_s:g} s"
                    )
                yield chunk

    def close(self) -> None:
        self._stream.close()


def _whole(response: httpx.Response) -> httpx.Response:
    """Return a copy of *response* with all of its body, and give up its connection."""
    try:
        body = b"".join(response.stream)  # type: ignore[arg-type]
    finally:
        # Who refuses a large body before its end may leave the connection stuck.
        response.extensions["network_stream"].close()
        response.close()
    return httpx.Response(response.status_code, headers=response.headers, content=body)


@contextmanager
def _translated(place: str) -> Iterator[None]:
    try:
        yield
    except httpx.HTTPError as error:
        raise StoreUnavailable(f"{place} cannot be reached: {type(error).__name__}") from error
