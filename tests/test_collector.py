"""OTLP comes in over HTTP: what is acknowledged is kept, and what is refused says why."""

import base64
import gzip
import hashlib
import json
import re
import socket
import threading
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

import httpx
import pytest
from google.protobuf.json_format import MessageToDict
from opentelemetry.exporter.otlp.json.common.trace_encoder import encode_spans as encode_json
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTracePartialSuccess,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord, ResourceLogs, ScopeLogs

from otel_steps import semconv
from otel_steps.otlp.message import raw_spans
from otel_steps.serving import body
from otel_steps.stores import open_store
from tests.collecting import (
    AT,
    JSON,
    PROTOBUF,
    Collector,
    body_of,
    collector,
    eventually,
    request_of,
    span,
)
from tests.patience import PATIENCE_S
from tests.pictures import png

PNG = png()
NAME = hashlib.sha256(PNG).hexdigest()


@pytest.fixture(name="shared", scope="module")
def _shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collector]:
    """Run one receiver for all that is refused in any case."""
    with collector(dir=tmp_path_factory.mktemp("collector")) as running:
        yield running


def step(number: int = 1, **attributes: Any) -> Any:
    """Return a step of a task of ours."""
    facts = {semconv.TASK_ID: "t", semconv.STEP_NUMBER: number, semconv.STEP_TYPE: "action"}
    return span("step", {**facts, **attributes}, span_id=number)


def json_body(*spans: Any) -> bytes:
    return json.dumps(encode_json(spans).to_dict()).encode()


def status_of(answer: httpx.Response) -> tuple[int, str]:
    """Return code and message of the `google.rpc.Status` in protobuf that refuses a request."""
    assert answer.headers["content-type"] == "application/x-protobuf"
    # On the wire the two messages are the same: a number and a text.
    status = ExportTracePartialSuccess.FromString(answer.content)
    return status.rejected_spans, status.error_message


def partial_success(answer: httpx.Response) -> ExportTracePartialSuccess:
    assert answer.status_code == 200
    return ExportTraceServiceResponse.FromString(answer.content).partial_success


# --- what is taken --------------------------------------------------------------------------------


@pytest.mark.parametrize("coding", ["identity", "gzip", "deflate"])
@pytest.mark.parametrize("kind", ["protobuf", "json"])
def test_every_encoding_and_packing_becomes_the_same_row(kind: str, coding: str) -> None:
    """Protobuf and JSON, plain, gzip and deflate, mean the same, and are answered in kind."""
    sent = step(3, **{semconv.STEP_THINKING: "想", semconv.STEP_ACTION: '{"action": "Tap"}'})
    plain = json_body(sent) if kind == "json" else body_of([sent])
    pack = {"identity": bytes, "gzip": gzip.compress, "deflate": zlib.compress}[coding]
    media_type = JSON["Content-Type"] if kind == "json" else "application/x-protobuf"

    with collector() as running:
        answer = running.post(
            pack(plain), Content_Type=f"{media_type}; charset=utf-8", Content_Encoding=coding
        )
        found = running.rows()

    assert (answer.status_code, answer.headers["content-type"]) == (200, media_type)
    assert answer.content == (b"{}" if kind == "json" else b"")
    (row,) = found.steps["t"]
    assert (row["step_number"], row["thinking"], row["action"]) == (3, "想", {"action": "Tap"})
    assert row["span_id"] == f"{3:016x}"
    assert row["duration_ms"] == 1000


def test_a_request_that_comes_twice_is_one_row() -> None:
    """An answer that was lost makes a sender send again: the rows converge."""
    sent = body_of([step(1), step(2)])

    with collector() as running:
        running.post(sent)
        running.post(sent)
        found = running.rows()

    assert [row["step_number"] for row in found.steps["t"]] == [1, 2]


def test_what_is_acknowledged_survives_the_process() -> None:
    """The answer comes after the journal has it: whoever starts next ships it."""
    with collector() as running:
        # This store refuses: what arrives can only be in the journal.
        running.settings.dir.mkdir(exist_ok=True)
        (running.settings.dir / "steps.db").write_bytes(b"no database" * 100)
        assert running.send(step(1)).status_code == 200
        running.shipper.flush(PATIENCE_S)
    (running.settings.dir / "steps.db").unlink()

    with collector() as after:
        after.send(step(2))
        eventually(lambda: [row["step_number"] for row in after.rows().steps["t"]] == [1, 2])


def test_steps_without_a_number_are_counted() -> None:
    """A sender need not count: steps are numbered in the order in which they began."""
    unnumbered = [
        span("step", {semconv.TASK_ID: "t", semconv.STEP_TYPE: "action"}, span_id=number)
        for number in (5, 3, 9)
    ]

    with collector() as running:
        running.send(*unnumbered[:2])
        running.send(*unnumbered)
        found = running.rows()

    assert [(row["step_number"], int(row["span_id"], 16)) for row in found.steps["t"]] == [
        (1, 3),
        (2, 5),
        (3, 9),
    ]


