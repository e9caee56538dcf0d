"""A reverse proxy that has a server below a path, as people set one up."""

import http.client
from contextlib import closing, suppress
from typing import Any, Final

from tests.forward_proxy import Front, _Handler

# Of one connection, not of what is said over it.
_OWN: Final = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length"})
# What whoever comes through a proxy might have written as well.
_FORWARDED: Final = {
    "X-Forwarded-For": "203.0.113.9",
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Prefix": "/evil",
    "X-Forwarded-Proto": "https",
}


class ReverseProxy(Front):
    """
    Passes on what is below a path; anything else is somebody else's.

    Args:
        root: The path.
        strips: True where the server behind does not get to see it.
        keeps_host: True where that one sees the name that the proxy is called by.

    Attributes:
        port_behind: Of the server, once it is known.
    """

    def __init__(self, root: str, *, strips: bool, keeps_host: bool) -> None:
        super().__init__(0, _ReverseHandler)
        self.root, self.strips, self.keeps_host = root, strips, keeps_host


class _ReverseHandler(_Handler):
    server: Any

    def handle_request(self) -> None:
        """Pass a request on, and what comes back as it comes."""
        server = self.server
        self.close_connection = True
        if not self.path.startswith(f"{server.root}/"):
            self.send_error(404)
            return
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        headers = {**dict(self.headers.items()), **_FORWARDED}
        if not server.keeps_host:
            headers["Host"] = f"127.0.0.1:{server.port_behind}"
        path = self.path.removeprefix(server.root) if server.strips else self.path
        behind = http.client.HTTPConnection("127.0.0.1", server.port_behind)
        behind.request(self.command, path, body or None, headers)
        # Whoever goes away in the middle of events ends them for both.
        with closing(behind), behind.getresponse() as answer, suppress(ConnectionError):
            self._hand_on(answer)

    def _hand_on(self, answer: http.client.HTTPResponse) -> None:
        self.send_response_only(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in _OWN:
                self.send_header(name, value)
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.flush()
        while data := answer.read1(65536):
            self.wfile.write(data)
            self.wfile.flush()

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = handle_request
