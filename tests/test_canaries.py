"""What is switched off or redacted is nowhere: in no file, row, log, answer or exception."""

import json
import logging
import os
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from otel_steps import semconv
from otel_steps.config import CONTENT_PARTS
from tests import canaries
from tests.canaries import (
    IN_MESSAGES,
    KEYS,
    PLACES,
    SCREENSHOT,
    bytes_below,
    canary,
    found_in,
    pictures_in,
    shown_in,
)
from tests.collecting import JSON, collector
from tests.commands import command, python
from tests.patience import PATIENCE_S

PARTS = {
    "all": CONTENT_PARTS,
    "none": frozenset(),
    **{f"all but {part}": CONTENT_PARTS - {part} for part in sorted(CONTENT_PARTS)},
}


def allowed(parts: frozenset[str]) -> set[str]:
    return {place for place, needed in PLACES.items() if needed <= parts}


def environ(parts: frozenset[str]) -> dict[str, str]:
    return {"OTEL_STEPS_CAPTURE_CONTENT": ",".join(sorted(parts)) or "none"}


def said(folder: Path, how: str, **variables: str) -> bytes:
    """Return all that is left of a process that said everything, and of its journal in a store."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.canaries", folder, how],
        env={**os.environ, "PYTHONUNBUFFERED": "1", **variables},
        cwd=Path(__file__).parent.parent,
        capture_output=True,
        timeout=PATIENCE_S,
    )
    assert done.returncode == 0, done.stderr
    in_journal = bytes_below(folder)
    synced = python("-m", "otel_steps", "sync", OTEL_STEPS_DIR=str(folder))
    assert synced.returncode == 0, synced.stderr
    outputs = done.stdout + done.stderr + (synced.stdout + synced.stderr).encode()
    return in_journal + bytes_below(folder) + outputs


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(
            name, marks=pytest.mark.full if name in ("all but action", "all but result") else []
        )
        for name in PARTS
    ],
)
def test_what_is_switched_off_is_nowhere(tmp_path: Path, name: str) -> None:
    """Each text is found where all parts that it may hold are recorded, and nowhere else."""
    parts = PARTS[name]

    left = said(tmp_path, "off", **environ(parts))

    assert found_in(left) == allowed(parts)
    assert pictures_in(left) == ({*IN_MESSAGES, SCREENSHOT} if "screenshot" in parts else set())
    # A picture is a file of its own, and never stands in a row.
    assert shown_in(left) == set()


@pytest.mark.parametrize("how", ["none", "raise", "refuse", "remove"])
def test_what_is_redacted_is_nowhere(tmp_path: Path, how: str) -> None:
    """The callable sees every text, and where it fails nothing that a person wrote is kept."""
    left = said(tmp_path, how)

    assert found_in(left) == set()
    assert canaries.MARK.encode() not in left
    assert (b"removed-thinking" in left) is (how == "remove")
    assert (b"ValueError (text redacted)" in left) is (how != "remove")


# --- over OTLP ------------------------------------------------------------------------------------


def texts(attributes: dict[str, Any]) -> list[dict[str, Any]]:
    """Return attributes in OTLP/JSON."""

    def value(of: Any) -> dict[str, Any]:
        match of:
            case dict():
                return {"kvlistValue": {"values": texts(of)}}
            case list():
                return {"arrayValue": {"values": [value(each) for each in of]}}
            case bool():
                return {"boolValue": of}
            case int():
                return {"intValue": str(of)}
        return {"stringValue": str(of)}

    return [{"key": key, "value": value(each)} for key, each in attributes.items()]


def own_attributes(number: int) -> dict[str, Any]:
    """Return those of a step, by its own word."""
    return {
        semconv.TASK_ID: "t",
        semconv.STEP_NUMBER: number,
        semconv.STEP_TYPE: "action",
        semconv.STEP_SUCCESS: False,
        semconv.STEP_THINKING: canary("thinking"),
        semconv.STEP_ACTION: json.dumps({"action": canary("action")}),
        semconv.STEP_ACTION_RESULT: {"nested": canary("action-result")},
        semconv.STEP_DATA: json.dumps(canary("step-data")),
        semconv.STEP_METADATA: canary("metadata"),
        semconv.STEP_APP: canary("app"),
        semconv.STEP_ERROR_MESSAGE: canary("failure"),
        semconv.SCREENSHOT_ERROR: canary("screenshot-error"),
        semconv.SCREENSHOT_PATH: canary("screenshot-path"),
        "mine": canary("own-attribute"),
        f"mine.{canary('own-key')}": 1,
        "gen_ai.completion": canary("own-message"),
    }


def message() -> bytes:
    """Return a request that says what another process may say of itself, its steps and others."""
    times = {"startTimeUnixNano": "1790000000000000000", "endTimeUnixNano": "1790000001000000000"}
    task = {
        semconv.GEN_AI_OPERATION_NAME: semconv.INVOKE_AGENT,
        semconv.TASK_ID: "t",
        semconv.TASK_DESCRIPTION: canary("description"),
        semconv.TASK_CONFIG: json.dumps({"prompt": canary("config")}),
        semconv.TASK_RESULT: canary("task-result"),
        semconv.TASK_ERROR_MESSAGE: canary("task-failure"),
    }
    event = {"a": canary("event-attribute"), canary("event-key"): 1}
    raised = {
        "exception.type": "ValueError",
        "exception.message": canary("other-exception"),
        "exception.stacktrace": canary("other-exception-trace"),
    }
    others = {
        "name": canary("name"),
        "attributes": texts(canaries.foreign_attributes()),
        "status": {"code": 2, "message": canary("status")},
        "events": [
            {"name": canary("event"), "attributes": texts(event)},
            {"name": "exception", "attributes": texts(raised)},
        ],
        "links": [
            {"traceId": "5" * 32, "spanId": "6" * 16, "attributes": texts({"a": canary("link")})}
        ],
    }
    spans = [
        {"name": "invoke_agent x", "attributes": texts(task)},
        {"name": "step", "attributes": texts(own_attributes(1))},
        others,
        # Of a trace of its own, it is told as the task and the step that it is.
        {**others, "traceId": "2" * 32, "parentSpanId": "9" * 16},
        {"name": "refused", "kind": canary("value")},
    ]
    numbered = [
        {"traceId": "1" * 32, "spanId": f"{number:016x}", **times, **span}
        for number, span in enumerate(spans, start=1)
    ]
    resource = {"text": canary("resource"), "process.command_args": ["x", canary("command")]}
    scope_spans = [{"scope": {"name": "library"}, "spans": numbered}]
    resource_spans = {"resource": {"attributes": texts(resource)}, "scopeSpans": scope_spans}
    return json.dumps({"resourceSpans": [resource_spans]}).encode()


def received(
    folder: Path, caplog: pytest.LogCaptureFixture, how: str = "off", **settings: Any
) -> bytes:
    """Return all that is left of the message: in files, in rows and in what was logged."""
    caplog.set_level(logging.INFO)
    redact = canaries.redact_of(how)
    with collector(redact=redact, dir=folder, **settings) as running:
        assert running.post(message(), **JSON).status_code == 200
        journal = bytes_below(folder)
        assert running.shipper.flush(PATIENCE_S)
        problems = str(running.problems.all())
    return journal + bytes_below(folder) + (caplog.text + problems).encode()


@pytest.mark.parametrize("name", PARTS)
def test_what_is_switched_off_is_not_received(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    """The same of what comes over OTLP, whoever sends it, told as ours or not."""
    parts = PARTS[name]

    left = received(tmp_path, caplog, capture_content=parts)

    said_here = found_in(message())
    assert len(said_here) > len(KEYS) + 20
    assert found_in(left) == allowed(parts) & said_here
    assert pictures_in(left) == (IN_MESSAGES if "screenshot" in parts else set())
    assert shown_in(left) == set()


@pytest.mark.parametrize("how", ["none", "raise", "refuse", "remove"])
def test_what_is_redacted_is_not_received(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, how: str
) -> None:
    """The same callable, put into the receiver."""
    left = received(tmp_path, caplog, how)

    assert canaries.MARK.encode() not in left
    assert (b"removed-thinking" in left) is (how == "remove")


# --- imported -------------------------------------------------------------------------------------


def leave_recordings(folder: Path) -> None:
    """Leave what AutoGLM-GUI and a StepTracker leave, with canaries in all of their fields."""
    ids = {"trace_id": "3" * 32, "task_id": "t", "timestamp": "2026-05-06T07:08:09+00:00"}
    schema = {"schema": "autoglm.replay.event.v1", "record_type": "event", **ids}
    task = {"id": "t", "input_text": canary("description"), "status": "RUNNING"}
    step = {
        "index": 1,
        "thinking": canary("thinking"),
        "action": {"action": "Type", "text": canary("action")},
        "result": {"success": False, "finished": False, "message": canary("failure")},
        "timings": {},
    }
    events = [
        {"event_type": "task_start", "event_name": "autoglm.task.start"},
        {"event_type": "step", "event_name": "autoglm.step", "step": step},
        {
            "event_type": "tool_call",
            "event_name": canary("name"),
            "payload": {"a": canary("value")},
        },
        {"event_type": "error", "event_name": "e", "payload": {"message": canary("task-failure")}},
    ]
    lines = [
        json.dumps({**schema, "task": task, "event_seq": number, **event})
        for number, event in enumerate(events)
    ]
    (folder / "replay.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    backup = {
        "step_id": "s-1",
        "task_id": "u",
        "step_number": 1,
        "step_type": "action",
        "step_data": {"a": canary("tracker-data")},
        "thinking": canary("tracker-thinking"),
        "action_result": {"a": canary("tracker-result")},
        "screenshot_path": f"/{canary('screenshot-path')}.png",
        "success": False,
        "error_message": canary("tracker-error"),
        "timestamp": "2026-05-06T07:08:09+00:00",
        "metadata": {"a": canary("metadata")},
    }
    (folder / "u.pkl").write_bytes(pickle.dumps([backup]))


@pytest.mark.parametrize("name", PARTS)
def test_what_is_switched_off_is_not_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Recordings of others are held to the settings of the one who imports them."""
    source, folder = tmp_path / "source", tmp_path / "data"
    source.mkdir()
    leave_recordings(source)
    for variable, value in environ(PARTS[name]).items():
        monkeypatch.setenv(variable, value)

    done = command("import", source, "--dir", folder, "--json")

    left = bytes_below(folder) + done.out.encode() + done.err.encode()
    said_here = found_in(bytes_below(source))
    assert done.json["steps"] == 2
    # The message of this failure is its result, too.
    expected = allowed(PARTS[name]) & said_here
    assert found_in(left) - {"failure"} == expected - {"failure"}
    assert ("failure" in found_in(left)) is ("result" in PARTS[name])
