"""A small shop on 127.0.0.1, for agents that use a browser."""

from pathlib import Path
from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit

from tests.fakes.local_server import LocalHandler, LocalServer

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


class Shop(LocalServer):
    """
    Serves a page, and `/framed` with two frames in it; a context manager.

    Attributes:
        url: The address of the page.
        clicks: Those on the page so far, as the page itself has seen them.
    """

    def __init__(self) -> None:
        super().__init__(_Handler)
        self.url = f"{self.origin}/"
        self.clicks: list[Click] = []


class _Handler(LocalHandler):
    server: Shop

    def do_GET(self) -> None:
        page = _PAGES.get(urlsplit(self.path).path)
        headers = {"Content-Type": "text/html; charset=utf-8"}
        self.send_body(page or b"", 404 if page is None else 200, headers)

    def do_POST(self) -> None:
        x, y, on = (parse_qs(urlsplit(self.path).query)[name][0] for name in ("x", "y", "on"))
        self.server.clicks.append(Click(float(x), float(y), on))
        self.send_response(204)
        self.end_headers()
