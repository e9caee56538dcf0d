"""
The ASGI application that receives OTLP over HTTP.

    POST /v1/traces               an export request, protobuf or JSON; plain, gzip or deflate
    PUT  /v1/screenshots/{sha256} PNG, JPEG, WebP or GIF, before the span that names it
    POST /v1/logs                 events `gen_ai.evaluation.result`; others are taken and not kept
    POST /v1/metrics              taken and not kept: many SDKs send all three to one address
    GET  /                        says what this is: some senders ask whether anybody is there
    GET  /healthz, /readyz, /metrics   see `serving.probes`
"""

from collections.abc import Callable
from typing import TypeVar

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from otel_steps.collector.answers import JSON, Encoding, encoding_of
from otel_steps.collector.intake import SPANS_ONLY, Intake
from otel_steps.pictures.names import is_picture_name
from otel_steps.serving import envelope
from otel_steps.serving.body import unpacked
from otel_steps.serving.probes import Probes
from otel_steps.serving.refusal import Refusal

T = TypeVar("T")


def create_app(intake: Intake, probes: Probes | None = None) -> Starlette:
    """
    Return the application; where it is mounted in another one, then at `/`.

    Args:
        probes: How it stands; by default it is ready while it answers.

    It looks after itself: the guard of *intake* sees each of its requests, so the other one need
    not.
    """
    endpoints = _Endpoints(intake)
    probes = probes or Probes()
    return Starlette(
        routes=[
            Route("/", endpoints.hello, methods=["GET"]),
            # With a slash as well: a redirect is what many exporters do not follow.
            Route("/v1/traces", endpoints.traces, methods=["POST"]),
            Route("/v1/traces/", endpoints.traces, methods=["POST"]),
            Route("/v1/logs", endpoints.logs, methods=["POST"]),
            Route("/v1/metrics", endpoints.others, methods=["POST"]),
            Route("/v1/screenshots/{sha256}", endpoints.screenshot, methods=["PUT"]),
            *probes.routes(lambda request: intake.guard.check_sender(request.headers)),
        ],
        exception_handlers=dict(envelope.HANDLERS),
    )


class _Endpoints:
    def __init__(self, intake: Intake) -> None:
        self._intake = intake

    async def hello(self, request: Request) -> Response:
        self._intake.guard.check_sender(request.headers)
        return envelope.data({"service": "otel-steps", "traces": "/v1/traces"})

    async def traces(self, request: Request) -> Response:
        return await self._answered(request, self._take)

    async def logs(self, request: Request) -> Response:
        return await self._answered(request, self._take_logs)

    async def others(self, request: Request) -> Response:
        return await self._answered(request, lambda encoding, _: encoding.ignored(SPANS_ONLY))

    async def _answered(
        self, request: Request, take: Callable[[Encoding, bytes], Response]
    ) -> Response:
        encoding = encoding_of(request.headers.get("content-type", ""))
        try:
            self._intake.guard.check_sender(request.headers)
            if encoding is None:
                raise Refusal(415, "send application/x-protobuf or application/json")
            return await self._with_body(request, lambda body: take(encoding, body))
        except Refusal as refusal:
            return (encoding or JSON).refused(refusal)

    async def screenshot(self, request: Request) -> Response:
        sha256 = request.path_params["sha256"]
        self._intake.guard.check_sender(request.headers)
        if not is_picture_name(sha256):
            raise Refusal(400, "name the picture by its sha256: 64 lower-case hex digits")
        return await self._with_body(request, lambda body: self._take_picture(sha256, body))

    async def _with_body(self, request: Request, take: Callable[[bytes], T]) -> T:
        """Return what *take*, in a thread, makes of the body, which counts as held until then."""
        coding = request.headers.get("content-encoding", "").strip().lower()
        with self._intake.held.body() as held:
            data = await held.read(request.stream())
            return await self._intake.in_thread(lambda: take(unpacked(data, coding)))

    def _take(self, encoding: Encoding, body: bytes) -> Response:
        return encoding.taken(self._intake.take(encoding, body))

    def _take_logs(self, encoding: Encoding, body: bytes) -> Response:
        taken = self._intake.take_logs(encoding, body)
        return encoding.ignored(SPANS_ONLY) if taken is None else encoding.taken(taken)

    def _take_picture(self, sha256: str, body: bytes) -> Response:
        info, is_new = self._intake.take_picture(sha256, body)
        facts = {"sha256": info.sha256, "mime_type": info.mime_type, "size": info.size}
        return envelope.data(facts, status=201 if is_new else 200)
