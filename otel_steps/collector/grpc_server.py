"""
The server that receives OTLP over gRPC, on the event loop of the one for HTTP.

    TraceService/Export                          an export request; plain, gzip or deflate
    LogsService/Export, MetricsService/Export    taken and not kept, as over HTTP

Messages are taken as they are, in bytes: what reads those of HTTP reads them as well.

It needs grpcio, which comes with the extra `grpc`.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final, NoReturn

import grpc
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.duration_pb2 import Duration
from google.rpc.error_details_pb2 import RetryInfo  # type: ignore[import-untyped]
from google.rpc.status_pb2 import Status  # type: ignore[import-untyped]

from otel_steps.collector.answers import GRPC_CODES, PROTOBUF
from otel_steps.collector.intake import MAX_WAITING, SPANS_ONLY, Intake
from otel_steps.serving.body import MAX_BODY_BYTES, MAX_HELD_BYTES, too_many
from otel_steps.serving.connections import HEADERS_S, MAX_HEADER_BYTES, RESERVED_FOR_GRPC
from otel_steps.serving.refusal import Refusal
from otel_steps.serving.server import PortTaken

_SERVICES: Final = "opentelemetry.proto.collector"
# How long a message may take from its turn on; exporters give up after 10 s.
_READ_TIMEOUT_S: Final = 20.0
# gRPC hands a message over when it is whole, and says nothing of it before. So only as many are
# read at once as may be held if each is as large as may be; of the others 64 kB wait in gRPC.
_READ_AT_ONCE: Final = MAX_HELD_BYTES // MAX_BODY_BYTES
# Of the message in the trailers, which hold it twice; senders take 8 kB of them.
_MAX_MESSAGE: Final = 500
_GRACE_S: Final = 2.0

_OPTIONS: Final[tuple[tuple[str, Any], ...]] = (
    ("grpc.so_reuseport", 0),  # or two receivers would share a port without knowing
    ("grpc.max_receive_message_length", MAX_BODY_BYTES),  # as sent, and unpacked
    ("grpc.max_metadata_size", MAX_HEADER_BYTES),
    ("grpc.absolute_max_metadata_size", MAX_HEADER_BYTES),
    ("grpc.max_concurrent_streams", MAX_WAITING),
    ("grpc.max_allowed_incoming_connections", RESERVED_FOR_GRPC),
    ("grpc.server_handshake_timeout_ms", round(1000 * HEADERS_S)),
    # Senders that are gone without a word, as phones are, leave their place.
    ("grpc.keepalive_time_ms", 60_000),
    ("grpc.keepalive_timeout_ms", 20_000),
)
_STATUS_CODES: Final[Mapping[int, grpc.StatusCode]] = {
    code.value[0]: code for code in grpc.StatusCode
}

_Context = grpc.aio.ServicerContext[Any, Any]


class GrpcServer:
    """
    Listens from `start` to `stop`, on the event loop of whoever calls them.

    Args:
        intake: Takes what comes in; may have other doors on the same event loop.
        host: The address to listen on, as a URL has it.
        port: Likewise.
    """

    def __init__(self, intake: Intake, host: str, port: int) -> None:
        self._intake = intake
        self._address = f"{host}:{port}"
        # Both belong to the event loop: no thread touches them.
        self._turns = asyncio.Semaphore(_READ_AT_ONCE)
        self._waiting = 0
        self._server: grpc.aio.Server | None = None

    async def start(self) -> None:
        """
        Begin to listen.

        Raises:
            PortTaken: The address cannot be listened on.
        """
        server = grpc.aio.server(options=_OPTIONS)
        server.add_generic_rpc_handlers(tuple(self._handlers()))
        try:
            server.add_insecure_port(self._address)
        except RuntimeError as error:
            await server.stop(None)
            raise PortTaken(
                f"cannot listen on {self._address}: {error}; name another port with --grpc-port"
            ) from error
        await server.start()
        self._server = server

    async def stop(self) -> None:
        """Take no more calls; those that are here have two seconds."""
        if self._server is not None:
            await self._server.stop(_GRACE_S)

    def _handlers(self) -> list[grpc.GenericRpcHandler]:
        takes = {
            "trace.v1.Trace": self._take,
            "logs.v1.Logs": self._take_logs,
            "metrics.v1.Metrics": _ignore,
        }
        return [
            grpc.method_handlers_generic_handler(
                f"{_SERVICES}.{name}Service", {"Export": self._handler(take)}
            )
            for name, take in takes.items()
        ]

    def _handler(self, take: Callable[[bytes], bytes]) -> "grpc.RpcMethodHandler[Any, Any]":
        async def export(messages: AsyncIterator[bytes], context: _Context) -> bytes:
            return await self._answered(messages, context, take)

        # On the wire one message is a stream of one. As a stream it is read when we say so: after
        # the guard has seen the call, and in its turn.
        return grpc.stream_unary_rpc_method_handler(export)

    async def _answered(
        self, messages: AsyncIterator[bytes], context: _Context, take: Callable[[bytes], bytes]
    ) -> bytes:
        try:
            self._intake.guard.check_caller(_headers_of(context))
            with self._intake.held.body() as held:
                async with self._turn():
                    body = await held.read(messages, timeout_s=_READ_TIMEOUT_S)
                return await self._intake.in_thread(lambda: take(body))
        except Refusal as refusal:
            await _refuse(context, refusal)

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        """Wait for a turn to read a message, and have it."""
        if self._waiting >= MAX_WAITING:
            raise too_many()
        self._waiting += 1
        try:
            await self._turns.acquire()
        finally:
            self._waiting -= 1
        try:
            yield
        finally:
            self._turns.release()

    def _take(self, body: bytes) -> bytes:
        taken = self._intake.take(PROTOBUF, body)
        return PROTOBUF.success(taken.rejected, taken.reason)

    def _take_logs(self, body: bytes) -> bytes:
        taken = self._intake.take_logs(PROTOBUF, body)
        return _ignore(body) if taken is None else PROTOBUF.success(taken.rejected, taken.reason)


def _ignore(_: bytes) -> bytes:
    # On the wire the answers of the three services are the same.
    return PROTOBUF.success(message=SPANS_ONLY)


def _headers_of(context: _Context) -> dict[str, str]:
    pairs = context.invocation_metadata() or ()
    return {key: value for key, value in pairs if isinstance(value, str)}


async def _refuse(context: _Context, refusal: Refusal) -> NoReturn:
    """End a call with what a refusal says; where it may be sent again, with the time to wait."""
    message = str(refusal)[:_MAX_MESSAGE]
    code = GRPC_CODES[refusal.status]
    trailers: tuple[tuple[str, bytes], ...] = ()
    if refusal.retry_after_s is not None:
        info = RetryInfo(retry_delay=Duration(seconds=refusal.retry_after_s))
        packed = AnyMessage()
        packed.Pack(info)
        status = Status(code=code, message=message, details=[packed])
        trailers = (
            ("grpc-status-details-bin", status.SerializeToString()),
            # Where OpenTelemetry's exporter for Python looks for it.
            ("google.rpc.retryinfo-bin", info.SerializeToString()),
        )
    await context.abort(_STATUS_CODES[code], message, trailers)
