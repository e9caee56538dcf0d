"""However many come and however little they say, a server of ours goes on answering."""

import asyncio
import errno
import gzip
import json
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

import httpx
import pytest
import uvicorn
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue
from starlette.types import Receive, Scope, Send

from otel_steps.collector import intake, parts
from otel_steps.otlp import protobuf
from otel_steps.serving import body as body_module
from otel_steps.serving import connections
from otel_steps.serving.refusal import Refusal
from otel_steps.serving.server import config_of, listen
from otel_steps.viewer.channels import MAX_LISTENERS, MAX_OF_CLIENT
from tests.collecting import JSON, PROTOBUF, collector, eventually, span
from tests.patience import PATIENCE_S
from tests.viewing import TOKEN, View, view

MANY = 500
HALF_HEADERS = b"GET /api/tasks HTTP/1.1\r\nHost: localhost\r\nX-Slow: "


def half_body(started: View, path: str, method: str = "POST") -> bytes:
    """Return the beginning of a request that promises more than it brings."""
    return (
        f"{method} {path} HTTP/1.1\r\nHost: {started.url.split('/')[2]}\r\n"
        f"Authorization: Bearer {TOKEN}\r\nContent-Type: application/json\r\n"
        "Content-Length: 1000\r\n\r\n{"
    ).encode()


@pytest.fixture(name="started", scope="module")
def _started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[View]:
    """Run the viewer with a receiver beside it, as a process of its own."""
    folder = str(tmp_path_factory.mktemp("view"))
    with view("--no-open", "--otlp", OTEL_STEPS_TOKEN=TOKEN, OTEL_STEPS_DIR=folder) as started:
        yield started


def opened(started: View, sent: bytes, address: str = "127.0.0.1") -> socket.socket:
    """Return a connection from *address* on which *sent* has been sent."""
    port = int(started.url.rstrip("/").rpartition(":")[2])
    try:
        connection = socket.create_connection(
            ("127.0.0.1", port), PATIENCE_S, source_address=(address, 0)
        )
    except OSError as error:  # not every system has more than one address of its own
        if error.errno != errno.EADDRNOTAVAIL:
            raise
        pytest.skip("this machine has no second address of its own")
    connection.sendall(sent)
    return connection


def is_answered(started: View) -> bool:
    """Return whether the viewer and the receiver answer a request as if nothing else went on."""
    sent = httpx.post(
        f"{started.url}v1/traces",
        content=b"{}",
        headers={**JSON, "Authorization": f"Bearer {TOKEN}"},
        timeout=PATIENCE_S,
        trust_env=False,
    )
    read = started.get("api/tasks", timeout=PATIENCE_S)
    return (sent.status_code, read.status_code) == (200, 200)


def told(connection: socket.socket) -> bytes:
    """Return what came on a connection that the server has closed."""
    answer = b""
    # Where the system had not handed over all that was sent, it says so in its own way.
    with suppress(ConnectionResetError):
        while piece := connection.recv(65536):
            answer += piece
    return answer


# --- connections ----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["headers", "a body for the receiver", "a body for the viewer"])
@pytest.mark.parametrize("files", [200, None], ids=["few files", "many files"])
def test_half_sent_requests_are_bounded(started: View, kind: str, files: int | None) -> None:
    """Of 500 that stop halfway the oldest are let go, and the next request is answered."""
    half = {
        "headers": HALF_HEADERS,
        "a body for the receiver": half_body(started, "/v1/traces"),
        "a body for the viewer": half_body(started, "/api/tasks/x/annotations"),
    }[kind]
    with ExitStack() as stack, limited_files(started.process.pid, files):
        halves = [stack.enter_context(opened(started, half)) for _ in range(MANY)]

        assert is_answered(started)
        assert told(halves[0])[:13] in (b"HTTP/1.1 429 ", b"")
        halves[-1].setblocking(False)
        with pytest.raises(BlockingIOError):
            halves[-1].recv(1)


