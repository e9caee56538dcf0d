"""A small shop on 127.0.0.1, for agents that use a browser."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self
from urllib.parse import parse_qs, urlsplit

from tests.patience import PATIENCE_S

# What an agent is asked to do here.
BOWL = "Put the bowl into the basket"

_PAGES = {
    path: Path(__file__).with_name(name).read_bytes()
    for path, name in (("/", "shop.html"), ("/framed", "framed.html"), ("/till", "till.html"))
}


class Click(NamedTuple):
    """Where the mouse was pressed, in CSS pixels of the window, and on what."""

    x: float
    y: float
    on: str


class Shop:
    """
    Serves a page, and `/framed` with two frames in it; a context manager.

    Attributes:
        clicks: Those on the page so far, as the page itself has seen them.
    """

    def __init__(self) -> None:
        self.clicks: list[Click] = []
        self._server = _Server(self)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))

    @property
    def url(self) -> str:
        """The address of the page."""
        return f"http://127.0.0.1:{self._server.server_port}/"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(PATIENCE_S)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, shop: Shop) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.shop = shop


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def log_message(self, *args: object) -> None:
        """Print nothing."""

    def do_GET(self) -> None:
        page = _PAGES.get(urlsplit(self.path).path)
        self.send_response(404 if page is None else 200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(page or b"")

    def do_POST(self) -> None:
        x, y, on = (parse_qs(urlsplit(self.path).query)[name][0] for name in ("x", "y", "on"))
        self.server.shop.clicks.append(Click(float(x), float(y), on))
        self.send_response(204)
        self.end_headers()