def test_more_spans_than_a_segment_holds_arrive() -> None:
    """A large request goes into the journal in portions, and is answered once."""
    with collector() as running:
        answer = running.send(*(step(number) for number in range(1, 301)))
        found = running.rows()

    assert answer.status_code == 200
    assert len(found.steps["t"]) == 300


def test_an_empty_request_is_fine(shared: Collector) -> None:
    """OTLP's exporters send one to see whether somebody is there."""
    assert shared.post(b"").status_code == 200
    assert shared.post(b"{}", **_headers(JSON)).status_code == 200


# --- what is not ----------------------------------------------------------------------------------


def test_bad_spans_are_left_out_and_told() -> None:
    """Partial success: the good spans are kept; how many are not, and why, stands in the answer."""
    request = request_of([step(1), step(2), step(3)])
    spans = request.resource_spans[0].scope_spans[0].spans
    spans[1].trace_id = b"short"

    with collector() as running:
        answer = running.post(request.SerializeToString())
        found = running.rows()
        (problem,) = running.problems.all()

    partial = partial_success(answer)
    assert (partial.rejected_spans, "traceId" in partial.error_message) == (1, True)
    assert [row["step_number"] for row in found.steps["t"]] == [1, 3]
    assert (problem.kind, problem.count) == ("receiver", 1)


def test_a_span_that_has_not_ended_is_refused(shared: Collector) -> None:
    """Nobody would ever end it: it would be shown as shared for good."""
    message = json.loads(json_body(step(1)))
    del message["resourceSpans"][0]["scopeSpans"][0]["spans"][0]["endTimeUnixNano"]

    answer = shared.post(json.dumps(message).encode(), **_headers(JSON))

    assert answer.json() == {
        "partialSuccess": {
            "rejectedSpans": "1",
            "errorMessage": "endTimeUnixNano is missing or 0; send what has ended",
        }
    }


def test_no_request_writes_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """One resource may stand for thousands of spans: what they take together has a limit."""
    monkeypatch.setattr("otel_steps.collector.receiver.MAX_WRITTEN_BYTES", 300_000)
    resource = {"host.name": "x" * 100_000}
    sent = [span("step", {semconv.STEP_NUMBER: n}, span_id=n, resource=resource) for n in (1, 2, 3)]

    with collector() as running:
        partial = partial_success(running.send(*sent))
        found = running.rows()

    assert partial.rejected_spans == 1
    assert "send less at once" in partial.error_message
    assert [len(steps) for steps in found.steps.values()] == [2]


