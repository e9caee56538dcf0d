"""OTLP over gRPC, beside OTLP over HTTP: the same receiver, the same answers, the same limits."""

import asyncio
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zlib import crc32

import grpc
import pytest
from google.protobuf.message import Message
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import (
    ExportLogsServiceRequest,
    ExportLogsServiceResponse,
)
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExportResult

from otel_steps import semconv
from otel_steps.collector import intake, parts
from otel_steps.collector.grpc_server import GrpcServer
from otel_steps.journal import Journal
from otel_steps.serving.body import MAX_BODY_BYTES
from otel_steps.serving.server import free_port
from tests.collecting import (
    Collector,
    Command,
    body_of,
    collector,
    eventually,
    request_of,
    rows,
    span,
)
from tests.commands import command
from tests.patience import PATIENCE_S

TOKEN = "a-token-of-forty-characters-0123456789ab"
EXPORT = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
PLAIN, GZIP = grpc.Compression.NoCompression, grpc.Compression.Gzip
GOOD = {"authorization": f"Bearer {TOKEN}"}


def step(task_id: str) -> ReadableSpan:
    """Return the one step of a task, in a trace of its own."""
    facts = {semconv.TASK_ID: task_id, semconv.STEP_NUMBER: 1, semconv.STEP_THINKING: "想"}
    return span("step", facts, span_id=1, trace_id=crc32(task_id.encode()))


def called(
    target: str,
    body: bytes,
    *,
    method: str = EXPORT,
    compression: grpc.Compression = PLAIN,
    **metadata: str,
) -> bytes:
    """Return the answer to a call, in bytes; raises what gRPC raises."""
    pairs = [(name.replace("_", "-"), value) for name, value in metadata.items()]
    with grpc.insecure_channel(target) as channel:
        call = channel.unary_unary(method)
        answer: bytes = call(body, timeout=PATIENCE_S, metadata=pairs, compression=compression)
        return answer


def failed(target: str, body: bytes, **how: Any) -> grpc.RpcError:
    with pytest.raises(grpc.RpcError) as caught:
        called(target, body, **how)
    return caught.value


# --- the command ----------------------------------------------------------------------------------


@pytest.fixture(name="receiver", scope="module")
def _receiver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Command]:
    folder = tmp_path_factory.mktemp("grpc")
    arguments = ("--grpc", "--grpc-port", "0")
    with Command(folder, *arguments, OTEL_STEPS_TOKEN=TOKEN) as running:
        yield running


@pytest.mark.parametrize("compression", list(grpc.Compression), ids=lambda each: each.name)
def test_the_exporter_of_the_python_sdk_sends_steps(
    receiver: Command, compression: grpc.Compression
) -> None:
    """OpenTelemetry's own exporter needs nothing but the address and the token."""
    task_id = f"grpc-{compression.name}"
    exporter = OTLPSpanExporter(
        receiver.grpc_url, insecure=True, headers=GOOD, compression=compression
    )

    assert exporter.export([step(task_id)]) is SpanExportResult.SUCCESS
    exporter.shutdown()

    eventually(lambda: task_id in rows(receiver.settings).steps)
    assert [row["thinking"] for row in rows(receiver.settings).steps[task_id]] == ["想"]


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM], ids=lambda how: how.name)
def test_it_ends_when_it_is_told_to(tmp_path: Path, how: signal.Signals) -> None:
    """With a sender's connection open, and all that was acknowledged in the store."""
    with Command(tmp_path, "--grpc", "--grpc-port", "0") as running:
        target = running.grpc_url.removeprefix("http://")
        with grpc.insecure_channel(target) as channel:
            channel.unary_unary(EXPORT)(body_of([step("kept")]), timeout=PATIENCE_S)
            assert running.end(how) == 0

        assert "kept" in rows(running.settings).steps


