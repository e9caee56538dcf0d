"""
Who may send: whoever has the token; without one, programs of this machine, and no web page.

A page that a browser shows can reach a server of the same machine, and by a name of its own that
leads to 127.0.0.1 (DNS rebinding) even as if it were its own. So a request that says that a page
has made it is refused, and one without a token must call this machine by its own name.
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from otel_steps.collector.refusal import Refusal
from otel_steps.config import Secret

_LOCAL_NAMES: Final = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """
    Looks at the headers of a request.

    Attributes:
        token: What `Authorization: Bearer` must say; None where any program of this machine may
            send, which only a server bound to the loopback interface may allow.
    """

    token: Secret | None = None

    def check(self, headers: Mapping[str, str]) -> None:
        """
        Let a request pass.

        Args:
            headers: By lower-case name.

        Raises:
            Refusal: It may not.
        """
        if "origin" in headers or headers.get("sec-fetch-site", "none") != "none":
            raise Refusal(403, "web pages may not send; let a server of yours do it")
        if self.token is not None:
            if not _is_same(headers.get("authorization", ""), f"Bearer {self.token.reveal()}"):
                raise Refusal(401, "send the header `Authorization: Bearer` with OTEL_STEPS_TOKEN")
        elif _host_of(headers.get("host", "")) not in _LOCAL_NAMES:
            raise Refusal(
                403,
                "call this machine localhost or 127.0.0.1, or set OTEL_STEPS_TOKEN on both sides",
            )


def _is_same(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode(errors="replace"), expected.encode())


def _host_of(header: str) -> str | None:
    try:
        return urlsplit(f"//{header}").hostname
    except ValueError:
        return None