def test_no_request_has_spans_without_end(
    shared: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So has their number."""
    monkeypatch.setattr("otel_steps.collector.receiver.MAX_SPANS", 2)

    partial = partial_success(shared.send(step(1), step(2), step(3)))

    assert (partial.rejected_spans, "may have 2 spans" in partial.error_message) == (1, True)


BAD_JSON = [
    b"[]",
    b"{",
    b"\xff",
    b'{"resourceSpans": 5}',
    b'{"resourceSpans": [{"scopeSpans": [7]}]}',
    b"[" * 100_000,
    b'{"resourceSpans": [{"resource": {"attributes": [{"value": '
    + b'{"arrayValue": {"values": [' * 5000,
]


@pytest.mark.parametrize("sent", BAD_JSON, ids=range(len(BAD_JSON)))
def test_a_body_that_is_no_json_request_is_400(shared: Collector, sent: bytes) -> None:
    """The sender is told what is wrong with it, in JSON, and not to send it again."""
    answer = shared.post(sent, **_headers(JSON))

    assert answer.status_code == 400
    assert answer.json()["code"] == 3
    assert answer.json()["message"]


def test_a_message_that_is_nested_too_deep_is_a_value_error(shared: Collector) -> None:
    """Where the reader of JSON takes it, the reader of the message does not."""
    value: dict[str, Any] = {"stringValue": "x"}
    for _ in range(2000):
        value = {"arrayValue": {"values": [value]}}
    resource = {"attributes": [{"key": "deep", "value": value}]}

    with pytest.raises(ValueError, match="nested too deep"):
        shared.receiver.take(
            raw_spans({"resourceSpans": [{"resource": resource}]}, max_bytes=2**20)
        )


def test_a_body_that_is_no_protobuf_request_is_400(shared: Collector) -> None:
    """Likewise in protobuf."""
    answer = shared.post(b"\x0a\xff\xff")

    code, message = status_of(answer)
    assert (answer.status_code, code) == (400, 3)
    assert "protobuf" in message


@pytest.mark.parametrize(
    ("coding", "sent"),
    [
        ("gzip", b"plain"),
        ("deflate", b"plain"),
        ("gzip", gzip.compress(b"", mtime=0)[:-2]),
        ("gzip", gzip.compress(b"", mtime=0) + b"more"),
    ],
)
def test_a_packing_that_is_broken_is_400(shared: Collector, coding: str, sent: bytes) -> None:
    """Cut off, overlong or not packed at all."""
    answer = shared.post(sent, Content_Encoding=coding)

    assert answer.status_code == 400
    assert coding in status_of(answer)[1]


@pytest.mark.parametrize(
    "headers",
    [{"Content_Type": "text/plain"}, {"Content_Type": ""}, {"Content_Encoding": "br"}],
)
def test_unknown_encodings_are_415(shared: Collector, headers: dict[str, str]) -> None:
    """What cannot be read says what can; a form that a web page sends is among it."""
    answer = shared.post(b"", **headers)

    assert answer.status_code == 415
    assert b"send" in answer.content


@pytest.mark.parametrize("coding", ["identity", "gzip"])
def test_too_large_a_body_is_413(
    shared: Collector, monkeypatch: pytest.MonkeyPatch, coding: str
) -> None:
    """As sent and as unpacked: a small body may unpack to any size."""
    monkeypatch.setattr(body, "MAX_BODY_BYTES", 10_000)
    plain = bytes(20_000)

    answer = shared.post(
        gzip.compress(plain) if coding == "gzip" else plain, Content_Encoding=coding
    )

    assert answer.status_code == 413
    assert "10000 bytes" in status_of(answer)[1]


def test_a_body_without_end_is_cut_off(shared: Collector, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sender that goes on and on is answered all the same."""
    monkeypatch.setattr(body, "MAX_BODY_BYTES", 1000)
    monkeypatch.setattr(body, "_MAX_DRAINED_BYTES", 4000)

    with _connection(shared) as connection:
        connection.sendall(_head(shared, b"Transfer-Encoding: chunked"))
        for _ in range(20):
            connection.sendall(b"400\r\n" + bytes(0x400) + b"\r\n")
        answer = connection.recv(65536)

    assert answer.startswith(b"HTTP/1.1 413 ")


def test_a_body_that_never_comes_is_408(shared: Collector, monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection that says nothing is not waited for."""
    monkeypatch.setattr(body, "READ_TIMEOUT_S", 0.05)

    with _connection(shared) as connection:
        connection.sendall(_head(shared, b"Content-Length: 5"))
        answer = connection.recv(65536)

    assert answer.startswith(b"HTTP/1.1 408 ")


def test_a_sender_that_hangs_up_harms_nobody(shared: Collector) -> None:
    """Half a body is none."""
    with _connection(shared) as connection:
        connection.sendall(_head(shared, b"Content-Length: 5") + b"ab")
    assert shared.send(step(1)).status_code == 200


def test_too_many_bodies_at_once_are_429(monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory has a limit over all requests; who comes too much is told when to come again."""
    monkeypatch.setattr(body, "MAX_HELD_BYTES", 100)

    with collector() as running:
        answer = running.post(bytes(101))
        after = [running.post(bytes(60)).status_code for _ in range(3)]

    assert (answer.status_code, answer.headers["retry-after"]) == (429, "1")
    assert status_of(answer)[0] == 8
    assert after == [400, 400, 400]


def test_a_disk_that_refuses_is_503() -> None:
    """Nothing is acknowledged from memory: the sender keeps it, and is told when to come again."""
    with collector() as running:
        # Not even root can make a folder in a file.
        running.settings.backup_dir.parent.mkdir(parents=True)
        running.settings.backup_dir.write_bytes(b"")
        refused = running.send(step(1))
        picture = running.put(NAME, PNG)

    assert (refused.status_code, refused.headers["retry-after"]) == (503, "5")
    assert status_of(refused)[0] == 14
    assert (picture.status_code, picture.headers["retry-after"]) == (503, "5")
    assert picture.json()["error"]["code"] == "unavailable"


def test_a_journal_that_is_full_is_503() -> None:
    """The cap of the disk refuses the newest, and the sender is told."""
    large = PNG + bytes(900_000)

    with collector(max_disk_bytes=2**20) as running:
        filler = step(1, **{semconv.STEP_THINKING: "x" * 900_000})
        answers = [running.send(filler, step(2, note="y" * 500_000)) for _ in range(2)]
        picture = running.put(hashlib.sha256(large).hexdigest(), large)

    assert {answer.status_code for answer in (*answers, picture)} == {503}


def test_a_message_that_takes_long_stalls_nobody() -> None:
    """Messages are read on threads: while they are busy, the others are still answered."""
    begun, may_go_on = threading.Semaphore(0), threading.Event()

    def redact(name: str, attributes: dict[str, Any]) -> dict[str, Any]:
        begun.release()
        assert may_go_on.wait(PATIENCE_S)
        return attributes

    with collector(redact=redact) as running, ThreadPoolExecutor() as senders:
        slow = [senders.submit(running.send, step(number)) for number in (1, 2)]
        for _ in slow:
            assert begun.acquire(timeout=PATIENCE_S)
        answer = running.post(b"", Content_Type="text/plain")
        may_go_on.set()

        assert answer.status_code == 415
        assert [each.result().status_code for each in slow] == [200, 200]


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_only_post_is_for_traces(shared: Collector, method: str) -> None:
    """Other methods are 405, other addresses 404."""
    assert shared.client.request(method, "/v1/traces").status_code == 405
    assert shared.client.request(method, "/v1/profiles").status_code == 404


def test_who_asks_whether_anybody_is_there_gets_an_answer(shared: Collector) -> None:
    """Some agents send nothing otherwise; a web page gets none."""
    assert shared.client.get("/").json() == {
        "data": {"service": "otel-steps", "traces": "/v1/traces"}
    }
    assert shared.client.get("/", headers={"Origin": "https://example.com"}).status_code == 403


@pytest.mark.parametrize("signal", ["logs", "metrics"])
def test_other_signals_are_ignored_and_told(shared: Collector, signal: str) -> None:
    """An SDK that sends all signals to one address gets no errors, and a reason."""
    binary = shared.client.post(f"/v1/{signal}", content=b"\n\x00", headers=PROTOBUF)
    text = shared.client.post(f"/v1/{signal}", content=b"{}", headers=JSON)

    assert partial_success(binary).rejected_spans == 0  # one layout for all signals
    assert "traces only" in partial_success(binary).error_message
    assert "traces only" in text.json()["partialSuccess"]["errorMessage"]


def verdicts(name: str, **facts: Any) -> ExportLogsServiceRequest:
    """Return log records: one that is none, and what somebody has judged of span 1 of trace 9."""
    said = {"gen_ai.evaluation.name": name, "gen_ai.evaluation.score.value": 0.5}
    attributes = [
        KeyValue(
            key=key,
            value=AnyValue(string_value=value)
            if isinstance(value, str)
            else AnyValue(double_value=value),
        )
        for key, value in said.items()
    ]
    ids = {"trace_id": (9).to_bytes(16, "big"), "span_id": (1).to_bytes(8, "big")}
    judged = LogRecord(
        **{
            "event_name": "gen_ai.evaluation.result",
            "time_unix_nano": AT,
            "attributes": attributes,
            **ids,
            **facts,
        }
    )
    other = LogRecord(body=AnyValue(string_value="hello"))
    return ExportLogsServiceRequest(
        resource_logs=[ResourceLogs(scope_logs=[ScopeLogs(log_records=[other, judged])])]
    )


def as_json(request: ExportLogsServiceRequest) -> dict[str, Any]:
    """Return it as OTLP has it, whose ids are hex."""
    (scope_logs,) = MessageToDict(request)["resourceLogs"][0]["scopeLogs"]
    for record in scope_logs["logRecords"][1:]:
        record.update(traceId=f"{9:032x}", spanId=f"{1:016x}")
    return {"resourceLogs": [{"scopeLogs": [scope_logs]}]}


def test_what_others_judge_in_logs_stands_below_what_it_is_about() -> None:
    """In either encoding; what is sent again is the same verdict."""
    step = span("step", {semconv.TASK_ID: "judged", semconv.STEP_NUMBER: 1}, span_id=1, trace_id=9)
    former = verdicts("two", event_name="")
    (said,) = former.resource_logs[0].scope_logs[0].log_records[1:]
    said.attributes.add(key="event.name").value.string_value = "gen_ai.evaluation.result"
    broken = {"resourceLogs": "gen_ai.evaluation.result"}
    with collector() as running:
        running.send(step)
        answers = [
            running.client.post("/v1/logs", content=each.SerializeToString(), headers=PROTOBUF)
            for each in (verdicts("one"), former)
        ]
        answers.append(running.client.post("/v1/logs", json=as_json(verdicts("one"))))
        refused = running.client.post("/v1/logs", json=broken)
        assert running.shipper.flush(PATIENCE_S)
        with closing(open_store(settings=running.settings)) as store:
            spans = store.spans("judged")

    assert [(each.status_code, each.content) for each in answers] == [
        *((200, b""), (200, b""), (200, b"{}")),
    ]
    assert (refused.status_code, "resourceLogs" in refused.json()["message"]) == (400, True)
    assert sorted(each["name"] for each in spans) == ["evaluation one", "evaluation two"]
    assert {each["parent_span_id"] for each in spans} == {f"{1:016x}"}
    assert spans[0]["attributes"]["gen_ai.evaluation.score.value"] == 0.5


def test_a_slash_at_the_end_is_no_other_address(shared: Collector) -> None:
    """Exporters are configured with either, and follow no redirect."""
    answer = shared.client.post("/v1/traces/", content=b"{}", headers=JSON)

    assert (answer.status_code, answer.json()) == (200, {})


def _renamed(value: Any, rename: Callable[[str], str]) -> Any:
    if isinstance(value, dict):
        return {rename(key): _renamed(each, rename) for key, each in value.items()}
    return [_renamed(each, rename) for each in value] if isinstance(value, list) else value


@pytest.mark.parametrize(
    ("rename", "named"),
    [
        (lambda key: re.sub("[A-Z]", lambda found: "_" + found[0].lower(), key), "resource_spans"),
        (lambda key: key[:1].upper() + key[1:], "ResourceSpans"),
        (
            {"scopeSpans": "instrumentationLibrarySpans", "scope": "instrumentationLibrary"}.get,
            "instrumentationLibrarySpans",
        ),
        ({"resourceSpans": "batches"}.get, "batches"),
        ({"scopeSpans": "spans"}.get, "spans"),
    ],
    ids=["snake case", "capitals", "before OTLP 1.0", "of Tempo", "a level too high"],
)
def test_spans_under_another_name_are_not_lost_in_silence(
    shared: Collector, rename: Callable[[str], str | None], named: str
) -> None:
    """A reader of OTLP ignores what it does not know; here these are the spans."""
    body = _renamed(json.loads(json_body(step())), lambda key: rename(key) or key)

    answer = shared.client.post("/v1/traces", json=body)

    assert answer.status_code == 200
    assert repr(named) in answer.json()["partialSuccess"]["errorMessage"]
    assert any(named in each.message for each in shared.problems.all())


# --- who may send ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-origin"},
        {"Host": "evil.example"},
        {"Host": "127.0.0.1.evil.example:4318"},
        {"Host": "[::1"},
    ],
    ids=str,
)
def test_web_pages_cannot_send(shared: Collector, headers: dict[str, str]) -> None:
    """Neither from their own address nor by a name of theirs that leads here."""
    traces = shared.send(step(1), **headers)
    picture = shared.put(NAME, PNG, **{key.replace("_", "-"): headers[key] for key in headers})

    assert traces.status_code == 403
    assert status_of(traces)[0] == 7
    assert picture.status_code == 403
    assert picture.json()["error"]["code"] in ("foreign_origin", "unknown_host")


