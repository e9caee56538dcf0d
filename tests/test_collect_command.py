"""`otel-steps collect` as people run it: real senders, hostile ones, and how it starts and ends."""

import copy
import gzip
import hashlib
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
from opentelemetry.exporter.otlp.json.common.trace_encoder import encode_spans as encode_json
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExportResult

from otel_steps import semconv
from otel_steps.serving.server import listen
from otel_steps.stores import open_store
from tests.collecting import JSON, PROTOBUF, Command, body_of, eventually, rows, span
from tests.commands import command
from tests.patience import PATIENCE_S
from tests.peers.environments import environment
from tests.supabase.packages import NODE_ENV, installed_from, node
from tests.supabase.processes import UnavailableError

EXAMPLE = Path(__file__).parent.parent / "examples" / "otlp_from_javascript"
PYDANTIC_AI = (
    "pydantic-ai-slim==2.68.0",
    "opentelemetry-sdk>=1.45",
    "opentelemetry-exporter-otlp-proto-http>=1.45",
)
TOKEN = "a-token-of-forty-characters-0123456789ab"


@pytest.fixture(name="receiver", scope="module")
def _receiver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Command]:
    """Run the command once; each test has tasks of its own."""
    with Command(tmp_path_factory.mktemp("collect"), OTEL_STEPS_TOKEN=TOKEN) as running:
        yield running


# --- real senders ---------------------------------------------------------------------------------


@pytest.mark.parametrize("compression", [Compression.NoCompression, Compression.Gzip])
def test_the_exporter_of_the_python_sdk_sends_steps(
    receiver: Command, compression: Compression
) -> None:
    """OpenTelemetry's own exporter needs nothing but the address and the token."""
    task_id = f"python-{compression.value}"
    exporter = OTLPSpanExporter(
        f"{receiver.url}/v1/traces",
        headers={"Authorization": f"Bearer {TOKEN}"},
        compression=compression,
    )
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    facts = {semconv.TASK_ID: task_id, semconv.STEP_NUMBER: 1, semconv.STEP_THINKING: "想"}

    with provider.get_tracer("robot").start_as_current_span("step", attributes=facts):
        pass
    provider.shutdown()

    eventually(lambda: _thoughts(receiver, task_id) == ["想"])


def test_the_exporter_of_the_python_sdk_hears_that_the_token_is_wrong(receiver: Command) -> None:
    """It gives up at once: sending again would not help."""
    exporter = OTLPSpanExporter(f"{receiver.url}/v1/traces", headers={"Authorization": "Bearer x"})

    assert exporter.export([span("step", span_id=1)]) is SpanExportResult.FAILURE
    exporter.shutdown()


@pytest.mark.parametrize("protocol", ["http/protobuf", "http/json"])
def test_an_agent_in_javascript_sends_steps_with_pictures(
    receiver: Command, protocol: str, example: Path
) -> None:
    """The example, with OpenTelemetry's JavaScript SDK: rows as if the agent were ours."""
    done = subprocess.run(
        [str(node()), "agent.js"],
        cwd=example,
        env={
            **os.environ,
            **NODE_ENV,
            "OTEL_EXPORTER_OTLP_ENDPOINT": receiver.url,
            "OTEL_EXPORTER_OTLP_PROTOCOL": protocol,
            "OTEL_STEPS_TOKEN": TOKEN,
        },
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )
    assert done.returncode == 0, done.stderr
    task_id = done.stdout.strip()
    eventually(lambda: len(rows(receiver.settings).screenshots.get(task_id, ())) == 3)
    found = rows(receiver.settings)

    (task,) = (each for each in found.tasks if each["task_id"] == task_id)
    assert (task["status"], task["agent"], task["model"]) == (
        "failed",
        "JavaScript agent",
        "autoglm-phone-9b",
    )
    assert task["task_description"] == "打开相机，拍一张照片"
    assert task["error_message"] == "Error: App not found: Gallery"
    steps = found.steps[task_id]
    assert [step["action"] for step in steps] == [
        {"action": "Launch", "app": "Camera"},
        {"action": "Tap", "element": [500, 880]},
        {"action": "Launch", "app": "Gallery"},
    ]
    assert [step["success"] for step in steps] == [True, True, False]
    assert steps[0]["thinking"] == "当前在桌面，先打开相机。"
    assert steps[2]["error_message"] == "Error: App not found: Gallery"
    assert steps[0]["resource"]["service.name"] == "agent"
    for shot in found.screenshots[task_id]:
        file = receiver.settings.dir / "screenshots" / shot["screenshot_path"]
        assert hashlib.sha256(file.read_bytes()).hexdigest() == shot["file_hash"]
        assert (shot["width"], shot["height"]) == (270, 600)


