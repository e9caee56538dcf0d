"""What stands between a program and a server: a forward proxy, and TLS in front of plain HTTP."""

import base64
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeVar
from urllib.parse import urlsplit

from tests.supabase.exchange import Call, send


class Front(ThreadingHTTPServer):
    """
    Passes requests on to another port.

    Attributes:
        port: Of 127.0.0.1.
        port_behind: Where every way ends, whatever the address; so names need not be known.
    """

    request_queue_size = 64

    def __init__(self, port_behind: int, handler: type["_Handler"]) -> None:
        super().__init__(("127.0.0.1", 0), handler)
        self.port: int = self.server_address[1]
        self.port_behind = port_behind

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: clients that go away, or trust no certificate, are what tests are about."""


_Front = TypeVar("_Front", bound=Front)


class ForwardProxy(Front):
    """
    A proxy as companies have it: CONNECT for https, whole addresses for http.

    Attributes:
        login: `user:password` that it asks for, or None.
        refusal: The status that it answers to everything, or None.
        asked: Method and host of each request, such as "CONNECT abc.supabase.co:443".
    """

    def __init__(self, port_behind: int) -> None:
        super().__init__(port_behind, _ProxyHandler)
        self.login: str | None = None
        self.refusal: int | None = None
        self.asked: list[str] = []


class TlsFront(Front):
    """Speaks TLS with who comes."""

    def __init__(self, port_behind: int, context: ssl.SSLContext) -> None:
        super().__init__(port_behind, _TlsHandler)
        self.context = context


@contextmanager
def serving(front: _Front) -> Iterator[_Front]:
    """Let *front* serve for the time of a block."""
    thread = threading.Thread(target=front.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield front
    finally:
        front.shutdown()
        thread.join()
        front.server_close()


class _Handler(BaseHTTPRequestHandler):
    server: Any
    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def handle_request(self) -> None:
        """Pass a request on."""
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        path = urlsplit(self.path)._replace(scheme="", netloc="").geturl()
        call = Call(self.command, path, dict(self.headers.items()), body)
        reply = send(self.server.port_behind, call)
        self.send_response_only(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(reply.body)))
        self.end_headers()
        self.wfile.write(reply.body)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = handle_request

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - as in the base class
        """Say nothing."""


class _ProxyHandler(_Handler):
    server: ForwardProxy

    def parse_request(self) -> bool:
        """Refuse what is not to be let through."""
        return super().parse_request() and self._is_let_through()

    def do_CONNECT(self) -> None:
        """Open a tunnel."""
        with socket.create_connection(("127.0.0.1", self.server.port_behind)) as behind:
            self.send_response_only(200)
            self.end_headers()
            self.wfile.flush()
            back = threading.Thread(target=_hand_on, args=(behind, self.connection))
            back.start()
            _hand_on(self.connection, behind)
            back.join()
        self.close_connection = True

    def _is_let_through(self) -> bool:
        self.server.asked.append(f"{self.command} {urlsplit(self.path).netloc or self.path}")
        login = self.server.login
        status = self.server.refusal
        if login is not None:
            expected = f"Basic {base64.b64encode(login.encode()).decode()}"
            status = 407 if self.headers.get("proxy-authorization") != expected else status
        if status is not None:
            self.close_connection = True
            self.send_error(status)
            self.wfile.flush()
        return status is None


class _TlsHandler(_Handler):
    server: TlsFront

    def setup(self) -> None:
        """Agree upon keys first."""
        self.request = self.server.context.wrap_socket(self.request, server_side=True)
        super().setup()

    def finish(self) -> None:
        """Close what the server does not know of."""
        super().finish()
        self.request.close()


def _hand_on(source: socket.socket, target: socket.socket) -> None:
    """Tell *target* what *source* says, until either has no more to say."""
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    for end in (source, target):
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