@pytest.mark.parametrize("host", ["localhost", "localhost:4318", "127.0.0.1:1", "[::1]:4318"])
def test_this_machine_may_use_any_of_its_names(shared: Collector, host: str) -> None:
    """A tunnel or a container brings another port along."""
    assert shared.post(b"", Host=host).status_code == 200


def test_the_token_opens_and_nothing_else_does() -> None:
    """With a token the name does not matter; without it nothing is even read."""
    token = "a-token-of-forty-characters-0123456789ab"
    with collector(token=token) as running:
        wrong = ["", "Bearer", f"Bearer {token}x", f"Basic {token}", "Bearer ünicode"]
        refused = [running.post(b"\xff", Authorization=each.encode()) for each in wrong]
        taken = running.post(b"", Authorization=f"Bearer {token}", Host="collector.example")
        page = running.post(b"", Authorization=f"Bearer {token}", Origin="https://evil.example")

    assert {answer.status_code for answer in refused} == {401}
    assert {answer.headers["www-authenticate"] for answer in refused} == {"Bearer"}
    assert {status_of(answer)[0] for answer in refused} == {16}
    assert taken.status_code == 200
    assert page.status_code == 403
    assert all(token not in answer.text for answer in (*refused, page))


# --- pictures -------------------------------------------------------------------------------------


