"""
What is answered in JSON: `{"data": ...}`, or `{"error": {"code", "message"}}`.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from otel_steps.serving.refusal import Refusal, code_of


def data(value: Any, *, status: int = 200) -> Response:
    """Return *value* in its envelope; rows are JSON already, so nothing checks them again."""
    return _json({"data": value}, status)


def failure(
    status: int, code: str, message: str, *, headers: Mapping[str, str] | None = None
) -> Response:
    """Return an error in its envelope."""
    return _json({"error": {"code": code, "message": message}}, status, headers)


def refused(refusal: Refusal) -> Response:
    """Return what a refusal says in its envelope."""
    return failure(refusal.status, refusal.code, str(refusal), headers=refusal.headers)


def _json(value: Any, status: int, headers: Mapping[str, str] | None = None) -> Response:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    # A lone surrogate in a row of another writer must not cost the whole answer.
    content = text.encode("utf-8", "replace")
    return Response(content, status, dict(headers or {}), media_type="application/json")


async def _refused(_: Request, refusal: Refusal) -> Response:
    return refused(refusal)


async def _http(_: Request, error: HTTPException) -> Response:
    code = code_of(error.status_code)
    return failure(error.status_code, code, error.detail, headers=error.headers)


async def _unexpected(_: Request, __: Exception) -> Response:
    message = "the server failed; its terminal says why. Report this at the project"
    return failure(500, "internal", message)


# Exception -> how an application answers it.
HANDLERS: Final[Sequence[tuple[type[Exception], Any]]] = (
    (Refusal, _refused),
    (HTTPException, _http),
    (Exception, _unexpected),
)
