"""Why a request is refused: raised wherever that is found out, and answered in one envelope."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

# HTTP status -> the code in the envelope, where the name of the status would not do.
_CODES: Final[Mapping[int, str]] = {
    401: "unauthorized",
    408: "timeout",
    413: "too_large",  # Python 3.13 has another name for it
    503: "unavailable",
}


class Refusal(Exception):
    """
    A request cannot be taken; the message says what to do about it.

    Attributes:
        status: Of HTTP. Senders of OTLP try 429 and 503 again, and nothing else.
        code: In the envelope; by default that of the status.
        retry_after_s: When.
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: str | None = None,
        retry_after_s: int | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code or code_of(status)
        self.retry_after_s = retry_after_s

    @property
    def headers(self) -> dict[str, str]:
        """What the status asks for."""
        headers = {} if self.retry_after_s is None else {"Retry-After": str(self.retry_after_s)}
        return headers | ({"WWW-Authenticate": "Bearer"} if self.status == 401 else {})


class NotFound(Refusal):
    """What was asked for is not there; the message names it."""

    def __init__(self, message: str) -> None:
        super().__init__(404, message)


class BadRequest(Refusal):
    """A parameter cannot be used; the message names it, the value and the remedy."""

    def __init__(self, message: str) -> None:
        super().__init__(400, message)


def code_of(status: int) -> str:
    """Return the code in the envelope for an HTTP status."""
    return _CODES.get(status) or HTTPStatus(status).name.lower()
