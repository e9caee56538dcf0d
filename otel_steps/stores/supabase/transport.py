"""
The way of a request to Supabase: HTTP/1.1, with a limit on everything, and only success returns.
"""

import encodings.idna  # noqa: F401 - the first address would load it, outside `no_fork`
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import httpx

from otel_steps.errors import StoreUnavailable
from otel_steps.stores.supabase.errors import error_of
from otel_steps.stores.supabase.network_errors import (
    Route,
    network_error,
    refused_by_proxy,
    understood_environment,
)
from otel_steps.version import __version__

CONNECT_S: Final = 3.0
# Of each read and write; longer than the 8 s after which the server cancels a statement.
TIMEOUT_S: Final = 10.0
# A server that sends a byte now and then is never silent for that long.
REPLY_S: Final = 30.0

# 206 is a page of the rows that there are.
_SUCCESS: Final = frozenset({200, 201, 206})
_LIMITS: Final = httpx.Limits(max_connections=8, max_keepalive_connections=4)


class HttpClient(httpx.Client):
    """
    Sends requests; a reply that is no success arrives as the error that it means.

    Any thread may use it. HTTP/2 is off: its connections do not survive threads. Proxies and
    certificates are those that the environment names, as for every program that uses httpx.

    Args:
        place: The project, for messages.
        timeout: Of connecting, and of each read and write.
        reply_s: Seconds within which a reply must be complete once it has begun.

    Raises:
        StoreUnavailable, StoreOnHold, RowRejected, StoreError: See `errors` and
            `network_errors`; on construction, the environment cannot be followed.
    """

    def __init__(self, place: str, timeout: httpx.Timeout, reply_s: float = REPLY_S) -> None:
        self._place = place
        self._reply_s = reply_s
        user_agent = f"otel-steps/{__version__}"
        with understood_environment():
            super().__init__(
                http2=False,
                limits=_LIMITS,
                timeout=timeout,
                headers={"user-agent": user_agent},
            )

    def send(
        self, request: httpx.Request, *, stream: bool = False, **options: Any
    ) -> httpx.Response:
        """Send *request* and return its reply."""
        request.extensions = {**request.extensions, "trace": Route(request.url)}
        with _translated(request, self._place):
            response = super().send(request, stream=True, **options)
        assert isinstance(response.stream, httpx.SyncByteStream)  # noqa: S101 - for the types
        response.stream = _InTime(response.stream, request, self._place, self._reply_s)
        try:
            self._check(response)
            if not stream:
                response.read()
        except BaseException:
            response.close()
            raise
        return response

    def _check(self, response: httpx.Response) -> None:
        """Raise what *response* means, unless it is a success."""
        request, status = response.request, response.status_code
        if status == 407:
            raise refused_by_proxy(str(status), request, self._place)
        if status not in _SUCCESS:
            raise error_of(_whole(response), request.url.path, self._place)
        kind = response.headers.get("content-type", "")
        if "json" not in kind and not kind.startswith("image/"):
            # The sign-in page of a hotel says 200 to everything.
            raise StoreUnavailable(f"something other than {self._place} has answered")


class _InTime(httpx.SyncByteStream):
    """A reply's body that breaks off once it has taken too long."""

    def __init__(
        self, stream: httpx.SyncByteStream, request: httpx.Request, place: str, reply_s: float
    ) -> None:
        self._stream = stream
        self._request = request
        self._place = place
        self._reply_s = reply_s

    def __iter__(self) -> Iterator[bytes]:
        ends_at = time.monotonic() + self._reply_s
        with _translated(self._request, self._place):
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
def _translated(request: httpx.Request, place: str) -> Iterator[None]:
    try:
        yield
    except httpx.HTTPError as error:
        raise network_error(error, request, place) from error
