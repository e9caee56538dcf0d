"""Other backends get the same spans, untouched, on both ways that lead to them."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from otel_steps import semconv
from tests.fakes.model_server import ModelServer
from tests.peers.runs import WAYS, Run
from tests.peers.servers import MlflowServer, Peer, PeerSpan, Phoenix
from tests.supabase.processes import Processes

pytestmark = pytest.mark.full

SCRIPT = [
    '打开设置。do(action="Launch", app="Settings")',
    '点第一行。do(action="Tap", element=[500,82])',
    '不存在。do(action="Launch", app="No Such App")',
    '完成。finish(message="设置已打开")',
]
SPANS = 1 + 3 * len(SCRIPT)
KINDS = {"invoke_agent": "AGENT", "chat": "LLM", "execute_tool": "TOOL", "step": "CHAIN"}


@pytest.fixture(scope="module", name="peers")
def _peers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[type[Peer], Peer]]:
    """Return the servers that have been started so far; a test takes the one it needs."""
    processes = Processes()
    started: dict[type[Peer], Peer] = {}
    for kind in (Phoenix, MlflowServer):
        started[kind] = kind(tmp_path_factory.mktemp(kind.distribution), processes)
        started[kind].start()
    yield started
    processes.close()


@pytest.fixture(name="run")
def _run(tmp_path: Path) -> Iterator[Run]:
    with ModelServer() as model:
        model.script("peer", SCRIPT)
        yield Run.of(tmp_path, model)


def attribute(span: PeerSpan, key: str) -> Any:
    """Return an attribute, which a backend may keep flat or as a tree."""
    if key in span.attributes:
        return span.attributes[key]
    value: Any = span.attributes
    for name in key.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value


def decoded(value: Any) -> Any:
    """Return the JSON that *value* holds, as text or already."""
    return json.loads(value) if isinstance(value, str) else value


def of_trace(peer: Peer, trace_id: str) -> list[PeerSpan]:
    """Return the spans of one run, as the backend has them."""
    return peer.spans_of(trace_id, until=lambda spans: len(spans) >= SPANS)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", [Phoenix, MlflowServer], ids=lambda kind: kind.distribution)
def test_another_backend_has_the_same_tree(
    run: Run, peers: dict[type[Peer], Peer], kind: type[Peer], way: str
) -> None:
    """Task, steps and what is below them: same ids, right kinds, thinking and action readable."""
    peer = peers[kind]
    run.complete(way, {**peer.otlp(), "OTEL_STEPS_OPENINFERENCE": "on"})

    task, steps = run.rows()
    spans = of_trace(peer, task["trace_id"])
    (root,) = (span for span in spans if span.parent_id is None)
    by_id = {span.span_id: span for span in spans}
    assert len(spans) == SPANS
    assert {step["span_id"] for step in steps} == {s.span_id for s in spans if s.name == "step"}
    assert {step["parent_span_id"] for step in steps} == {root.span_id}
    assert all(span.kind == KINDS[span.name.split()[0]] for span in spans)
    assert decoded_text(root.input) == "打开设置"
    assert decoded_text(root.output) == task["result"] == "设置已打开"
    for step in steps:
        span = by_id[step["span_id"]]
        children = [each.name for each in spans if each.parent_id == span.span_id]
        assert attribute(span, semconv.STEP_THINKING) == step["thinking"]
        assert decoded(attribute(span, semconv.STEP_ACTION)) == step["action"]
        assert attribute(span, semconv.SCREENSHOT_SHA256)
        output = decoded(span.output)
        assert (output["thinking"], output["action"]) == (step["thinking"], step["action"])
        name = step["action"].get("action", "finish")
        assert children == ["chat peer", f"execute_tool {name}"]
    assert "data:image" not in json.dumps(steps)


def decoded_text(value: Any) -> Any:
    """Return a text that a backend may have put into quotes."""
    return json.loads(value) if isinstance(value, str) and value.startswith('"') else value


def test_phoenix_shows_the_screen(run: Run, peers: dict[type[Peer], Peer]) -> None:
    """The model call holds a picture in the place where Phoenix looks for one."""
    peer = peers[Phoenix]
    run.complete("configure", {**peer.otlp(), "OTEL_STEPS_OPENINFERENCE": "on"})

    task, _ = run.rows()
    chats = [span for span in of_trace(peer, task["trace_id"]) if span.name == "chat peer"]
    assert len(chats) == len(SCRIPT)
    for chat in chats:
        (message,) = attribute(chat, "llm.input_messages")
        parts = [part["message_content"] for part in message["message"]["contents"]]
        (url,) = (part["image"]["image"]["url"] for part in parts if part.get("type") == "image")
        assert url.startswith("data:image/webp;base64,")


@pytest.mark.parametrize("kind", [Phoenix, MlflowServer], ids=lambda kind: kind.distribution)
def test_the_standard_conventions_alone_give_kinds_and_messages(
    run: Run, peers: dict[type[Peer], Peer], kind: type[Peer]
) -> None:
    """Without OpenInference a backend still knows agent, model and tool from `gen_ai.*`."""
    peer = peers[kind]
    switch = {"OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT": "SPAN_ONLY"}
    run.complete("opentelemetry-instrument", {**peer.otlp(), **switch})

    task, _ = run.rows()
    spans = of_trace(peer, task["trace_id"])
    kinds = {span.name.split()[0]: span.kind for span in spans}
    assert {**kinds, "step": "CHAIN"} == KINDS
    (tap,) = (span for span in spans if span.name == "execute_tool Tap")
    assert decoded(attribute(tap, semconv.GEN_AI_TOOL_CALL_ARGUMENTS)) == {"element": [500, 82]}
    answers = [
        decoded(attribute(span, semconv.GEN_AI_OUTPUT_MESSAGES))
        for span in spans
        if span.name == "chat peer"
    ]
    assert answers[0][0]["parts"][0] == {"type": "reasoning", "content": "打开设置。"}
