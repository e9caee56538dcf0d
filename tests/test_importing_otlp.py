"""Spans in files, of other hosts and of other programs, become the rows that they were."""

import base64
import gzip
import hashlib
import json
import shutil
import struct
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from otel_steps import semconv
from otel_steps.config import resolve
from otel_steps.importing import otlp_files
from otel_steps.otlp.span import Span
from otel_steps.rows.mapping import batch_of
from otel_steps.stores import open_store
from tests.commands import command, leave_behind, task_spans
from tests.patience import PATIENCE_S
from tests.pictures import png


def exported(task_id: str, *options: object) -> str:
    """Return the spans of a task, as `export` writes them."""
    done = command("export", task_id, "--format", "otlp", "-o", "-", *options)
    assert (done.status, done.err) == (0, "")
    return done.out


def stored(*spans: Span) -> None:
    with closing(open_store()) as store:
        store.write(batch_of(spans, {}))


def message(*spans: dict[str, Any], **resource: str) -> dict[str, Any]:
    """Return a message as the Collector writes it."""
    said = [{"key": key, "value": {"stringValue": value}} for key, value in resource.items()]
    scopes = [{"scope": {"name": "field", "version": "1"}, "spans": list(spans)}]
    return {"resourceSpans": [{"resource": {"attributes": said}, "scopeSpans": scopes}]}


def genai(span_id: int, name: str, parent: int = 0, **attributes: str) -> dict[str, Any]:
    """Return a span of the GenAI conventions; two underscores are a dot."""
    said = {key.replace("__", "."): value for key, value in attributes.items()}
    return {
        "traceId": "7" * 32,
        "spanId": f"{span_id:016x}",
        "parentSpanId": f"{parent:016x}",
        "name": name,
        "startTimeUnixNano": str(1_795_810_000_000_000_000 + span_id * 1000),
        "endTimeUnixNano": str(1_795_810_001_000_000_000),
        "attributes": [{"key": k, "value": {"stringValue": v}} for k, v in said.items()],
    }


AGENT = genai(1, "invoke_agent Phone", gen_ai__operation__name="invoke_agent")
TOOL = genai(
    2, "execute_tool tap", 1, gen_ai__operation__name="execute_tool", gen_ai__tool__name="tap"
)


# --- What was exported comes back


def running(spans: list[Span]) -> list[Span]:
    root, first, last = spans
    attributes = {**root.attributes, semconv.TASK_STATUS: "running"}
    root = replace(root, end_time_unix_nano=0, attributes=attributes)
    return [root, first, replace(last, end_time_unix_nano=0)]


def odd(spans: list[Span]) -> list[Span]:
    """Return spans with values that fit no column, events, links, and spans of a library below."""
    root, first, last = spans
    values = {semconv.STEP_NUMBER: "x", semconv.STEP_SUCCESS: "maybe", "own": [1, None, {"a": 1.5}]}
    event = {"name": "exception", "time_unix_nano": 5, "attributes": {"exception.message": "boom"}}
    return [
        root,
        replace(first, attributes={**first.attributes, **values}, status_code=2, events=[event]),
        replace(last, resource={"service.name": "s"}, scope_name="x"),
        replace(
            first,
            span_id="00000000000000ff",
            parent_span_id=first.span_id,
            name="chat m",
            attributes={"gen_ai.operation.name": "chat"},
            links=[{"trace_id": "1" * 32, "span_id": "2" * 16, "attributes": {}}],
        ),
    ]


def done_anew(spans: list[Span]) -> list[Span]:
    return [
        *spans,
        *(
            replace(
                each,
                trace_id="f" * 32,
                span_id=each.span_id[::-1],
                parent_span_id=each.parent_span_id and each.parent_span_id[::-1],
            )
            for each in spans
        ),
    ]


def pictured(spans: list[Span]) -> list[Span]:
    attributes = {**spans[1].attributes, "of.others": 1, semconv.SCREENSHOT_SHA256: "a" * 64}
    attributes[semconv.SPAN_PICTURES] = ["a" * 64, "b" * 64]
    return [spans[0], replace(spans[1], attributes=attributes), spans[2]]