def test_an_uploaded_picture_becomes_that_of_its_step() -> None:
    """Picture first, span second; the same picture may come any number of times."""
    with collector() as running:
        answers = [running.put(NAME, PNG) for _ in range(2)]
        running.send(step(1, **{semconv.SCREENSHOT_SHA256: NAME}))
        again = step(2, **{semconv.SCREENSHOT_SHA256: NAME})
        running.send(again)
        found = running.rows()

    assert [answer.status_code for answer in answers] == [201, 200]
    assert answers[0].json() == {
        "data": {"sha256": NAME, "mime_type": "image/png", "size": len(PNG)}
    }
    shots = found.screenshots["t"]
    assert [shot["metadata"]["sha256"] for shot in shots] == [NAME, NAME]
    file = running.settings.dir / "screenshots" / shots[0]["screenshot_path"]
    assert hashlib.sha256(file.read_bytes()).hexdigest() == shots[0]["file_hash"]
    assert not list((running.settings.backup_dir / "uploads").iterdir())


def test_a_picture_that_was_missing_once_is_not_lost_for_good() -> None:
    """A step whose upload failed has none; the next one with the same screen has it."""
    shown = {semconv.SCREENSHOT_SHA256: NAME}

    with collector() as running:
        running.send(step(1, **shown))
        running.rows()
        running.put(NAME, PNG)
        running.send(step(2, **shown))
        found = running.rows()

    ids = {row["id"]: row["step_number"] for row in found.steps["t"]}
    assert 2 in [ids[shot["step_id"]] for shot in found.screenshots["t"]]


