"""
A web application that has recorded a step before its workers are forked; run by a real server.

Each worker records a step with its first request, and answers how its recording stands.
"""

import os
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from tests.faults.forking_program import begin_to_record, how_it_stands, record

_recorded_in = 0


def _answer() -> bytes:
    global _recorded_in  # noqa: PLW0603 - of the process, like its recording
    if _recorded_in != os.getpid():
        _recorded_in = os.getpid()
        record(f"child {_recorded_in}")
    return how_it_stands()


def wsgi(_: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    answer = _answer()
    start_response("200 OK", [("Content-Length", str(len(answer)))])
    return [answer]


async def asgi(
    scope: dict[str, Any], _: Any, send: Callable[[dict[str, Any]], Awaitable[None]]
) -> None:
    if scope["type"] == "http":
        answer = _answer()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": answer})


begin_to_record()
