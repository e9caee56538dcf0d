"""
A task's id in the path of an address.

An id may be any text, and an address has it as one segment: percent-encoded, its slashes too. But
servers hand a path over decoded, where `a%2Fsteps` is no longer told from `a/steps`. So the routes
are matched against a path of which each segment is decoded by itself.

What no encoding can save are the segments `.` and `..`, which browsers resolve: the ids of that
name are written `.;` and `..;`, as no encoded id is.
"""

import re
from typing import Final
from urllib.parse import quote, unquote

from starlette.convertors import Convertor, register_url_convertor
from starlette.types import ASGIApp, Receive, Scope, Send

# Stands for the slash in a segment: no UTF-8 decodes to it.
_SLASH: Final = "\udc2f"
_DOTS: Final = re.compile(r"(\.{1,2});")


class WholeSegments:
    """Let the routes of *app* see an encoded slash as a part of its segment."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        if scope["type"] == "http" and scope["path"].startswith(("/api/tasks/", "/t/")):
            segments = scope["raw_path"].decode("ascii").split("/")
            scope = {**scope, "path": "/".join(map(_decoded, segments))}
        await self._app(scope, receive, send)


def segment_of(task_id: str) -> str:
    """Return the segment of an address that stands for an id."""
    return f"{task_id};" if task_id in (".", "..") else quote(task_id, safe="")


def _decoded(segment: str) -> str:
    if dots := _DOTS.fullmatch(segment):
        return dots[1]
    return unquote(segment).replace("/", _SLASH)


class _AnyText(Convertor[str]):
    """Slashes may come as they are, too; Starlette's own `path` ends at the end of a line."""

    regex = r"[\s\S]*"

    def convert(self, value: str) -> str:
        return value.replace(_SLASH, "/")

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("text", _AnyText())

# Of a route's path; the route's function has it as `task_id`.
TASK: Final = "{task_id:text}"
