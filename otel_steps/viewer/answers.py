"""
How the viewer's own errors are answered: what is wrong with a parameter, and with the store.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.responses import Response

from otel_steps.serving import envelope
from otel_steps.serving.refusal import BadRequest, Refusal
from otel_steps.stores import StoreError, StoreOnHold

_RETRY_AFTER_S: Final = 5


def add_handlers(app: FastAPI) -> None:
    """Let every error of *app* that a request may cause be an answer in its envelope."""
    for kind, handler in (*envelope.HANDLERS, *_HANDLERS):
        app.add_exception_handler(kind, handler)


async def _invalid(_: Request, error: RequestValidationError) -> Response:
    problems = [_sentence(each) for each in error.errors()]
    return envelope.refused(BadRequest("; ".join(problems)))


def _sentence(problem: Mapping[str, Any]) -> str:
    name = ".".join(str(part) for part in problem["loc"][1:])
    if not name:
        return f"the body: {problem['msg']}; send a JSON object as application/json"
    value = problem.get("input")
    shown = f" (got {value[:100]!r})" if isinstance(value, str) else ""
    return f"{name}: {problem['msg']}{shown}"


async def _store(_: Request, error: StoreError) -> Response:
    message = str(error)
    if isinstance(error, StoreOnHold):
        message = f"{message}; {error.remedy}"
    refusal = Refusal(503, message, code="store_unavailable", retry_after_s=_RETRY_AFTER_S)
    return envelope.refused(refusal)


_HANDLERS: Final[Sequence[tuple[type[Exception], Any]]] = (
    (RequestValidationError, _invalid),
    (StoreError, _store),
)
