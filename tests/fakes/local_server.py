"""An HTTP server on 127.0.0.1 that serves for the time of a block."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from tests.patience import PATIENCE_S


class LocalServer(ThreadingHTTPServer):
    """
    A context manager.

    Attributes:
        origin: Where it listens, such as "http://127.0.0.1:40123".

    Args:
        handler: Answers each request; its `server` is this one.
    """

    daemon_threads = True

    def __init__(self, handler: type["LocalHandler"]) -> None:
        super().__init__(("127.0.0.1", 0), handler)
        self.origin = f"http://127.0.0.1:{self.server_port}"
        self._thread = threading.Thread(target=self.serve_forever, args=(0.02,))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.shutdown()
        self.server_close()
        self._thread.join(PATIENCE_S)


class LocalHandler(BaseHTTPRequestHandler):
    """Prints nothing."""

    server: Any

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - as in the base class
        """Say nothing."""

    def read_body(self) -> bytes:
        """Return what has come with the request."""
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def send_body(
        self, body: bytes = b"", status: int = 200, headers: dict[str, str] | None = None
    ) -> None:
        """Answer."""
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
