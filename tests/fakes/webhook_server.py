"""A server that a webhook posts to: it keeps what comes, and answers what it is told to."""

import queue
from collections import deque
from collections.abc import Mapping
from typing import NamedTuple

from tests.fakes.local_server import LocalHandler, LocalServer
from tests.patience import PATIENCE_S


class Posted(NamedTuple):
    """One request."""

    path: str
    headers: Mapping[str, str]
    body: bytes


class WebhookServer(LocalServer):
    """
    A context manager.

    Attributes:
        url: Where to post to.
        answers: Status, headers and body of the next answers; behind them all are 200.
    """

    def __init__(self) -> None:
        super().__init__(_Handler)
        self.url = f"{self.origin}/services/hidden"
        self.answers: deque[tuple[int, dict[str, str], bytes]] = deque()
        self.posted: queue.Queue[Posted] = queue.Queue()

    def next(self) -> Posted:
        """Return the next request, which may still be to come."""
        return self.posted.get(timeout=PATIENCE_S)


class _Handler(LocalHandler):
    server: WebhookServer

    def do_POST(self) -> None:
        body = self.read_body()
        answers = self.server.answers
        status, headers, said = answers.popleft() if answers else (200, {}, b"ok")
        self.send_body(said, status, headers)
        self.server.posted.put(Posted(self.path, dict(self.headers.items()), body))
