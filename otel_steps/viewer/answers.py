"""
What the API answers with: `{"data": ...}`, or `{"error": {"code", "message"}}`.
"""

import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from otel_steps.stores import StoreError, StoreOnHold

_RETRY_AFTER_S = "5"


class NotFound(Exception):
    """What was asked for is not there; the message names it."""


class BadRequest(ValueError):
    """A parameter cannot be used; the message names it, the value and the remedy."""


class Busy(Exception):
    """More is asked for at once than can be served; the message says what to do."""


def data(value: Any, *, headers: Mapping[str, str] | None = None) -> Response:
    """Return *value* in its envelope; rows are JSON already, so nothing checks them again."""
    return _json({"data": value}, headers=headers)


def failure(
    status: HTTPStatus, code: str, message: str, *, headers: Mapping[str, str] | None = None
) -> Response:
    """Return an error in its envelope."""
    return _json({"error": {"code": code, "message": message}}, status, headers)


def _json(
    value: Any, status: HTTPStatus = HTTPStatus.OK, headers: Mapping[str, str] | None = None
) -> Response:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    # A lone surrogate in a row of another writer must not cost the whole answer.
    content = text.encode("utf-8", "replace")
    return Response(content, status, dict(headers or {}), media_type="application/json")


def add_handlers(app: FastAPI) -> None:
    """Let every error of *app* that a request may cause be an answer in its envelope."""
    for kind, handler in _HANDLERS:
        app.add_exception_handler(kind, handler)


async def _not_found(_: Request, error: Exception) -> Response:
    return failure(HTTPStatus.NOT_FOUND, "not_found", str(error))


async def _bad_request(_: Request, error: Exception) -> Response:
    return failure(HTTPStatus.BAD_REQUEST, "bad_request", str(error))


async def _busy(_: Request, error: Exception) -> Response:
    headers = {"Retry-After": _RETRY_AFTER_S}
    return failure(HTTPStatus.SERVICE_UNAVAILABLE, "busy", str(error), headers=headers)


async def _invalid(_: Request, error: RequestValidationError) -> Response:
    problems = [_sentence(each) for each in error.errors()]
    return failure(HTTPStatus.BAD_REQUEST, "bad_request", "; ".join(problems))


def _sentence(problem: Mapping[str, Any]) -> str:
    name = ".".join(str(part) for part in problem["loc"][1:])
    if not name:
        return f"the body: {problem['msg']}; send a JSON object as application/json"
    value = problem.get("input")
    shown = f" (got {value[:100]!r})" if isinstance(value, str) else ""
    return f"{name}: {problem['msg']}{shown}"


async def _http(_: Request, error: HTTPException) -> Response:
    status = HTTPStatus(error.status_code)
    return failure(status, status.name.lower(), status.phrase, headers=error.headers)


async def _unexpected(_: Request, __: Exception) -> Response:
    message = "the viewer failed; its terminal says why. Report this at the project"
    return failure(HTTPStatus.INTERNAL_SERVER_ERROR, "internal", message)


async def _store(_: Request, error: StoreError) -> Response:
    message = str(error)
    if isinstance(error, StoreOnHold):
        message = f"{message}; {error.remedy}"
    headers = {"Retry-After": _RETRY_AFTER_S}
    return failure(HTTPStatus.SERVICE_UNAVAILABLE, "store_unavailable", message, headers=headers)


_HANDLERS: Final[Sequence[tuple[type[Exception], Any]]] = (
    (NotFound, _not_found),
    (BadRequest, _bad_request),
    (Busy, _busy),
    (RequestValidationError, _invalid),
    (HTTPException, _http),
    (StoreError, _store),
    (Exception, _unexpected),
)
