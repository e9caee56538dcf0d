"""
Runs an application: finds a port, says when it answers, and ends with Ctrl-C, open pages or not.
"""

import asyncio
import errno
import signal
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from threading import Thread
from typing import Final, Protocol

import uvicorn
from starlette.types import ASGIApp

from otel_steps.serving.connections import (
    ACCEPTED_AT_ONCE,
    MAX_HEADER_BYTES,
    QUEUE,
    BoundedConnection,
    allow_files,
)

# After those of OTLP, 4317 and 4318.
PREFERRED_PORT: Final = 4320
_GRACE_S: Final = 2
# Taken by another program; or below 1024, which only root may listen on.
_OF_THE_PORT: Final = frozenset({errno.EADDRINUSE, errno.EACCES})


class Beside(Protocol):
    """Another server, on the event loop of the one that is run."""

    async def start(self) -> None:
        """Begin to listen; raises `PortTaken` where that cannot be."""

    async def stop(self) -> None:
        """End, within the time that requests have to end in."""


class PortTaken(OSError):
    """The port cannot be listened on; the message names it and says what to do."""


def listen(host: str, port: int | None) -> socket.socket:
    """
    Return a socket that listens on *port*; without one on the usual port, or any that is free.

    Raises:
        PortTaken: Another program listens on *port*, or *host* is no address of this machine.
    """
    if port is not None:
        return _bound(host, port)
    try:
        return _bound(host, PREFERRED_PORT)
    except PortTaken:
        return _bound(host, 0)


def free_port(host: str, port: int, *, option: str) -> int:
    """
    Return *port*, or any one where it is 0, for a server that makes its socket itself.

    Args:
        option: What names the port on the command line.

    Raises:
        PortTaken: As `listen`.
    """
    with _bound(host, port, option=option) as listener:
        number: int = listener.getsockname()[1]
        return number


def _bound(host: str, port: int, *, option: str = "--port") -> socket.socket:
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        listener = socket.create_server((host, port), family=family)
    except OSError as error:
        remedy = "name an address of this machine with --host"
        if error.errno in _OF_THE_PORT:
            remedy = f"name another one with {option}, or let `{option} 0` find one that is free"
        reason = error.strerror or error
        raise PortTaken(f"cannot listen on {host} port {port}: {reason}; {remedy}") from error
    # Only of a socket that says it is TCP does asyncio have small answers sent at once; of others
    # the second packet waits 40 ms for the first one's receipt.
    return socket.socket(
        listener.family, listener.type, socket.IPPROTO_TCP, fileno=listener.detach()
    )


def serve(
    app: ASGIApp,
    listener: socket.socket,
    *,
    on_ready: Callable[[], None],
    on_end: Callable[[], None] = lambda: None,
    beside: Beside | None = None,
) -> None:
    """
    Serve *app* on *listener* until Ctrl-C or SIGTERM.

    Args:
        on_ready: Called once requests are answered.
        on_end: Called when no more are taken, to end those that would go on for ever.
        beside: Another server, which starts and ends with this one.

    Raises:
        PortTaken: By *beside*.
    """
    allow_files()
    # uvicorn raises again what ended it; as an exception, what is open is closed on the way out.
    previous = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        _Server(config_of(app), on_ready, on_end, beside).run(sockets=[listener])
    except KeyboardInterrupt:
        return
    finally:
        signal.signal(signal.SIGTERM, previous)
        listener.close()


@contextmanager
def serving(app: ASGIApp, listener: socket.socket) -> Iterator[None]:
    """Serve *app* on *listener*, on a thread of its own, while the block runs."""
    allow_files()
    server = uvicorn.Server(config_of(app))
    thread = Thread(
        target=server.run, kwargs={"sockets": [listener]}, name="otel-steps-http", daemon=True
    )
    thread.start()
    try:
        yield
    finally:
        server.should_exit = True
        thread.join()
        listener.close()


def config_of(app: ASGIApp) -> uvicorn.Config:
    """Return how uvicorn is to serve *app*."""
    return uvicorn.Config(
        app,
        http=BoundedConnection,
        h11_max_incomplete_event_size=MAX_HEADER_BYTES,
        backlog=ACCEPTED_AT_ONCE,
        log_level="error",  # what is wrong with a request is told to whoever has sent it
        proxy_headers=False,  # `X-Forwarded-*` may come from anybody
        access_log=False,  # it would hold the link's secret
        log_config=None,
        lifespan="off",
        ws="none",
        server_header=False,
        timeout_graceful_shutdown=_GRACE_S,
    )


class _Server(uvicorn.Server):
    def __init__(
        self,
        config: uvicorn.Config,
        on_ready: Callable[[], None],
        on_end: Callable[[], None],
        beside: Beside | None,
    ) -> None:
        super().__init__(config)
        self._on_ready = on_ready
        self._on_end = on_end
        self._beside = beside

    async def startup(self, sockets: Sequence[socket.socket] | None = None) -> None:
        await super().startup(list(sockets) if sockets else None)
        for each in sockets or ():
            each.listen(QUEUE)  # asyncio has one number for this and for what it accepts at once
        if self._beside is not None:
            await self._beside.start()
        if self.started:
            self._on_ready()

    async def shutdown(self, sockets: Sequence[socket.socket] | None = None) -> None:
        self._on_end()
        # Together: both give what is open the same time to end.
        beside = self._beside.stop() if self._beside is not None else asyncio.sleep(0)
        await asyncio.gather(super().shutdown(list(sockets) if sockets else None), beside)
