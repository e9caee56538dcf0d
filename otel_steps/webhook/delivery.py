"""One request to the webhook, and what its answer means."""

import json
import time
from typing import TYPE_CHECKING, Final

from otel_steps.version import __version__
from otel_steps.webhook.hook import Hook
from otel_steps.webhook.message import Event
from otel_steps.webhook.shapes import request_of

if TYPE_CHECKING:
    from httpx import Response

_TIMEOUT_S: Final = 10.0
# Of an answer, what is read: enough for a reason.
_MAX_ANSWER: Final = 4_096
_MAX_REASON: Final = 200
_LATER: Final = frozenset({408, 425, 429})
# Of Feishu, in an answer whose status is 200: too many messages.
_FEISHU_BUSY: Final = frozenset({11232})


class Refused(RuntimeError):
    """The receiver does not take this message, however often it is sent; the message says why."""


class Unavailable(RuntimeError):
    """
    The receiver was not reached, or cannot take it now.

    Attributes:
        retry_after_s: What it has asked for, if it has.
    """

    def __init__(self, message: str, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


def send(event: Event, hook: Hook) -> None:
    """
    Post what an event says, once, and follow no redirect.

    Raises:
        Refused, Unavailable: It did not arrive; neither shows more of the address than its host.
    """
    import httpx  # some 0.1 s, which no command without a webhook should wait for

    request = request_of(event, hook, int(time.time()))
    headers = {**request.headers, "user-agent": f"otel-steps/{__version__}"}
    try:
        with (
            httpx.Client(timeout=_TIMEOUT_S, follow_redirects=False) as client,
            client.stream(
                "POST", hook.url.reveal(), content=request.body, headers=headers
            ) as answer,
        ):
            body = b""
            for part in answer.iter_bytes():
                body += part
                if len(body) >= _MAX_ANSWER:
                    break
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        # Its text may have the address in it.
        message = f"{hook.host} was not reached: {type(error).__name__}"
        raise Unavailable(message) from None
    _check(hook, answer, body[:_MAX_ANSWER])


def _check(hook: Hook, answer: "Response", body: bytes) -> None:
    status = answer.status_code
    reason = " ".join(body.decode(errors="replace").split())[:_MAX_REASON]
    message = f"{hook.host} answered {status}" + (f": {reason}" if reason else "")
    if status in _LATER or status >= 500:
        raise Unavailable(message, _seconds(answer.headers.get("retry-after")))
    if 300 <= status < 400:
        raise Refused(f"{message}; redirects are not followed, so set the address that it leads to")
    if status >= 400:
        raise Refused(message)
    if hook.form == "feishu" and (code := _feishu_code(body)):
        if code in _FEISHU_BUSY:
            raise Unavailable(message)
        raise Refused(message)


def _seconds(value: str | None) -> float | None:
    return float(value) if value and value.isascii() and value.isdigit() else None


def _feishu_code(body: bytes) -> int:
    """Return the code of Feishu's answer, 0 where all went well."""
    try:
        code = json.loads(body)["code"]
    except (ValueError, TypeError, KeyError):
        return 0
    return code if isinstance(code, int) else 0