def test_the_viewer_takes_spans_over_grpc_too(tmp_path: Path) -> None:
    """`view --otlp --grpc` asks for the same token as over HTTP."""
    arguments = ["view", "--no-open", "--port", "0", "--otlp", "--grpc", "--grpc-port", "0"]
    with subprocess.Popen(
        [sys.executable, "-m", "otel_steps", *arguments],
        env={**os.environ, "OTEL_STEPS_DIR": str(tmp_path), "OTEL_STEPS_TOKEN": TOKEN},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        said = [process.stdout.readline() for _ in range(4)]
        target = next(each for each in said if each.startswith("grpc")).split("http://")[1].strip()

        refused = failed(target, body_of([step("late")]))
        assert called(target, body_of([step("taken")]), **GOOD) == b""
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE_S) == 0

    assert refused.code() is grpc.StatusCode.UNAUTHENTICATED
    assert "OTEL_STEPS_TOKEN" in refused.details()
    done = command("report", "taken", "--format", "json", "--dir", tmp_path)
    assert [each["thinking"] for each in done.json["steps"]] == ["想"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["collect", "--grpc", "--host", "0.0.0.0"], "set OTEL_STEPS_TOKEN"),
        (["view", "--grpc", "--no-open"], "add --otlp"),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_what_cannot_be_is_said(tmp_path: Path, words: list[str], message: str) -> None:
    """Other machines need a token here as well."""
    done = command(*words, "--port", "0", "--grpc-port", "0", "--dir", tmp_path)

    assert done.status == 2
    assert message in done.err


def test_a_port_that_is_taken_is_said(receiver: Command, tmp_path: Path) -> None:
    """Two receivers never share one."""
    port = receiver.grpc_url.rpartition(":")[2]

    done = command("collect", "--port", "0", "--grpc", "--grpc-port", port, "--dir", tmp_path)

    assert done.status == 1
    assert f"port {port}" in done.err
    assert "--grpc-port" in done.err


@pytest.mark.parametrize("missing", ["grpc", "google.rpc.status_pb2"])
def test_without_the_extra_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    """gRPC comes with an extra of its own."""
    monkeypatch.delitem(sys.modules, "otel_steps.collector.grpc_server")
    monkeypatch.delattr("otel_steps.collector.grpc_server")
    monkeypatch.setitem(sys.modules, missing, None)

    done = command("collect", "--port", "0", "--grpc", "--dir", tmp_path)

    assert done.status == 1
    assert "pip install 'otel-steps[viewer,grpc]'" in done.err


# --- the answers ----------------------------------------------------------------------------------


class Beside:
    """A server for gRPC on an event loop of its own, over the journal of *http*."""

    def __init__(self, http: Collector) -> None:
        self.http = http
        self.port = free_port("127.0.0.1", 0, option="--grpc-port")
        self.target = f"127.0.0.1:{self.port}"

    def send(self, body: bytes, **how: Any) -> bytes:
        return self._while_serving(lambda: called(self.target, body, **how))

    def refusal(self, body: bytes, **how: Any) -> grpc.RpcError:
        return self._while_serving(lambda: failed(self.target, body, **how))

    def _while_serving(self, work: Any) -> Any:
        async def serve() -> Any:
            server = GrpcServer(self.http.intake, "127.0.0.1", self.port)
            await server.start()
            try:
                return await asyncio.to_thread(work)
            finally:
                await server.stop()

        return asyncio.run(serve())


@pytest.fixture(name="door")
def _door() -> Iterator[Beside]:
    with collector() as http:
        yield Beside(http)


def test_a_span_that_cannot_be_kept_costs_no_other(door: Beside) -> None:
    """Partial success: how many were rejected, and why the first was."""
    request = request_of([step("a"), step("b")])
    request.resource_spans[0].scope_spans[0].spans[1].trace_id = b"short"

    answer = ExportTraceServiceResponse.FromString(door.send(request.SerializeToString()))

    assert answer.partial_success.rejected_spans == 1
    assert "traceId" in answer.partial_success.error_message
    assert list(door.http.rows().steps) == ["a"]


@pytest.mark.parametrize(
    ("service", "request_kind", "response_kind"),
    [
        ("logs.v1.LogsService", ExportLogsServiceRequest, ExportLogsServiceResponse),
        ("metrics.v1.MetricsService", ExportMetricsServiceRequest, ExportMetricsServiceResponse),
    ],
)
def test_other_logs_and_metrics_are_taken_and_not_kept(
    door: Beside, service: str, request_kind: type[Message], response_kind: type[Any]
) -> None:
    """Many SDKs send all three to one address; they hear so, and do not send again."""
    method = f"/opentelemetry.proto.collector.{service}/Export"

    answer = response_kind.FromString(door.send(request_kind().SerializeToString(), method=method))

    assert "keeps traces only" in answer.partial_success.error_message


