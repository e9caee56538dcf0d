"""A request as the gateway passes it on, and the reply that comes back."""

import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

UPSTREAM_TIMEOUT_S = 60

# These belong to one connection, and the gateway has two.
_OF_CONNECTION = frozenset(
    {"connection", "keep-alive", "transfer-encoding", "content-length", "host"}
)


@dataclass(frozen=True, slots=True)
class Call:
    """A request; *path* has its query."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply; the connection's own headers are left out."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of_json(cls, status: int, value: Any, **headers: str) -> Self:
        """Return a reply whose body is *value*; `retry_after="1"` becomes `retry-after: 1`."""
        named = {name.replace("_", "-"): text for name, text in headers.items()}
        body = json.dumps(value, ensure_ascii=False).encode()
        return cls(status, body, {"content-type": "application/json", **named})

    @classmethod
    def of_html(cls, status: int, text: str) -> Self:
        """Return a page, as a proxy sends it that knows no API."""
        page = f"<html><head><title>{text}</title></head><body><h1>{text}</h1></body></html>"
        return cls(status, page.encode(), {"content-type": "text/html"})

    @property
    def json(self) -> Any:
        """The body as a value, or None where it is not JSON."""
        is_json = self.headers.get("content-type", "").startswith("application/json")
        return json.loads(self.body) if is_json and self.body else None


def send(port: int, call: Call) -> Reply:
    """Send *call* to the server on *port* of this machine and return all of its reply."""
    # A connection a request: one kept alive may be closed by the server just as a POST goes out.
    upstream = http.client.HTTPConnection("127.0.0.1", port, timeout=UPSTREAM_TIMEOUT_S)
    try:
        upstream.request(call.method, call.path, call.body or None, _own(call.headers))
        response = upstream.getresponse()
        return Reply(response.status, response.read(), _own(dict(response.getheaders())))
    except (OSError, http.client.HTTPException):
        return Reply.of_json(502, {"message": "An invalid response was received from the upstream"})
    finally:
        upstream.close()


def _own(headers: Mapping[str, str]) -> dict[str, str]:
    lower = {name.lower(): value for name, value in headers.items()}
    return {name: value for name, value in lower.items() if name not in _OF_CONNECTION}