@pytest.mark.full
def test_an_agent_of_a_framework_becomes_a_task(tmp_path: Path) -> None:
    """Pydantic AI records agents by GenAI's conventions and knows nothing of us: it all arrives."""
    python = environment("pydantic-ai", *PYDANTIC_AI)
    with Command(tmp_path / "data") as running:
        done = subprocess.run(
            [str(python), str(Path(__file__).parent / "fakes" / "genai_agent.py")],
            env={**os.environ, "OTEL_EXPORTER_OTLP_ENDPOINT": running.url},
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
        )
        assert done.returncode == 0, done.stderr
        eventually(lambda: any(rows(running.settings).screenshots.values()))
        found = rows(running.settings)

    (task,) = found.tasks
    assert (task["agent"], task["model"], task["status"]) == ("Robot", "scripted", "completed")
    assert (task["task_description"], task["result"]) == ("打开设置", "Settings are open.")
    steps = found.steps[task["task_id"]]
    assert [(step["step_number"], step["step_type"]) for step in steps] == [
        (1, "thinking"),
        (2, "action"),
        (3, "thinking"),
        (4, "action"),
        (5, "thinking"),
    ]
    assert steps[0]["thinking"] == "I am on the home screen."
    assert steps[1]["action"] == {"action": "tap", "x": 500, "y": 82}
    assert steps[1]["action_result"] == {"ok": True}
    assert steps[2]["thinking"] == "Once more."
    (shot,) = found.screenshots[task["task_id"]]
    assert (shot["step_id"], shot["width"]) == (steps[0]["id"], 8)