def test_an_uploaded_picture_survives_the_process() -> None:
    """It waits on disk for its span, whoever receives that."""
    with collector() as running:
        assert running.put(NAME, PNG).status_code == 201
    with collector() as after:
        after.send(step(1, **{semconv.SCREENSHOT_SHA256: NAME}))
        found = after.rows()

    assert [shot["metadata"]["sha256"] for shot in found.screenshots["t"]] == [NAME]


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        (NAME, png(9), "the body has the sha256"),
        (hashlib.sha256(b"<svg>").hexdigest(), b"<svg>", "not a PNG"),
        (hashlib.sha256(b"").hexdigest(), b"", "empty"),
        (NAME.upper(), PNG, "64 lower-case hex digits"),
        ("x", PNG, "64 lower-case hex digits"),
    ],
)
def test_what_is_no_picture_of_that_name_is_400(
    shared: Collector, name: str, data: bytes, said: str
) -> None:
    """The hash is verified and the first bytes are looked at: nothing else gets onto the disk."""
    answer = shared.put(name, data)

    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "bad_request"
    assert said in answer.json()["error"]["message"]
    assert not (shared.settings.backup_dir / "uploads").exists()


def test_too_large_a_picture_is_413(shared: Collector, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures have the limit of bodies."""
    monkeypatch.setattr(body, "MAX_BODY_BYTES", 10)

    answer = shared.put(NAME, PNG)

    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "too_large")


def test_a_picture_in_a_message_is_taken_out() -> None:
    """A data URL in a message part is stored as a file; the message says which."""
    url = "data:image/png;base64," + base64.b64encode(PNG).decode()
    asked = [{"role": "user", "parts": [{"type": "image_url", "image_url": {"url": url}}]}]

    with collector() as running:
        running.send(step(1, **{semconv.GEN_AI_INPUT_MESSAGES: json.dumps(asked)}))
        found = running.rows()

    (row,), (shot,) = found.steps["t"], found.screenshots["t"]
    assert shot["metadata"]["sha256"] == NAME
    assert f"otel_steps:sha256:{NAME}" in row["attributes"][semconv.GEN_AI_INPUT_MESSAGES]
    assert "base64" not in json.dumps(row)


def test_a_picture_that_cannot_be_read_costs_no_span() -> None:
    """Something odd among the uploads is reported, and the step is stored without its picture."""
    with collector() as running:
        odd = running.settings.backup_dir / "uploads" / NAME
        odd.mkdir(parents=True)
        answer = running.send(step(1, **{semconv.SCREENSHOT_SHA256: NAME}))
        found = running.rows()
        problems = running.problems.all()

    assert (answer.status_code, answer.content) == (200, b"")
    assert [row["step_number"] for row in found.steps["t"]] == [1]
    assert any(NAME in problem.message for problem in problems if problem.kind == "journal")


def test_every_picture_of_a_message_is_kept() -> None:
    """The last one is the screen; those before it are there as files, under their names."""
    first = png(9)
    parts = [
        {"type": "blob", "mime_type": "image/png", "content": base64.b64encode(data).decode()}
        for data in (first, PNG)
    ]
    call = span("chat", {"messages": json.dumps(parts)}, span_id=2, parent=1)

    with collector() as running:
        running.send(step(1, messages=json.dumps(parts)), call)
        found = running.rows()
        folder = running.settings.dir / "screenshots"

        assert [shot["metadata"]["sha256"] for shot in found.screenshots["t"]] == [NAME]
        for name in (NAME, hashlib.sha256(first).hexdigest()):
            eventually(lambda name=name: (folder / name[:2] / f"{name}.json").exists())


def test_a_picture_in_an_event_is_taken_out() -> None:
    """Some instrumentations have the messages in events."""
    url = "data:image/png;base64," + base64.b64encode(PNG).decode()
    message = json.loads(json_body(step(1)))
    (sent,) = message["resourceSpans"][0]["scopeSpans"][0]["spans"]
    event = {"key": "message", "value": {"stringValue": json.dumps([{"url": url}])}}
    sent["events"] = [{"name": "asked", "timeUnixNano": str(AT), "attributes": [event]}]

    with collector() as running:
        running.post(json.dumps(message).encode(), **_headers(JSON))
        found = running.rows()

    assert [shot["metadata"]["sha256"] for shot in found.screenshots["t"]] == [NAME]


def test_hostile_words_about_pictures_are_only_words() -> None:
    """Whatever type and text our own attributes have, the span is kept and no file is read."""
    odd = [5, "x", "../../etc/passwd", [NAME[:-1]], True]
    sent = [
        step(2 * i + j, **{key: value})
        for i, value in enumerate(odd)
        for j, key in enumerate((semconv.SPAN_PICTURES, semconv.SCREENSHOT_SHA256), start=1)
    ]

    with collector() as running:
        answer = running.send(*sent, step(99, **{semconv.SCREENSHOT_PATH: "/etc/passwd"}))
        found = running.rows()

    assert (answer.status_code, answer.content) == (200, b"")
    assert len(found.steps["t"]) == len(sent) + 1
    assert found.screenshots["t"] == []


# --- what may be recorded -------------------------------------------------------------------------

CONTENT = {
    semconv.STEP_THINKING: "I see his password",
    semconv.STEP_ACTION: '{"action": "Type", "text": "hunter2"}',
    semconv.STEP_ACTION_RESULT: '"typed"',
    semconv.GEN_AI_INPUT_MESSAGES: "[]",
    "gen_ai.prompt": "secret",
    "llm.input_messages.0.message.content": "secret",
    semconv.SCREENSHOT_SHA256: NAME,
    "note": "kept",
}


def test_content_that_is_switched_off_is_not_kept_of_others_either() -> None:
    """Senders need not know of our settings: what is off here reaches neither journal nor store."""
    with collector(capture_content="action", screenshots="on") as running:
        running.put(NAME, PNG)
        running.send(step(1, **CONTENT))
        found = running.rows()

    (row,) = found.steps["t"]
    assert (row["thinking"], row["action_result"]) == (None, None)
    assert row["action"] == {"action": "Type", "text": "hunter2"}
    assert set(row["attributes"]) == {"note"}
    assert found.screenshots["t"] == []
    assert not (running.settings.backup_dir / "uploads").exists()


def test_pictures_of_failed_steps_alone() -> None:
    """`on_error` holds for what comes in: by the step's own word, or by the status of its span."""
    shown = {semconv.SCREENSHOT_SHA256: NAME}
    failed = span(
        "step", {semconv.TASK_ID: "t", semconv.STEP_NUMBER: 3, **shown}, span_id=3, error="no"
    )

    with collector(screenshots="on_error") as running:
        running.put(NAME, PNG)
        running.send(
            step(1, **shown, **{semconv.STEP_SUCCESS: True}),
            step(2, **shown, **{semconv.STEP_SUCCESS: False}),
            failed,
        )
        found = running.rows()

    ids = {row["id"]: row["step_number"] for row in found.steps["t"]}
    assert sorted(ids[shot["step_id"]] for shot in found.screenshots["t"]) == [2, 3]


def test_redact_sees_what_comes_in() -> None:
    """Whoever puts the receiver into a program of his own may redact there, too."""

    def redact(name: str, attributes: dict[str, Any]) -> dict[str, Any]:
        if attributes[semconv.STEP_NUMBER] == 2:
            raise RuntimeError("broken")
        return attributes | {semconv.STEP_THINKING: "***"}

    with collector(redact=redact) as running:
        running.send(step(1, **CONTENT), step(2, **CONTENT))
        first, second = running.rows().steps["t"]
        kinds = {problem.kind for problem in running.problems.all()}

    assert first["thinking"] == "***"
    assert (second["thinking"], second["action"]) == (None, None)
    assert "redact" in kinds


def test_secrets_in_error_messages_are_masked() -> None:
    """A sender may put the whole request into the error: keys in it are not kept."""
    message = "401: Bearer sk-0123456789abcdef"
    sent = span(
        "step",
        {semconv.STEP_NUMBER: 1, semconv.STEP_ERROR_MESSAGE: message},
        span_id=1,
        error=message,
    )

    with collector() as running:
        running.send(sent)
        (steps,) = running.rows().steps.values()

    assert "0123456789abcdef" not in json.dumps(steps)
    assert steps[0]["error_message"] == "401: Bearer ***"


# --- spans of other instrumentations --------------------------------------------------------------


def test_an_agent_of_another_instrumentation_is_a_task_with_steps() -> None:
    """`invoke_agent`, `chat` and `execute_tool` become a task and its steps, children first."""
    url = "data:image/png;base64," + base64.b64encode(PNG).decode()
    asked = [
        {
            "role": "user",
            "parts": [
                {"type": "text", "content": "打开设置"},
                {
                    "type": "blob",
                    "mime_type": "image/png",
                    "modality": "image",
                    "content": url.partition(",")[2],
                },
            ],
        }
    ]
    answered = [
        {"role": "assistant", "parts": [{"type": "reasoning", "content": "On the home screen."}]}
    ]
    chat = span(
        "chat m",
        {
            "gen_ai.operation.name": "chat",
            semconv.GEN_AI_INPUT_MESSAGES: json.dumps(asked),
            semconv.GEN_AI_OUTPUT_MESSAGES: json.dumps(answered),
            semconv.GEN_AI_USAGE_INPUT_TOKENS: 1312,
        },
        span_id=2,
        parent=1,
    )
    tool = span(
        "execute_tool tap",
        {
            "gen_ai.operation.name": "execute_tool",
            "gen_ai.tool.name": "tap",
            semconv.GEN_AI_TOOL_CALL_ARGUMENTS: '{"x": 500}',
        },
        span_id=3,
        parent=1,
        error="no such button",
    )
    agent = span(
        "invoke_agent Robot",
        {
            "gen_ai.operation.name": "invoke_agent",
            "gen_ai.agent.name": "Robot",
            "gen_ai.request.model": "m",
        },
        span_id=1,
    )

    with collector() as running:
        running.send(chat)
        running.send(tool)
        running.send(agent)
        found = running.rows()

    (task,) = found.tasks
    assert (task["agent"], task["model"], task["status"]) == ("Robot", "m", "completed")
    assert task["task_description"] == "打开设置"
    first, second = found.steps[task["task_id"]]
    assert (first["step_number"], first["step_type"], first["thinking"]) == (
        1,
        "thinking",
        "On the home screen.",
    )
    assert (first["model"], first["input_tokens"]) == (None, 1312)
    assert first["timings"] == {"model_ms": 1000.0}
    assert (second["step_number"], second["action"]) == (2, {"action": "tap", "x": 500})
    assert (second["success"], second["error_kind"]) == (False, "action_error")
    assert second["error_message"] == "no such button"
    (shot,) = found.screenshots[task["task_id"]]
    assert (shot["step_id"], shot["metadata"]["sha256"]) == (first["id"], NAME)


def test_in_a_trace_of_ours_spans_of_others_are_no_steps() -> None:
    """The model call below a step of ours is not one more step."""
    chat = span("chat m", {"gen_ai.operation.name": "chat"}, span_id=7, parent=1)

    with collector() as running:
        running.send(step(1), chat)
        running.send(chat)
        found = running.rows()

    assert [task["task_id"] for task in found.tasks] == ["t"]
    assert [row["step_number"] for row in found.steps["t"]] == [1]


def test_agents_that_call_each_other_in_a_circle_are_agents() -> None:
    """No honest sender has such parents; a hostile one must not hold a thread for ever."""
    agent = {"gen_ai.operation.name": "invoke_agent"}
    circle = [span("work", span_id=number, parent=5 - number) for number in (2, 3)]
    called = span("invoke_agent A", agent, span_id=4, parent=2)

    with collector() as running:
        running.send(*circle, called)
        found = running.rows()

    assert [task["total_steps"] for task in found.tasks] == [0]


def test_an_agent_below_an_agent_is_a_step() -> None:
    """One trace is one task, the outermost; what it has others do is what it did."""
    agent = {"gen_ai.operation.name": "invoke_agent"}
    outer = span("invoke_agent A", {**agent, "gen_ai.agent.name": "A"}, span_id=1)
    work = span("work", span_id=2, parent=1)
    inner = span("invoke_agent B", {**agent, "gen_ai.agent.name": "B"}, span_id=3, parent=2)

    with collector() as running:
        running.send(inner, work, outer)
        found = running.rows()

    (task,) = found.tasks
    assert task["agent"] == "A"
    (row,) = found.steps[task["task_id"]]
    assert row["action"] == {"action": "invoke_agent", "agent": "B"}


def _headers(named: dict[str, str]) -> dict[str, str]:
    return {name.replace("-", "_"): value for name, value in named.items()}


def _connection(running: Collector) -> socket.socket:
    host, port = running.url.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), timeout=PATIENCE_S)


def _head(running: Collector, *headers: bytes) -> bytes:
    lines = [b"POST /v1/traces HTTP/1.1", b"Host: localhost", b"Content-Type: application/json"]
    return b"\r\n".join((*lines, *headers, b"", b""))
