"""Another backend on 127.0.0.1: it takes spans over OTLP/HTTP as protobuf, and keeps them."""

import gzip
from types import TracebackType
from typing import Self

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from tests.supabase.exchange import Call, Reply
from tests.supabase.http_server import HttpServer


class OtlpServer:
    """
    Stands for any backend that speaks OTLP; a context manager.

    Attributes:
        spans: What has come so far.
        url: What an exporter takes as `OTEL_EXPORTER_OTLP_ENDPOINT`.
    """

    def __init__(self) -> None:
        self.spans: list[Span] = []
        self._server = HttpServer(0, lambda call: (self._take(call), None))
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._server.stop()

    def _take(self, call: Call) -> Reply:
        is_packed = call.headers.get("content-encoding") == "gzip"
        body = gzip.decompress(call.body) if is_packed else call.body
        request = ExportTraceServiceRequest.FromString(body)
        self.spans += [
            span
            for resource in request.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]
        return Reply(200, headers={"content-type": "application/x-protobuf"})
