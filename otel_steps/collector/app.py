"""
The ASGI application that receives OTLP over HTTP.

    POST /v1/traces               an export request, protobuf or JSON; plain, gzip or deflate
    PUT  /v1/screenshots/{sha256} PNG, JPEG, WebP or GIF, before the span that names it
    POST /v1/logs, /v1/metrics    taken and not kept: many SDKs send all three to one address
"""

from collections.abc import Callable
from typing import Final, TypeVar

from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from otel_steps.collector.answers import JSON, Encoding, encoding_of
from otel_steps.collector.receiver import JournalRefused, Receiver
from otel_steps.pictures.names import is_picture_name
from otel_steps.serving import envelope
from otel_steps.serving.body import Held, too_many, unpacked
from otel_steps.serving.guard import Guard
from otel_steps.serving.refusal import Refusal

# A message of 20 MB takes seconds to read. More threads would not be faster and hold more of them.
_WORKERS: Final = 2
# Requests that are whole and wait for these: the last one would wait as long as its sender does.
MAX_WAITING: Final = 64
# As long as the journal leaves a disk alone that has failed.
_DISK_RETRY_S: Final = 5

_SPANS_ONLY: Final = (
    "nothing of it is kept: otel-steps keeps traces only; send logs and metrics elsewhere"
)

T = TypeVar("T")


def create_app(receiver: Receiver, *, guard: Guard) -> Starlette:
    """
    Return the application; where it is mounted in another one, then at `/`.

    It looks after itself: *guard* sees each of its requests, so the other one need not.

    Args:
        receiver: Has the journal. Shipping what is in it is the caller's business: give the
            receiver `Shipper.notify` of a shipper for the same journal.
    """
    endpoints = _Endpoints(receiver, guard)
    return Starlette(
        routes=[
            # With a slash as well: a redirect is what many exporters do not follow.
            Route("/v1/traces", endpoints.traces, methods=["POST"]),
            Route("/v1/traces/", endpoints.traces, methods=["POST"]),
            Route("/v1/logs", endpoints.others, methods=["POST"]),
            Route("/v1/metrics", endpoints.others, methods=["POST"]),
            Route("/v1/screenshots/{sha256}", endpoints.screenshot, methods=["PUT"]),
        ],
        exception_handlers=dict(envelope.HANDLERS),
    )


class _Endpoints:
    def __init__(self, receiver: Receiver, guard: Guard) -> None:
        self._receiver = receiver
        self._guard = guard
        self._held = Held()
        self._workers = CapacityLimiter(_WORKERS)

    async def traces(self, request: Request) -> Response:
        return await self._answered(request, self._take)

    async def others(self, request: Request) -> Response:
        return await self._answered(request, lambda encoding, _: encoding.ignored(_SPANS_ONLY))

    async def _answered(
        self, request: Request, take: Callable[[Encoding, bytes], Response]
    ) -> Response:
        encoding = encoding_of(request.headers.get("content-type", ""))
        try:
            self._guard.check_sender(request.headers)
            if encoding is None:
                raise Refusal(415, "send application/x-protobuf or application/json")
            return await self._with_body(request, lambda body: take(encoding, body))
        except Refusal as refusal:
            return (encoding or JSON).refused(refusal)

    async def screenshot(self, request: Request) -> Response:
        sha256 = request.path_params["sha256"]
        self._guard.check_sender(request.headers)
        if not is_picture_name(sha256):
            raise Refusal(400, "name the picture by its sha256: 64 lower-case hex digits")
        return await self._with_body(request, lambda body: self._take_picture(sha256, body))

    async def _with_body(self, request: Request, take: Callable[[bytes], T]) -> T:
        """Return what *take*, in a thread, makes of the body, which counts as held until then."""
        coding = request.headers.get("content-encoding", "").strip().lower()
        with self._held.body() as held:
            data = await held.read(request)
            if self._workers.statistics().tasks_waiting >= MAX_WAITING:
                raise too_many()
            return await run_sync(lambda: take(unpacked(data, coding)), limiter=self._workers)

    def _take(self, encoding: Encoding, body: bytes) -> Response:
        try:
            return encoding.taken(self._receiver.take(encoding.spans(body)))
        except ValueError as error:
            raise Refusal(400, str(error)) from None
        except JournalRefused as error:
            raise Refusal(503, str(error), retry_after_s=_DISK_RETRY_S) from None

    def _take_picture(self, sha256: str, body: bytes) -> Response:
        try:
            info, is_new = self._receiver.take_picture(sha256, body)
        except ValueError as error:
            raise Refusal(400, str(error)) from None
        except JournalRefused as error:
            raise Refusal(503, str(error), retry_after_s=_DISK_RETRY_S) from None
        facts = {"sha256": info.sha256, "mime_type": info.mime_type, "size": info.size}
        return envelope.data(facts, status=201 if is_new else 200)