@pytest.mark.parametrize(
    "recorded",
    [list, lambda spans: spans[1:], lambda spans: spans[:1], running, odd, done_anew, pictured],
    ids=["whole", "steps alone", "task alone", "running", "odd", "done anew", "pictured"],
)
def test_export_imported_is_exported_as_it_was(
    recorded: Callable[[list[Span]], list[Span]], tmp_path: Path
) -> None:
    """Another store says of a task what its own does, word for word."""
    stored(*recorded(task_spans("t / 1")))
    other = ("--dir", tmp_path / "other")
    (tmp_path / "file").write_text(exported("t / 1"), encoding="utf-8")

    once = command("import", tmp_path / "file", *other)
    twice = command("import", tmp_path / "file", *other)

    assert (once.status, once.err, twice.status) == (0, "", 0)
    assert exported("t / 1", *other) == exported("t / 1")


def test_what_a_killed_process_left_comes_back(tmp_path: Path) -> None:
    """An interrupted task is the same task elsewhere."""
    root, first, last = task_spans("t")
    leave_behind([first], open_spans=[replace(each, end_time_unix_nano=0) for each in (root, last)])
    assert command("sync").status == 0
    (tmp_path / "file").write_text(exported("t"), encoding="utf-8")

    command("import", tmp_path / "file", "--dir", tmp_path / "other")

    assert '"interrupted"' in exported("t")
    assert exported("t", "--dir", tmp_path / "other") == exported("t")


def test_recording_of_an_agent_comes_back(tmp_path: Path) -> None:
    """What the demo records is the same elsewhere, as one file and as the folder of a host."""
    subprocess.run(
        [sys.executable, "-m", "otel_steps", "demo", "--latency", "0", "--lang", "en", "--no-open"],
        check=True,
        capture_output=True,
        timeout=PATIENCE_S,
    )
    ids = [task["task_id"] for task in command("tasks", "--json").json]
    host = resolve().backup_dir.parents[1] / "other host"
    host.mkdir()
    for number, task_id in enumerate(ids):
        (host / f"{number}").write_text(exported(task_id), encoding="utf-8")
    shutil.copytree(host.parent / "screenshots", host / "screenshots")

    other = ("--dir", tmp_path / "other")
    done = command("import", host, *other)

    assert (len(ids), done.status, done.err) == (2, 0, "")
    assert "not where" not in done.out
    for task_id in ids:
        assert exported(task_id, *other) == exported(task_id)
    steps = command("report", ids[0], "--format", "json", *other).json["steps"]
    assert all(Path(step["screenshot_path"]).is_file() for step in steps)


# --- Journals


def test_journal_of_another_host_is_imported(tmp_path: Path) -> None:
    """Ended spans, what was in flight when the host stopped, and the pictures beside."""
    picture = png()
    name = hashlib.sha256(picture).hexdigest()
    root, first, last = task_spans("t")
    shown = replace(first, attributes={**first.attributes, semconv.SCREENSHOT_SHA256: name})
    leave_behind(
        [shown],
        open_spans=[replace(each, end_time_unix_nano=0) for each in (root, last)],
        picture=(name, picture),
    )
    copied = tmp_path / "from the phone"
    resolve().backup_dir.rename(copied)

    done = command("import", copied)

    assert (done.status, done.out) == (0, "imported 1 tasks, 2 steps, 1 pictures\n")
    report = command("report", "t", "--format", "json").json
    assert report["task"]["status"] == "interrupted"
    assert Path(report["steps"][0]["screenshot_path"]).is_file()


def test_own_journal_is_left_to_the_shipper() -> None:
    """Steps that a living process has begun are not closed by an import of the folder above."""
    root, first, _ = task_spans("t")
    leave_behind([first], open_spans=[replace(root, end_time_unix_nano=0)])

    done = command("import", resolve().backup_dir)

    assert (done.status, done.out) == (2, "")
    assert "a folder with nothing to import" in done.err


def test_pictures_that_come_later_are_attached(tmp_path: Path) -> None:
    """A journal may be imported without its pictures, and once more with them."""
    picture = png()
    name = hashlib.sha256(picture).hexdigest()
    root, first, _ = task_spans("t")
    shown = replace(first, attributes={**first.attributes, semconv.SCREENSHOT_SHA256: name})
    leave_behind([root, shown], picture=(name, picture))
    copied = tmp_path / "copied"
    resolve().backup_dir.rename(copied)
    (pictures,) = copied.rglob("pictures")
    pictures.rename(tmp_path / "aside")

    without = command("import", copied)
    (tmp_path / "aside").rename(pictures)
    after = command("import", copied)

    assert "1 pictures are not where their steps say" in without.out
    assert "1 pictures; 2 spans were there already" in after.out
    assert Path(
        command("report", "t", "--format", "json").json["steps"][0]["screenshot_path"]
    ).is_file()


