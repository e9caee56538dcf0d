"""
What a machine asks a server: is it alive, may it be sent anything, how does it stand.

    GET /healthz   200 while the process answers
    GET /readyz    200 while it can do its work, else 503 with why not
    GET /metrics   text for Prometheus

The first two are for whoever asks and say no more than that; what they find out is kept for a
moment, so that asking often costs nothing.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Final, Generic, TypeVar

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from otel_steps.health.prometheus import MEDIA_TYPE
from otel_steps.serving import envelope

T = TypeVar("T")

_FRESH_S: Final = 1.0

# For whoever asks: they say nothing of what is recorded.
OPEN_PATHS: Final = frozenset({"/healthz", "/readyz"})


class Probes:
    """
    Answers them; for one event loop.

    Args:
        hindrance: Returns why the server cannot do its work, without a word of what is recorded, or
            None. Called in a thread.
        metrics: Returns the text for Prometheus, likewise.
    """

    def __init__(
        self,
        hindrance: Callable[[], str | None] = lambda: None,
        metrics: Callable[[], str] = lambda: "",
    ) -> None:
        self._hindrance = _Fresh(hindrance)
        self._metrics = _Fresh(metrics)

    def routes(self, check: Callable[[Request], None] = lambda _: None) -> list[Route]:
        """
        Return the routes.

        Args:
            check: Raises where whoever asks may not see the metrics.
        """

        async def metrics(request: Request) -> Response:
            check(request)
            return Response(await self._metrics.get(), media_type=MEDIA_TYPE)

        return [
            Route("/healthz", _healthz, include_in_schema=False),
            Route("/readyz", self._readyz, include_in_schema=False),
            Route("/metrics", metrics, include_in_schema=False),
        ]

    async def _readyz(self, _: Request) -> Response:
        hindrance = await self._hindrance.get()
        if hindrance is None:
            return PlainTextResponse("ok\n")
        return PlainTextResponse(f"{hindrance}\n", 503)


def application(probes: Probes, check: Callable[[Request], None]) -> Starlette:
    """Return an application that answers *probes* and nothing else; *check* as `Probes.routes`."""
    return Starlette(routes=probes.routes(check), exception_handlers=dict(envelope.HANDLERS))


async def _healthz(_: Request) -> Response:
    return PlainTextResponse("ok\n")


class _Fresh(Generic[T]):
    """What a slow question has found out within the last second; one at a time asks it."""

    def __init__(self, ask: Callable[[], T]) -> None:
        self._ask = ask
        self._lock = asyncio.Lock()
        self._last: tuple[float, T] | None = None

    async def get(self) -> T:
        async with self._lock:
            if self._last is None or time.monotonic() - self._last[0] > _FRESH_S:
                answer = await run_in_threadpool(self._ask)
                self._last = (time.monotonic(), answer)
            return self._last[1]
