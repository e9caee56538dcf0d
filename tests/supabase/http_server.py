"""The gateway's side of a connection: reads calls, sends replies, or breaks off as a fault says."""

import os
import socket
import struct
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.supabase.exchange import Call, Reply
from tests.supabase.faults import Fault

Answer = Callable[[Call], tuple[Reply | None, Fault | None]]

_DRIP_INTERVAL_S = 0.02
# More than anybody waits for.
_DRIP_LENGTH = 1_000_000_000


class HttpServer(ThreadingHTTPServer):
    """Serves *answer* on a port of 127.0.0.1, one thread a connection."""

    # Ends with its threads: none is left behind to write into the next test.
    daemon_threads = False
    request_queue_size = 128

    def __init__(self, port: int, answer: Answer) -> None:
        self.answer = answer
        self.connections: set[socket.socket] = set()
        self._thread = threading.Thread(target=self.serve_forever, args=(0.02,), name="gateway")
        super().__init__(("127.0.0.1", port), _Handler)

    def start(self) -> None:
        """Serve, in a thread."""
        self._thread.start()

    def stop(self) -> None:
        """Close the port and every connection, and wait for their threads."""
        self.shutdown()
        self._thread.join()
        for connection in list(self.connections):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self.server_close()

    def process_request(self, request: Any, client_address: Any) -> None:
        """Hand a new connection to a thread."""
        self.connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Close a connection."""
        self.connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say what went wrong, except that a client has gone away: many tests are about that."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    server: HttpServer
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    # A reply goes out in one piece.
    wbufsize = -1

    def handle_request(self) -> None:
        """Answer one request, whatever its method."""
        # Whole before anything of it goes on, as at hosted Supabase.
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        reply, fault = self.server.answer(Call(self.command, self.path, headers, body))
        if reply is not None:
            self._send(reply)
        elif fault is not None:
            self.close_connection = True
            getattr(self, f"_{fault.name}")(fault)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = handle_request

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - as in the base class
        """Say nothing: `Gateway.requests` tells it."""

    def _send(self, reply: Reply) -> None:
        self.send_response_only(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        if reply.status not in (204, 304):
            self.send_header("content-length", str(len(reply.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(reply.body)

    def _close(self, fault: Fault) -> None:
        """End the connection in order, without a word."""

    def _reset(self, fault: Fault) -> None:
        # To close with data on its way, and no time to send it, resets a connection.
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        os.close(self.connection.detach())

    def _hang(self, fault: Fault) -> None:
        fault.wait()

    def _drip(self, fault: Fault) -> None:
        self.send_response_only(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(_DRIP_LENGTH))
        self.end_headers()
        while not fault.wait(_DRIP_INTERVAL_S):
            self.wfile.write(b" ")
            self.wfile.flush()
