"""A WebDriverAgent on 127.0.0.1: what an iOS agent talks to instead of a phone."""

import base64
import io
import json
from typing import Any

from tests.fakes.local_server import LocalHandler, LocalServer
from tests.fakes.phone import draw_screen


class WebDriver(LocalServer):
    """
    Stands for one iPhone; a context manager. Its `origin` is what an iOS agent takes as `wda_url`.

    Args:
        screens: How many there are; what comes after them is no picture.

    Attributes:
        calls: Method and path of each call so far.
    """

    def __init__(self, *, screens: int = 2) -> None:
        super().__init__(_Handler)
        self.calls: list[str] = []
        self._left = screens

    def answer(self, path: str) -> Any:
        """Return the `value` that a call of *path* has."""
        if path == "/session":
            return {"sessionId": "session-1"}
        if path.endswith("/screenshot"):
            if not self._left:
                return base64.b64encode(b"no picture").decode()
            self._left -= 1
            file = io.BytesIO()
            draw_screen(self._left).save(file, "PNG", compress_level=1)
            return base64.b64encode(file.getvalue()).decode()
        if path.endswith("/wda/activeAppInfo"):
            return {"bundleId": "com.apple.mobilesafari"}
        return {}


class _Handler(LocalHandler):
    server: WebDriver

    def do_GET(self) -> None:
        self.read_body()
        self.server.calls.append(f"{self.command} {self.path}")
        self.send_body(json.dumps({"value": self.server.answer(self.path)}).encode())

    def do_POST(self) -> None:
        self.do_GET()
