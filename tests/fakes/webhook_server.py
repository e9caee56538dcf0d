"""A server that a webhook posts to: it keeps what comes, and answers what it is told to."""

import queue
import threading
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

from tests.patience import PATIENCE_S


class Posted(NamedTuple):
    """One request."""

    path: str
    headers: Mapping[str, str]
    body: bytes


class WebhookServer:
    """
    Listens on this machine.

    Attributes:
        url: Where to post to.
        answers: Status, headers and body of the next answers; behind them all are 200.
    """

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}/services/hidden"
        self.answers: deque[tuple[int, Mapping[str, str], bytes]] = deque()
        self.posted: queue.Queue[Posted] = queue.Queue()

    def next(self) -> Posted:
        """Return the next request, which may still be to come."""
        return self.posted.get(timeout=PATIENCE_S)


@contextmanager
def webhook_server() -> Iterator[WebhookServer]:
    """Serve until the block is left."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            answers = server.answers
            status, headers, said = answers.popleft() if answers else (200, {}, b"ok")
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)
            server.posted.put(Posted(self.path, dict(self.headers.items()), body))

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        server = WebhookServer(listening.server_address[1])
        thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            listening.shutdown()
            thread.join()
