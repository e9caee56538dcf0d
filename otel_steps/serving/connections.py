"""
Connections that are bounded: how many there are, how many of one client, and how long each may
keep us waiting.

A connection costs a file descriptor whether or not something comes of it. So one that says nothing,
stops in the middle of a request or does not take its answer is closed after a time. And where there
are too many, one of those that wait goes at once, so that whoever comes next is heard.

A client is an address: all programs of this machine are one. Of a client's connections the one that
has waited longest goes first, which is not that of a sender whose request is just coming in.

Everything here happens on the event loop; no state is shared with another thread.
"""

import asyncio
import json
from collections import Counter
from typing import Any, Final

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

from otel_steps.serving.body import BUSY_RETRY_S, READ_TIMEOUT_S
from otel_steps.serving.refusal import Refusal

try:
    import resource
except ImportError:  # Windows, where a process has no such limit
    resource = None  # type: ignore[assignment]

# Every phone of a large fleet, and a few browsers, which open six each.
MAX_CONNECTIONS: Final = 512
# Of these, for one client; so none keeps the others out, whatever it does.
CLIENT_SHARE: Final = 0.75
# Those that the event loop accepts in one go. It does so up to four times before the first of them
# is seen here and those that were closed for it are gone.
ACCEPTED_AT_ONCE: Final = 32
# Those that may wait in the system until then; whoever finds no room tries again a second later.
QUEUE: Final = 512
# What the process opens beside: database, journal and pictures; and connections not seen yet.
RESERVED_FILES: Final = 128 + 4 * ACCEPTED_AT_ONCE
# And the connections of senders that speak gRPC, where it is spoken: one has one for all it sends.
RESERVED_FOR_GRPC: Final = 256
# Even where the system allows next to nothing, a page works.
_FEWEST: Final = 16

# Request line and headers are a packet or two; ten seconds are a bad line.
HEADERS_S: Final = 10.0
# A little more than the routes wait for a body, which say better what is wrong.
BODY_S: Final = READ_TIMEOUT_S + 5.0
# Somebody who takes nothing of an answer for so long has gone, or means harm.
UNREAD_S: Final = 60.0
# Headers of one request, cookies and all; h11's own default.
MAX_HEADER_BYTES: Final = 16 * 2**10


class BoundedConnection(H11Protocol):
    """
    A connection of uvicorn's that is closed where it is not worth its place.

    `connections`, of uvicorn's, has all that are open, this one among them.
    """

    cycle: RequestResponseCycle | None  # type: ignore[assignment] # None before the first request
    address = ""
    # What is awaited: headers (`h11.IDLE`), a body (`h11.SEND_BODY`), or None: nothing now.
    _awaited: Any = None
    # Since when we have been waiting, on the clock of the event loop.
    _since = 0.0
    _deadline: asyncio.TimerHandle | None = None
    _unread: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first request, and close what is too many."""
        super().connection_made(transport)
        self.address = self.client[0] if self.client else ""
        self._await_sender()
        self._make_room()

    def data_received(self, data: bytes) -> None:
        """Go on waiting where the request is not whole yet."""
        super().data_received(data)
        self._await_sender()

    def on_response_complete(self) -> None:
        """Wait for what is left of a body; the time until another request is uvicorn's business."""
        super().on_response_complete()
        self._since = self.loop.time()
        if self.conn.their_state is h11.SEND_BODY:
            self._await_sender()
        else:
            self._await_nothing()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        self._await_nothing()
        self._await_reader(is_awaited=False)
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """Begin to wait until the client takes what has been written."""
        super().pause_writing()
        self._await_reader(is_awaited=True)

    def resume_writing(self) -> None:
        """Wait no more for that."""
        super().resume_writing()
        self._await_reader(is_awaited=False)

    # --- Time

    def _await_sender(self) -> None:
        """Set a time for what the sender owes us: once for the headers, once for the body."""
        state = self.conn.their_state
        if state is self._awaited or self.transport.is_closing():
            return
        self._await_nothing()
        if state in (h11.IDLE, h11.SEND_BODY):
            time_s = HEADERS_S if state is h11.IDLE else BODY_S
            self._awaited, self._since = state, self.loop.time()
            self._deadline = self.loop.call_later(time_s, self._give_up, time_s)

    def _await_nothing(self) -> None:
        self._awaited = None
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _await_reader(self, *, is_awaited: bool) -> None:
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None
        if is_awaited:
            self._unread = self.loop.call_later(UNREAD_S, self.transport.abort)

    def _give_up(self, time_s: float) -> None:
        message = f"the request did not arrive within {time_s:.0f} s; send it in one go"
        self._end(Refusal(408, message), is_told=self._has_begun)

    # --- Room

    def _make_room(self) -> None:
        """Close the connection that can best be spared, this one perhaps, where it is too many."""
        most = most_connections()
        if len(self.connections) <= CLIENT_SHARE * most:
            return
        of_client = Counter(each.address for each in self._open)
        if of_client[self.address] > CLIENT_SHARE * most:
            clients = {self.address}
        elif of_client.total() > most:
            largest = max(of_client.values())
            clients = {each for each, count in of_client.items() if count == largest}
        else:
            return
        waiting = (each for each in self._open if each.address in clients and each._can_go)
        spared = min(
            (each for each in waiting if each is not self),
            key=lambda each: each._since,
            default=self,
        )
        message = "too many connections are open; send again in a moment, over fewer of them"
        is_told = spared is self or spared._has_begun
        spared._end(Refusal(429, message, retry_after_s=BUSY_RETRY_S), is_told=is_told)

    @property
    def _has_begun(self) -> bool:
        """
        True where a part of a request has come.

        Browsers open connections that they may need: an answer to what they have not asked yet
        they would take for that of their next request.
        """
        return self.conn.their_state is h11.SEND_BODY or bool(self.conn.trailing_data[0])

    @property
    def _can_go(self) -> bool:
        """True while we owe this connection nothing, so that no answer is lost with it."""
        return self._awaited is not None or self.cycle is None or self.cycle.response_complete

    @property
    def _open(self) -> "list[BoundedConnection]":
        return [
            each
            for each in self.connections
            if isinstance(each, BoundedConnection) and not each.transport.is_closing()
        ]

    def _end(self, refusal: Refusal, *, is_told: bool) -> None:
        """Close, and say why where *is_told* and no answer is under way already."""
        if self.cycle is not None:
            self.cycle.disconnected = True  # whatever a route would still send goes nowhere
        if is_told and self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            self._send(refusal)
        self.transport.close()

    def _send(self, refusal: Refusal) -> None:
        body = json.dumps({"error": {"code": refusal.code, "message": str(refusal)}}).encode()
        headers = {
            **refusal.headers,
            "Content-Type": "application/json",
            "Content-Length": str(len(body)),
            "Connection": "close",
        }
        response = h11.Response(status_code=refusal.status, headers=list(headers.items()))
        for event in (response, h11.Data(data=body), h11.EndOfMessage()):
            self.transport.write(self.conn.send(event) or b"")


def most_connections() -> int:
    """Return how many connections may be open: as many as files may be, but for the others."""
    if resource is None:
        return MAX_CONNECTIONS
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return MAX_CONNECTIONS
    return max(_FEWEST, min(MAX_CONNECTIONS, soft - RESERVED_FILES))


def allow_files() -> None:
    """Let this process open as many files as the connections need, where the system lets it."""
    if resource is None:
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MAX_CONNECTIONS + RESERVED_FILES
    if soft != resource.RLIM_INFINITY and soft < wanted:
        most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