@pytest.fixture(name="example", scope="module")
def _example(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the example with the packages that its lock file describes."""
    folder = tmp_path_factory.mktemp("javascript") / "example"
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns("node_modules"))
    try:
        packages = installed_from(EXAMPLE)
    except UnavailableError as error:
        pytest.skip(str(error))
    (folder / "node_modules").symlink_to(packages, target_is_directory=True)
    return folder


# --- hostile senders ------------------------------------------------------------------------------

ODD: tuple[Any, ...] = (
    *(None, True, -1, 2**70, 1e308, "", "x" * 10_000, "\ud800", "\0", [], {}),
    *(
        [[[]]],
        {"stringValue": 5},
        {"kvlistValue": {"values": [{}]}},
        "0" * 32,
        "18446744073709551616",
    ),
)


def test_a_thousand_malformed_bodies_harm_nobody(receiver: Command) -> None:
    """Fuzzed from real ones: no 5xx, no crash, flat memory, and good ones in between are stored."""
    dice = random.Random(2026)
    headers = {"Authorization": f"Bearer {TOKEN}"}
    statuses, sizes = [], []
    with httpx.Client(
        base_url=receiver.url, headers=headers, trust_env=False, timeout=PATIENCE_S
    ) as client:
        for number in range(1000):
            answer = client.post("/v1/traces", **_malformed(dice), timeout=PATIENCE_S)
            statuses.append(answer.status_code)
            if number % 20 == 0:
                good = _task(f"good-{number}", trace_id=10_000 + number)
                answer = client.post("/v1/traces", content=body_of(good), headers=PROTOBUF)
                assert (answer.status_code, answer.content) == (200, b"")
            if number in (300, 999):
                sizes.append(_resident_mib(receiver.pid))

    assert set(statuses) == {200, 400}
    assert sizes[1] - sizes[0] < 48
    for number in range(0, 1000, 20):
        eventually(lambda task_id=f"good-{number}": len(_thoughts(receiver, task_id)) == 2)


def _malformed(dice: random.Random) -> dict[str, Any]:
    """Return the arguments of a request that was a good one once."""
    spans = _task("fuzzed", trace_id=dice.randrange(1, 100))
    if dice.random() < 0.5:
        body, headers = _damaged(dice, body_of(spans)), dict(PROTOBUF)
    else:
        message = encode_json(spans).to_dict()
        for _ in range(dice.randrange(4)):
            _replace_something(dice, message)
        body, headers = json.dumps(message).encode(), dict(JSON)
        if dice.random() < 0.3:
            body = _damaged(dice, body)
    if dice.random() < 0.2:
        body, headers["Content-Encoding"] = gzip.compress(body, 1), "gzip"
        if dice.random() < 0.5:
            body = _damaged(dice, body)
    return {"content": body, "headers": headers}


def _damaged(dice: random.Random, body: bytes) -> bytes:
    data = bytearray(body)
    for _ in range(dice.randrange(1, 6)):
        place = dice.randrange(len(data) or 1)
        match dice.randrange(4):
            case 0:
                data[place : place + 1] = bytes([dice.randrange(256)])
            case 1:
                del data[place : place + dice.randrange(1, 40)]
            case 2:
                data[place:place] = data[: dice.randrange(1, 60)]
            case 3:
                data[place : place + 1] = dice.randbytes(dice.randrange(12))
    return bytes(data)


def _replace_something(dice: random.Random, message: dict[str, Any]) -> None:
    """Put something odd in the place of anything below *message*."""
    holder: Any = message
    while True:
        keys = list(holder) if isinstance(holder, dict) else range(len(holder))
        key = dice.choice(list(keys))
        if not isinstance(holder[key], dict | list) or not holder[key] or dice.random() < 0.15:
            holder[key] = copy.deepcopy(dice.choice(ODD))
            return
        holder = holder[key]


def _task(task_id: str, *, trace_id: int) -> list[ReadableSpan]:
    """Return a task of ours with two steps, and a model call as others record it."""
    steps = [
        span(
            "step",
            {
                semconv.TASK_ID: task_id,
                semconv.STEP_NUMBER: number,
                semconv.STEP_THINKING: "想" * 40,
                semconv.STEP_ACTION: '{"action": "Tap", "element": [500, 82]}',
                "map": {"list": [1, "a", None, 1.5]},
            },
            span_id=number + 1,
            parent=1,
            trace_id=trace_id,
        )
        for number in (1, 2)
    ]
    asked = '[{"role": "user", "parts": [{"type": "text", "content": "打开设置"}]}]'
    call = {"gen_ai.operation.name": "chat", semconv.GEN_AI_INPUT_MESSAGES: asked}
    return [
        *steps,
        span("chat m", call, span_id=7, parent=2, trace_id=trace_id, error="cut"),
        span(
            "invoke_agent A",
            {"gen_ai.operation.name": "invoke_agent", semconv.TASK_ID: task_id},
            span_id=1,
            trace_id=trace_id,
        ),
    ]


def _thoughts(receiver: Command, task_id: str) -> list[str]:
    with closing(open_store(settings=receiver.settings)) as store:
        return [step["thinking"] for step in store.steps(task_id)]


def _resident_mib(pid: int) -> float:
    """Return what a process has in memory; 0 on systems that do not tell it in a file."""
    path = Path(f"/proc/{pid}/status")
    if not path.exists():
        return 0.0
    (line,) = (line for line in path.read_text().splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) / 1024


# --- how it starts and ends -----------------------------------------------------------------------


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_cleanly(tmp_path: Path, how: signal.Signals) -> None:
    """Ctrl-C and a stop of the service end it at once, with all rows in the store."""
    with Command(tmp_path / "data") as running:
        body = body_of(_task("t", trace_id=1))
        httpx.post(f"{running.url}/v1/traces", content=body, headers=PROTOBUF, timeout=PATIENCE_S)
        status = running.end(how)

    assert status == 0
    assert len(rows(running.settings).steps["t"]) == 2
    assert not any((tmp_path / "data" / "backup" / "steps").iterdir())


def test_others_are_let_in_with_a_token_only(tmp_path: Path) -> None:
    """An address that others reach needs a token: one line says so, and nothing listens."""
    done = command("collect", "--host", "0.0.0.0", "--dir", tmp_path)

    assert done.status == 2
    assert "OTEL_STEPS_TOKEN" in done.err
    assert done.out == ""


def test_small_answers_are_sent_at_once() -> None:
    """On a connection that did not know that it is TCP, each answer would wait 40 ms."""
    with (
        closing(listen("127.0.0.1", 0)) as listener,
        closing(socket.create_connection(listener.getsockname())),
        closing(listener.accept()[0]) as accepted,
    ):
        assert accepted.proto == socket.IPPROTO_TCP


def test_a_port_that_is_taken_is_one_line(tmp_path: Path) -> None:
    """The message names the port and what to do."""
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
        done = command("collect", "--port", port, "--dir", tmp_path)

    assert done.status == 1
    assert f"127.0.0.1 port {port}" in done.err
    assert "--port" in done.err


def test_a_journal_in_memory_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is acknowledged must be on disk."""
    monkeypatch.setenv("OTEL_STEPS_DURABILITY", "memory")

    done = command("collect", "--dir", tmp_path)

    assert done.status == 2
    assert "set OTEL_STEPS_DURABILITY to process or power" in done.err


def test_without_the_extra_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The receiver's libraries come with an extra; without them the command names it."""
    monkeypatch.setitem(sys.modules, "otel_steps.collector.app", None)
    monkeypatch.delattr("otel_steps.collector.app", raising=False)

    done = command("collect", "--dir", tmp_path)

    assert done.status == 1
    assert "pip install 'otel-steps[viewer]'" in done.err