# --- Files of others


def jsonl(*messages: Any) -> bytes:
    return b"".join(json.dumps(each, ensure_ascii=False).encode() + b"\n" for each in messages)


def protobuf() -> bytes:
    """Return the same agent and tool as an SDK writes them."""
    memory = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(memory))
    tracer = provider.get_tracer("field")
    with (
        tracer.start_as_current_span(
            "invoke_agent Phone", attributes={"gen_ai.operation.name": "invoke_agent"}
        ),
        tracer.start_as_current_span(
            "execute_tool tap",
            attributes={"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "tap"},
        ),
    ):
        pass
    return encode_spans(memory.get_finished_spans()).SerializeToString()


def varint(number: int) -> bytes:
    low, high = number & 127, number >> 7
    return bytes([low | 128]) + varint(high) if high else bytes([low])


def tempo() -> bytes:
    """Return the same as Grafana Tempo answers: ids are in base64, as in protobuf's own JSON."""
    inner = json.loads(json.dumps(message(TOOL, AGENT)))
    for span in inner["resourceSpans"][0]["scopeSpans"][0]["spans"]:
        for key in ("traceId", "spanId", "parentSpanId"):
            if key in span:
                span[key] = base64.b64encode(bytes.fromhex(span[key])).decode()
    return json.dumps({"trace": inner}).encode()


PROTOBUF = protobuf()
FILES = {
    "Tempo": tempo(),
    "Tempo before": json.dumps({"batches": message(TOOL, AGENT)["resourceSpans"]}).encode(),
    "spans of resources": json.dumps(message(TOOL, AGENT)["resourceSpans"], indent=2).encode(),
    "spans of one resource": jsonl(message(TOOL, AGENT)["resourceSpans"][0]),
    "json lines": jsonl(message(TOOL), message(AGENT)),
    "one message": json.dumps(message(TOOL, AGENT)).encode(),
    "over many lines": json.dumps(message(TOOL, AGENT), indent=2).encode(),
    "an array": json.dumps([message(TOOL), message(AGENT)], indent=2).encode(),
    "gzip": gzip.compress(jsonl(message(TOOL), message(AGENT))),
    "UTF-8 with a mark": b"\xef\xbb\xbf" + jsonl(message(TOOL, AGENT)),
    "UTF-16": jsonl(message(TOOL, AGENT)).decode().encode("utf-16"),
    "UTF-16, big end first": b"\xfe\xff" + jsonl(message(AGENT, TOOL)).decode().encode("utf-16-be"),
    "protobuf": PROTOBUF,
    "protobuf with sizes": (struct.pack(">I", len(PROTOBUF)) + PROTOBUF) * 2,
    "protobuf with numbers": (varint(len(PROTOBUF)) + PROTOBUF) * 2,
    "protobuf, gzip": gzip.compress(struct.pack(">I", len(PROTOBUF)) + PROTOBUF),
}


@pytest.mark.parametrize("kind", FILES)
def test_files_of_exporters_are_imported(kind: str, tmp_path: Path) -> None:
    """Whatever way they are written in, and whatever name they have."""
    (tmp_path / "file.txt").write_bytes(FILES[kind])

    once = command("import", tmp_path / "file.txt", "--json")
    twice = command("import", tmp_path / "file.txt", "--json")

    assert (once.status, once.err) == (0, "")
    assert (once.json["tasks"], once.json["refused"]) == (1, [])
    (task,) = command("tasks", "--json").json
    assert (task["status"], task["total_steps"]) == ("completed", 1)
    assert twice.json["known"] >= 2


def test_pictures_in_spans_are_kept(tmp_path: Path) -> None:
    """A data URL in a message is the picture of its step."""
    url = f"data:image/png;base64,{base64.b64encode(png()).decode()}"
    said = [{"role": "user", "parts": [{"type": "uri", "modality": "image", "uri": url}]}]
    chat = genai(
        3,
        "chat m",
        1,
        gen_ai__operation__name="chat",
        gen_ai__input__messages=json.dumps(said),
    )
    (tmp_path / "file").write_bytes(jsonl(message(chat, AGENT)))

    done = command("import", tmp_path / "file", "--json")

    assert (done.json["pictures"], done.json["missing_pictures"]) == (1, 0)


def test_bad_lines_are_told_and_the_rest_goes_in(tmp_path: Path) -> None:
    """A line that is torn, of another signal, or without an end costs no other."""
    lines = [
        *jsonl(message(TOOL), {"resourceLogs": []}, {"other": 1}).splitlines(),
        b'{"resourceSpans": [{"sco',
        *jsonl(message(AGENT), message({**AGENT, "spanId": "9" * 16, "endTimeUnixNano": "0"}))
        .splitlines(),
    ]  # fmt: skip
    (tmp_path / "file").write_bytes(b"\n".join(lines))

    done = command("import", tmp_path / "file")

    assert done.status == 1
    assert done.out == "imported 1 tasks, 1 steps, 0 pictures; 4 refused\n"
    for number, reason in ((2, "logs"), (3, "no resourceSpans"), (4, "not JSON"), (6, "not ended")):
        (said,) = [line for line in done.err.splitlines() if f"line {number}:" in line]
        assert reason in said


def test_content_that_is_not_captured_is_not_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What may be written is decided as for spans that come over the network."""
    monkeypatch.setenv("OTEL_STEPS_CAPTURE_CONTENT", "action")
    spans = jsonl(message(TOOL, genai(3, "chat secret-word", 1, other="secret-word"), AGENT))
    (tmp_path / "file").write_bytes(spans)

    assert command("import", tmp_path / "file").status == 0

    data = [path.read_bytes() for path in resolve().backup_dir.parents[1].glob("steps.db*")]
    assert data
    assert not any(b"secret-word" in each for each in data)


def test_memory_holds_a_line_and_not_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A line that is longer than one may be is refused, and what follows is read."""
    monkeypatch.setattr(otlp_files, "MAX_LINE_BYTES", 4096)
    huge = message(genai(5, "x" * 5000))
    (tmp_path / "file").write_bytes(jsonl(message(TOOL), huge, message(AGENT)))

    done = command("import", tmp_path / "file", "--json")

    assert (done.json["steps"], len(done.json["refused"])) == (1, 1)
    assert "longer than 4096 bytes" in done.json["refused"][0]["reason"]


# --- What is no such file


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b" \n", "empty"),
        (
            '{"任务": "打开设置", "描述": "微信发消息"}'.encode("gb18030"),
            "iconv -f GB18030 -t UTF-8",
        ),
        ('{"a": "打开"}'.encode("utf-16-le"), "iconv -f UTF-16LE -t UTF-8"),
        ('{"a": "打开"}'.encode("utf-16-be"), "iconv -f UTF-16BE -t UTF-8"),
        (b"\x28\xb5\x2f\xfd\x00", "packed with zstd: unpack it first"),
        (struct.pack(">I", 9) + b"\x28\xb5\x2f\xfd\x00", "packed with zstd"),
        (png(), "a picture (image/png)"),
        (b'{"name": "x", "steps": []}', "JSON of another kind with the keys name, steps"),
        (b"<!doctype html><p>hello", "a web page of another kind"),
        (b"hello", "text of another kind"),
        (b"\x00\x01\x02\x03\x04\x05", "binary data of another kind"),
    ],
)
def test_file_of_another_kind_says_what_it_is(content: bytes, reason: str, tmp_path: Path) -> None:
    """One line: what it is, and what can be imported."""
    (tmp_path / "spans.jsonl").write_bytes(content)

    done = command("import", tmp_path / "spans.jsonl")

    assert (done.status, done.out, done.err.count("\n")) == (2, "", 1)
    assert reason in done.err
    assert "What can be: a pack, OTLP" in done.err


def test_damaged_utf_8_is_no_gbk(tmp_path: Path) -> None:
    """One wrong byte costs its line and not the file."""
    bad = json.dumps(message(TOOL), ensure_ascii=False).encode().replace(b"tap", b"t\xffp")
    named = genai(1, "invoke_agent 手机助手", gen_ai__operation__name="invoke_agent")
    (tmp_path / "file").write_bytes(bad + b"\n" + jsonl(message(named)))

    done = command("import", tmp_path / "file", "--json")

    assert (done.json["tasks"], len(done.json["refused"])) == (1, 1)
    assert "not UTF-8" in done.json["refused"][0]["reason"]