@contextmanager
def limited_files(pid: int, files: int | None) -> Iterator[None]:
    """Let a process open no more than so many files meanwhile."""
    if files is None:
        yield
        return
    if sys.platform != "linux":
        pytest.skip("only Linux lets one process limit another")
    import resource

    before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (files, before[1]))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_NOFILE, before)


def test_a_client_with_many_does_not_displace_another(started: View) -> None:
    """Whoever has the most connections loses some; one that is slow and alone is heard."""
    request = half_body(started, "/v1/traces")
    with (
        opened(started, request, "127.0.0.2") as slow,
        ExitStack() as stack,
    ):
        for _ in range(MANY):
            stack.enter_context(opened(started, HALF_HEADERS))
        assert is_answered(started)
        slow.sendall(b" " * 998 + b"}")

        assert slow.recv(65536).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize(
    ("sent", "limit"),
    [
        ([b""], "HEADERS_S"),
        ([HALF_HEADERS], "HEADERS_S"),
        ([b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n1"], "BODY_S"),
        ([b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", HALF_HEADERS], "HEADERS_S"),
    ],
    ids=["nothing", "half of the headers", "half of a body", "half of a second request"],
)
def test_nobody_is_waited_for_without_end(
    monkeypatch: pytest.MonkeyPatch, sent: list[bytes], limit: str
) -> None:
    """A connection is closed after a time, and told why if a request has begun to come."""
    monkeypatch.setattr(connections, limit, 0.2)

    async def read_all(_: Scope, receive: Receive, send: Send) -> None:
        while (await receive()).get("more_body"):
            pass
        await answer_with(send, b"whole")

    with running(read_all) as port, socket.create_connection(("127.0.0.1", port), 60) as waiting:
        for piece in sent[:-1]:
            waiting.sendall(piece)
            assert status_of(waiting) == 200
        waiting.sendall(sent[-1])
        answer = told(waiting)

    if sent == [b""]:
        assert answer == b""
    else:
        assert b"HTTP/1.1 408 " in answer
        assert b"send it in one go" in answer


def test_who_does_not_read_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer that nobody takes is not kept for ever."""
    monkeypatch.setattr(connections, "UNREAD_S", 0.2)
    ended = threading.Event()

    async def without_end(_: Scope, __: Receive, send: Send) -> None:
        try:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            async with asyncio.timeout(PATIENCE_S):
                for _ in range(1000):
                    await send(
                        {"type": "http.response.body", "body": bytes(2**20), "more_body": True}
                    )
        finally:
            ended.set()

    with running(without_end) as port, socket.create_connection(("127.0.0.1", port), 60) as silent:
        silent.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")

        assert ended.wait(PATIENCE_S / 2)


async def answer_with(send: Send, content: bytes) -> None:
    length = str(len(content)).encode()
    headers = [(b"content-length", length)]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": content})


@contextmanager
def running(app: Any) -> Iterator[int]:
    """Serve an application as the commands do; give the port."""
    listener = listen("127.0.0.1", 0)
    server = uvicorn.Server(config_of(app))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        server.should_exit = True
        thread.join(PATIENCE_S)
        listener.close()


# --- event streams --------------------------------------------------------------------------------


def test_event_streams_are_bounded(started: View) -> None:
    """Of 500 of one client some are kept up to date; others have a place, too."""
    request = (
        f"GET /api/events HTTP/1.1\r\nHost: {started.url.split('/')[2]}\r\n"
        f"Authorization: Bearer {TOKEN}\r\n\r\n"
    ).encode()
    with ExitStack() as stack:
        streams = [stack.enter_context(opened(started, request)) for _ in range(MANY)]
        answers = [status_of(stream) for stream in streams]
        assert is_answered(started)
        others = [stack.enter_context(opened(started, request, "127.0.0.2")) for _ in range(50)]
        other_answers = [status_of(stream) for stream in others]

    assert answers.count(200) == MAX_OF_CLIENT
    assert set(answers) == {200, 429}
    assert other_answers.count(200) == MAX_LISTENERS - MAX_OF_CLIENT
    assert set(other_answers) == {200, 503}
    # Who has left makes room.
    with opened(started, request) as late:
        eventually(lambda: is_answered(started))
        assert status_of(late) in (200, 429, 503)


def status_of(connection: socket.socket) -> int:
    """Return the status of the answer that has begun on a connection."""
    head = b""
    while b"\r\n\r\n" not in head and (piece := connection.recv(65536)):
        head += piece
    return int(head.split()[1])


# --- bodies ---------------------------------------------------------------------------------------


def test_a_body_that_stops_halfway_gives_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory that half-sent bodies take is there for one that comes in one go."""
    monkeypatch.setattr(body_module, "MAX_HELD_BYTES", 1000)
    with collector() as running, ExitStack() as stack:
        head = f"POST /v1/traces HTTP/1.1\r\nHost: {running.url[7:]}\r\nContent-Length: 900\r\n"
        halves = []
        for _ in range(3):
            half = socket.create_connection(("127.0.0.1", int(running.url.rpartition(":")[2])), 60)
            halves.append(stack.enter_context(half))
            half.sendall(head.encode() + b"Content-Type: application/json\r\n\r\n" + bytes(300))
            eventually(lambda: running.post(bytes(50)).status_code == 400)

        assert running.post(bytes(600)).status_code == 400  # taken, and no request
        assert halves[0].recv(65536).startswith(b"HTTP/1.1 429 ")
        assert halves[1].recv(65536).startswith(b"HTTP/1.1 429 ")


def test_requests_that_would_wait_too_long_are_sent_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where many wait to be read, the next one is told to come again."""
    monkeypatch.setattr(intake, "MAX_WAITING", 0)
    with collector() as running:
        answer = running.send(span("step", span_id=1))

    assert (answer.status_code, answer.headers["retry-after"]) == (429, "1")


def attributes(count: int) -> list[dict[str, Any]]:
    return [{"key": "a", "value": {"intValue": "1"}}] * count


def message(**of_span: Any) -> ExportTraceServiceRequest:
    request = ExportTraceServiceRequest()
    request.resource_spans.add().scope_spans.add().spans.add(**of_span)
    return request


def in_json(spans: list[dict[str, Any]]) -> bytes:
    return json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]}).encode()


MILLION = 10**6
VALUE = AnyValue(int_value=1)
KEY_VALUE = b"\x0a\x01a\x12\x02\x18\x01"

HOSTILE: dict[str, Callable[[], tuple[dict[str, str], bytes]]] = {
    "one span": lambda: (PROTOBUF, nested(b"\x4a", KEY_VALUE)),
    "events": lambda: (PROTOBUF, nested(b"\x5a", b"\x12\x01e")),
    "links": lambda: (PROTOBUF, nested(b"\x6a", b"\x12\x08" + bytes(8))),
    "a list": lambda: (PROTOBUF, in_value(b"\x2a", b"\x0a\x02\x18\x01")),
    "a map": lambda: (PROTOBUF, in_value(b"\x32", b"\x0a\x07" + KEY_VALUE[:7])),
    "messages of nothing": lambda: (PROTOBUF, b"\x0a\x00" * 8 * MILLION),
    "a group": lambda: (PROTOBUF, b"\x0b" + b"\x0a\x00" * 8 * MILLION + b"\x0c"),
    "one span, JSON": lambda: (JSON, in_json([{"attributes": attributes(350_000)}])),
    "many spans, JSON": lambda: (JSON, in_json([{"attributes": attributes(10)}] * 35_000)),
    "lists in lists, JSON": lambda: (JSON, b"[" + b"[]," * 6 * MILLION + b"1]"),
    "one span, packed": lambda: (
        {**PROTOBUF, "Content-Encoding": "gzip"},
        gzip.compress(nested(b"\x4a", KEY_VALUE), 1),
    ),
}


def nested(tag: bytes, content: bytes) -> bytes:
    """Return a request with a million of a field in its only span."""
    fields = (tag + varint(len(content)) + content) * MILLION
    return within(within(within(fields, b"\x12"), b"\x12"), b"\x0a")


def in_value(tag: bytes, content: bytes) -> bytes:
    """Return a request with a million values in its only attribute."""
    value = within(content * MILLION, tag)
    pair = b"\x0a\x01a" + within(value, b"\x12")
    return within(within(within(within(pair, b"\x4a"), b"\x12"), b"\x12"), b"\x0a")


def within(content: bytes, tag: bytes) -> bytes:
    return tag + varint(len(content)) + content


def varint(number: int) -> bytes:
    digits = [number >> shift & 127 for shift in range(0, max(1, number.bit_length()), 7)]
    return bytes([*(digit | 128 for digit in digits[:-1]), digits[-1]])


@pytest.mark.parametrize("shape", HOSTILE)
def test_a_request_of_a_million_values_is_refused(started: View, shape: str) -> None:
    """Wherever they are, they are counted before any of them is made."""
    headers, sent = HOSTILE[shape]()
    assert len(sent) <= body_module.MAX_BODY_BYTES

    answer = httpx.post(
        f"{started.url}v1/traces",
        content=sent,
        headers={**headers, "Authorization": f"Bearer {TOKEN}"},
        timeout=PATIENCE_S,
        trust_env=False,
    )

    assert answer.status_code == 413
    assert b"send fewer spans" in answer.content


def test_others_are_answered_while_large_requests_are_read(started: View) -> None:
    """As many values as are allowed take seconds; whoever asks meanwhile does not wait for them."""
    spans = [
        {
            "traceId": f"{number + 1:032x}",
            "spanId": f"{number + 1:016x}",
            "endTimeUnixNano": "1",
            "attributes": attributes(100),
        }
        for number in range(2_000)
    ]
    large = in_json(spans)

    def send() -> int:
        return httpx.post(
            f"{started.url}v1/traces",
            content=large,
            headers={**JSON, "Authorization": f"Bearer {TOKEN}"},
            timeout=PATIENCE_S,
            trust_env=False,
        ).status_code

    meanwhile = 0
    with ThreadPoolExecutor(4) as pool:
        sending = [pool.submit(send) for _ in range(4)]
        while not any(each.done() for each in sending):
            meanwhile += started.get("healthz", timeout=PATIENCE_S).status_code == 200
        statuses = {each.result() for each in sending}

    assert statuses == {200}
    assert meanwhile > 0


def test_what_is_counted_is_what_is_there() -> None:
    """Every field of every message counts, once; text that looks like JSON does not."""
    request = message(trace_id=b"1" * 16, name="step")
    made = request.resource_spans[0].scope_spans[0].spans[0]
    made.attributes.add(key="a").value.array_value.values.extend([VALUE, VALUE])
    body = request.SerializeToString()
    text = json.dumps({"a": '[{",\\' * 2 * parts.MAX_ATTRIBUTES}).encode()

    # resource_spans, scope_spans, spans; trace_id, name, attributes; key, value, array, 2 x 2.
    assert protobuf.count_fields(body, 100) == 13
    assert protobuf.count_fields(body, 5) == 6
    parts.check_json(text)
    with pytest.raises(Refusal):
        parts.check_json(text + b"[" * 4 * parts.MAX_ATTRIBUTES)


@pytest.mark.parametrize("cut", [b"\x0a", b"\x0a\x05", b"\x0a\xff", b"\x08" + b"\xff" * 11])
def test_a_body_that_cannot_be_counted_is_no_request(cut: bytes) -> None:
    """What is cut off, or counts without end, is told as what it is."""
    with pytest.raises(ValueError, match="not an OTLP trace request in protobuf"):
        protobuf.count_fields(cut, 100)
