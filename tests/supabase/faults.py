"""What may go wrong between a program and Supabase, by name."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Final, Self

from tests.supabase.exchange import Reply

# Of the connection: nothing that could be read as a reply comes back.
BREAKS: Final = ("close", "reset", "hang", "drip")

# Of a proxy, a firewall or a sign-in page, whatever the status.
_PAGES: Final = (302, 400, 401, 403, 404, 405, 409, 413, 415, 422, 451, 502)

REPLIES: Final[Mapping[str, Reply]] = {
    **{f"{status} html": Reply.of_html(status, "This is not Supabase") for status in _PAGES},
    "200 broken json": Reply(200, b'{"rows": [{"id": ', {"content-type": "application/json"}),
    # A hotel's sign-in page.
    "200 html": Reply.of_html(200, "Welcome to our Wi-Fi"),
    "401 json": Reply.of_json(
        401, {"message": "Invalid API key", "hint": "Double check your API key."}
    ),
    # Of a project whose plan is used up.
    "402 json": Reply.of_json(
        402,
        {
            "code": "exceed_egress_quota",
            "message": "Service for this project is restricted due to the following violations: "
            "exceed_egress_quota.",
        },
    ),
    "429": Reply.of_json(429, {"message": "API rate limit exceeded"}, retry_after="1"),
    "500 54000": Reply.of_json(
        500,
        {
            "code": "54000",
            "message": "total size of jsonb array elements exceeds the maximum",
            "details": None,
            "hint": None,
        },
    ),
    "500 57014": Reply.of_json(
        500,
        {
            "code": "57014",
            "message": "canceling statement due to statement timeout",
            "details": None,
            "hint": None,
        },
    ),
    "500 html": Reply.of_html(500, "Internal Server Error"),
    "503 empty": Reply(503),
    "503 json": Reply.of_json(503, {"message": "name resolution failed"}),
    "503 pgrst002": Reply.of_json(
        503,
        {
            "code": "PGRST002",
            "message": "Could not query the database for the schema cache. Retrying.",
            "details": None,
            "hint": None,
        },
    ),
    "520": Reply.of_html(520, "Web server is returning an unknown error"),
    "540": Reply.of_json(540, {"message": "Project paused"}),
}


@dataclass(eq=False, slots=True, kw_only=True)
class Fault:
    """
    A fault that waits for its requests; a context manager that lifts it.

    Attributes:
        name: One of `BREAKS` or `REPLIES`.
        times: How many requests it still meets; None is for all, until it is lifted.
        path: What the path of a request must contain.
        method: Of the request, or None for any.
        larger_than: It meets requests whose body has more bytes than this.
        after_commit: True where the request is carried out first, and its reply lost.
        met: Set as soon as it has met a request.
    """

    name: str
    times: int | None = 1
    path: str = ""
    method: str | None = None
    larger_than: int = -1
    after_commit: bool = False
    met: threading.Event = field(default_factory=threading.Event)
    _lifted: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        known = [*BREAKS, *REPLIES]
        if self.name not in known:
            raise ValueError(f"unknown fault {self.name!r}; use one of {known}")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.lift()

    def lift(self) -> None:
        """Meet no further request, and let go of those that hang."""
        self._lifted.set()

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait until the fault is lifted; return whether it is."""
        return self._lifted.wait(timeout_s)

    def meets(self, method: str, path: str, size: int) -> bool:
        """Return whether this request is met, and count it if so; not thread-safe."""
        is_meant = (
            not self._lifted.is_set()
            and self.times != 0
            and self.path in path
            and self.method in (None, method)
            and size > self.larger_than
        )
        if is_meant:
            self.times = None if self.times is None else self.times - 1
            self.met.set()
        return is_meant
