"""Another backend on 127.0.0.1: it takes spans over OTLP/HTTP as protobuf, and keeps them."""

import gzip

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from tests.fakes.local_server import LocalHandler, LocalServer


class OtlpServer(LocalServer):
    """
    Stands for any backend that speaks OTLP; a context manager.

    Its `origin` is what an exporter takes as `OTEL_EXPORTER_OTLP_ENDPOINT`.

    Attributes:
        spans: What has come so far.
        services: The `service.name` of their resources.
        endpoint: What an exporter takes as `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT`.
    """

    def __init__(self) -> None:
        super().__init__(_Handler)
        self.spans: list[Span] = []
        self.services: set[str] = set()
        self.endpoint = f"{self.origin}/v1/traces"

    @property
    def names(self) -> list[str]:
        """The names of the spans that have come, in alphabetical order."""
        return sorted(span.name for span in self.spans)

    def take(self, body: bytes) -> None:
        """Keep the spans of a request."""
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            attributes = {
                each.key: each.value.string_value for each in resource.resource.attributes
            }
            self.services.add(attributes.get("service.name", ""))
            self.spans += [span for scope in resource.scope_spans for span in scope.spans]


class _Handler(LocalHandler):
    server: OtlpServer

    def do_POST(self) -> None:
        body = self.read_body()
        is_packed = self.headers.get("Content-Encoding") == "gzip"
        self.server.take(gzip.decompress(body) if is_packed else body)
        self.send_body(headers={"Content-Type": "application/x-protobuf"})