@pytest.mark.parametrize(
    ("body", "compression", "code"),
    [
        (b"\x0a\xff\xff", PLAIN, grpc.StatusCode.INVALID_ARGUMENT),
        (b"no protobuf", GZIP, grpc.StatusCode.INVALID_ARGUMENT),
        (b"\x0a\x00" * (4 * parts.MAX_ATTRIBUTES + 1), GZIP, grpc.StatusCode.INVALID_ARGUMENT),
        (bytes(MAX_BODY_BYTES + 1), PLAIN, grpc.StatusCode.RESOURCE_EXHAUSTED),
        (bytes(4 * MAX_BODY_BYTES), GZIP, grpc.StatusCode.RESOURCE_EXHAUSTED),
    ],
    ids=["cut off", "none", "many", "large", "large when unpacked"],
)
def test_what_is_no_message_or_too_much_is_refused(
    door: Beside, body: bytes, compression: grpc.Compression, code: grpc.StatusCode
) -> None:
    """Before it is parsed, and without a word to send it again."""
    error = door.refusal(body, compression=compression)

    assert error.code() is code
    assert "google.rpc.retryinfo-bin" not in dict(error.trailing_metadata())


def test_an_unwritable_journal_asks_to_send_again(
    door: Beside, monkeypatch: pytest.MonkeyPatch
) -> None:
    """UNAVAILABLE, with the time to wait as both kinds of senders look for it."""
    monkeypatch.setattr(Journal, "append_all", lambda *_, **__: False)

    assert_asks_again(door.refusal(body_of([step("a")])), grpc.StatusCode.UNAVAILABLE)


@pytest.mark.parametrize("module", [intake, "otel_steps.collector.grpc_server"], ids=str)
def test_too_many_at_once_are_asked_to_come_again(
    door: Beside, monkeypatch: pytest.MonkeyPatch, module: Any
) -> None:
    """RESOURCE_EXHAUSTED, likewise."""
    module = sys.modules[module] if isinstance(module, str) else module
    monkeypatch.setattr(module, "MAX_WAITING", 0)

    assert_asks_again(door.refusal(body_of([step("a")])), grpc.StatusCode.RESOURCE_EXHAUSTED)


def assert_asks_again(error: Any, code: grpc.StatusCode) -> None:
    trailers = dict(error.trailing_metadata())
    status = Status.FromString(trailers["grpc-status-details-bin"])
    packed, direct = RetryInfo(), RetryInfo.FromString(trailers["google.rpc.retryinfo-bin"])
    status.details[0].Unpack(packed)

    assert error.code() is code
    assert (status.code, status.message) == (code.value[0], error.details())
    assert packed.retry_delay.seconds == direct.retry_delay.seconds >= 1


def test_a_message_that_does_not_come_gives_its_turn_back(
    door: Beside, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Senders that stop in the middle keep nobody out."""
    module = sys.modules["otel_steps.collector.grpc_server"]
    monkeypatch.setattr(module, "_READ_TIMEOUT_S", 0.2)
    monkeypatch.setattr(module, "_READ_AT_ONCE", 1)

    def work() -> tuple[grpc.RpcError, bytes]:
        with grpc.insecure_channel(door.target) as channel:
            silent = channel.stream_unary(EXPORT).future(endless(), timeout=PATIENCE_S)
            error = silent.exception(PATIENCE_S)
        return error, called(door.target, body_of([step("heard")]))

    error, answer = door._while_serving(work)

    assert error.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    assert answer == b""


def endless() -> Iterator[bytes]:
    """Yield nothing; what waits here ends with the process."""
    threading.Event().wait()
    yield b""


@pytest.mark.parametrize(
    "metadata",
    [{"origin": "http://evil.example"}, {"sec_fetch_site": "cross-site"}],
    ids=lambda each: next(iter(each)),
)
def test_pages_may_not_send(door: Beside, metadata: dict[str, str]) -> None:
    """As over HTTP, whoever lets them speak gRPC."""
    error = door.refusal(body_of([step("a")]), **metadata)

    assert error.code() is grpc.StatusCode.PERMISSION_DENIED


@pytest.mark.parametrize("words", ["", "Bearer", f"Basic {TOKEN}", f"Bearer {TOKEN}x"])
def test_the_token_is_asked_for_as_over_http(words: str) -> None:
    """In the metadata, under the name of the header."""
    with collector(token=TOKEN) as http:
        door = Beside(http)
        error = door.refusal(body_of([step("a")]), **({"authorization": words} if words else {}))
        kept = door.send(body_of([step("b")]), authorization=f"bearer {TOKEN}")

    assert error.code() is grpc.StatusCode.UNAUTHENTICATED
    assert kept == b""
