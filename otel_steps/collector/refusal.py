"""Why a request is refused, in the words of HTTP and of gRPC, which OTLP's answers speak."""

from collections.abc import Mapping
from typing import Final

# HTTP status -> code of `google.rpc.Status`, and the name in our own error bodies.
_CODES: Final[Mapping[int, tuple[int, str]]] = {
    400: (3, "invalid"),
    401: (16, "unauthenticated"),
    403: (7, "forbidden"),
    408: (4, "timeout"),
    413: (3, "too_large"),
    415: (3, "unsupported_media_type"),
    429: (8, "too_many_requests"),
    503: (14, "unavailable"),
}


class Refusal(Exception):
    """
    A request cannot be taken; the message says what to do about it.

    Attributes:
        status: Of HTTP. Senders try 429 and 503 again, and nothing else.
        retry_after_s: When.
    """

    def __init__(self, status: int, message: str, *, retry_after_s: int | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.retry_after_s = retry_after_s

    @property
    def grpc_code(self) -> int:
        """The code of `google.rpc.Status`."""
        return _CODES[self.status][0]

    @property
    def name(self) -> str:
        """The code in our own error bodies."""
        return _CODES[self.status][1]

    @property
    def headers(self) -> dict[str, str]:
        """What the status asks for."""
        headers = {} if self.retry_after_s is None else {"Retry-After": str(self.retry_after_s)}
        return headers | ({"WWW-Authenticate": "Bearer"} if self.status == 401 else {})
