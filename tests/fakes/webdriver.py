"""A WebDriverAgent on 127.0.0.1: what an iOS agent talks to instead of a phone."""

import base64
import io
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from tests.fakes.phone import draw_screen
from tests.patience import PATIENCE_S


class WebDriver:
    """
    Stands for one iPhone; a context manager.

    Args:
        screens: How many there are; what comes after them is no picture.

    Attributes:
        calls: Method and path of each call so far.
    """

    def __init__(self, *, screens: int = 2) -> None:
        self.calls: list[str] = []
        self._left = screens
        self._server = _HttpServer(self)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))

    @property
    def url(self) -> str:
        """What an iOS agent takes as `wda_url`."""
        return f"http://127.0.0.1:{self._server.server_port}"

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


class _HttpServer(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, phone: WebDriver) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.phone = phone


class _Handler(BaseHTTPRequestHandler):
    server: _HttpServer

    def log_message(self, *args: object) -> None:
        """Print nothing."""

    def do_GET(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.phone.calls.append(f"{self.command} {self.path}")
        body = json.dumps({"value": self.server.phone.answer(self.path)}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        self.do_GET()
