"""Trajectories of ATIF: those that are written are valid, and those of anybody are read."""

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from atif import Trajectory

from otel_steps import semconv
from otel_steps.config import resolve
from otel_steps.exporting import export
from otel_steps.pictures.folder import PictureFolder
from otel_steps.pictures.sources import read
from otel_steps.pictures.store import ScreenshotStore
from otel_steps.rows.mapping import batch_of
from otel_steps.stores import Store, open_store
from tests.commands import command, task_spans
from tests.pictures import png

BEFORE, AFTER = png(40, 80), png(40, 80, (9, 9, 9))
NAMES = ("ab" * 32, "cd" * 32)


@pytest.fixture
def store() -> Iterator[Store]:
    with closing(open_store()) as opened:
        yield opened


@pytest.fixture
def pictures() -> ScreenshotStore:
    return ScreenshotStore(PictureFolder(resolve().dir / "screenshots"), "png")


@pytest.fixture(name="recorded")
def _recorded(store: Store, pictures: ScreenshotStore) -> None:
    """Store the task `t`, of whose two steps each has a picture, and the second has failed."""
    root, first, second = task_spans(
        "t", **{semconv.GEN_AI_REQUEST_MODEL: "gpt-4o", semconv.SESSION_ID: "chat-17"}
    )
    kept = {}
    for span, name, data in zip((first, second), NAMES, (BEFORE, AFTER), strict=True):
        kept[name] = pictures.save(name, data)
        span.attributes |= {  # type: ignore[attr-defined]
            semconv.SCREENSHOT_SHA256: name,
            semconv.GEN_AI_USAGE_INPUT_TOKENS: 1000,
            semconv.GEN_AI_USAGE_OUTPUT_TOKENS: 50,
            semconv.GEN_AI_USAGE_CACHE_READ_INPUT_TOKENS: 400,
            semconv.STEP_ACTION_RESULT: '{"success": true, "message": "tapped"}',
        }
    store.write(batch_of([root, first, second], kept))


def trajectory(store: Store, pictures: ScreenshotStore, **how: Any) -> dict[str, Any]:
    """Return the trajectory of `t`, which the models of the format take."""
    written = json.loads(b"".join(export(store, pictures, "t", "atif", **how)))
    Trajectory.model_validate(written)
    return written


def images(content: Any) -> list[bytes]:
    parts = content if isinstance(content, list) else []
    return [read(part["source"]["path"]) for part in parts if part["type"] == "image"]


@pytest.mark.usefixtures("recorded")
def test_a_task_is_a_valid_trajectory(store: Store, pictures: ScreenshotStore) -> None:
    """What was asked, and in turn what the agent thought, called, got and saw."""
    written = trajectory(store, pictures)

    asked, first, last = written["steps"]
    assert written["schema_version"] == "ATIF-v1.8"
    assert (written["trajectory_id"], written["session_id"]) == ("t", "chat-17")
    assert written["agent"] == {"name": "PhoneAgent", "version": "unknown", "model_name": "gpt-4o"}
    assert asked["source"] == "user"
    assert asked["message"][0] == {"type": "text", "text": "任务 t"}
    assert images(asked["message"]) == [BEFORE]
    assert first["reasoning_content"].startswith("I tap the button.")
    (call,) = first["tool_calls"]
    assert call["function_name"] == "Tap"
    assert call["arguments"] == {"element": [500, 82]}
    (seen,) = first["observation"]["results"]
    assert seen["source_call_id"] == call["tool_call_id"]
    assert seen["content"][0] == {"type": "text", "text": "tapped"}
    assert images(seen["content"]) == [AFTER]
    metrics = first["metrics"]
    assert (metrics["prompt_tokens"], metrics["completion_tokens"]) == (1000, 50)
    assert metrics["cached_tokens"] == 400
    assert last["message"] == "all done"
    assert last["observation"]["results"][0]["content"][-1]["text"] == "App not found: X"
    assert last["extra"]["error_kind"] == "action_error"
    assert written["final_metrics"]["total_prompt_tokens"] == 2000
    assert written["final_metrics"]["total_steps"] == 3


@pytest.mark.usefixtures("recorded")
def test_a_cost_is_told_where_it_has_a_price(store: Store, pictures: ScreenshotStore) -> None:
    """In dollars, which is what the format counts in."""
    written = trajectory(store, pictures)

    costs = [step["metrics"]["cost_usd"] for step in written["steps"][1:]]
    assert written["final_metrics"]["total_cost_usd"] == pytest.approx(sum(costs))


@pytest.mark.usefixtures("recorded")
def test_what_was_exported_is_imported(tmp_path: Path) -> None:
    """The pictures lie in a folder beside; a task that comes in so has all that the file says."""
    done = command("export", "t", "--format", "atif", "-o", tmp_path / "run.json")
    assert done.status == 0, done.err
    named = sorted(path.name for path in (tmp_path / "run-images").iterdir())
    assert named == sorted(f"{name}.png" for name in NAMES)
    elsewhere = ("--dir", tmp_path / "elsewhere")
    for _ in range(2):
        taken = command("import", tmp_path / "run.json", *elsewhere)
        assert taken.out.startswith("imported 1 tasks, 2 steps, 2 pictures"), taken.err

    (task,) = command("tasks", "--json", *elsewhere).json
    report = command("report", task["task_id"], "--format", "json", *elsewhere).json
    original = command("report", "t", "--format", "json").json

    kept = ("task_description", "status", "result", "agent", "model", "session", "device_id")
    assert [task[name] for name in kept] == [original["task"][name] for name in kept]
    kept = ("step_type", "thinking", "success", "error_message", "app", "duration_ms")
    kept += ("started_at", "input_tokens", "output_tokens", "cached_tokens", "action_result")
    for step, before in zip(report["steps"], original["steps"], strict=True):
        assert [step[name] for name in kept] == [before[name] for name in kept]
        assert step["action"] | {"_metadata": "do"} == before["action"]
        assert Path(step["screenshot_path"]).is_file()


@pytest.mark.parametrize("steps", [0, 1])
def test_a_task_that_says_little_is_valid(
    store: Store, pictures: ScreenshotStore, steps: int
) -> None:
    """Without a question, an answer, a name or an action, or without any step."""
    root, first, _ = task_spans("t", status="failed")
    bare = {semconv.TASK_ID: "t"}
    root.attributes = {**bare, semconv.TASK_STATUS: "failed"}  # type: ignore[misc]
    first.attributes = {**bare, semconv.STEP_NUMBER: 1}  # type: ignore[misc]
    store.write(batch_of([root, first][: 1 + steps], {}))

    written = trajectory(store, pictures)

    assert len(written["steps"]) == steps
    assert written["agent"]["name"] == "unknown"


@pytest.mark.parametrize(
    ("action", "name", "arguments"),
    [
        ({"_metadata": "finish", "message": "ok"}, "finish", {"message": "ok"}),
        ({"name": "click", "arguments": {"x": 5}}, "click", {"x": 5}),
        ({"action": "click", "name": "OK"}, "click", {"name": "OK"}),
        ("click(x=5)", "click", {"action": "click(x=5)"}),
        ([1], "unknown", {"action": [1]}),
    ],
)
def test_an_action_is_a_call_in_any_shape(
    store: Store, pictures: ScreenshotStore, action: Any, name: str, arguments: dict[str, Any]
) -> None:
    """The name of a function and its arguments, whatever the agent has made of them."""
    root, first, _ = task_spans("t")
    first.attributes |= {semconv.STEP_ACTION: json.dumps(action)}  # type: ignore[attr-defined]
    store.write(batch_of([root, first], {}))

    (call,) = trajectory(store, pictures)["steps"][1]["tool_calls"]

    assert (call["function_name"], call["arguments"]) == (name, arguments)


OTHERS = {
    "schema_version": "ATIF-v1.7",
    "session_id": "s",
    "agent": {"name": "terminus", "version": "2.0", "model_name": "m"},
    "steps": [
        {"step_id": 1, "source": "system", "message": "You use a computer."},
        {
            "step_id": 2,
            "timestamp": "2026-11-28T07:00:00Z",
            "source": "user",
            "message": [
                {"type": "text", "text": "打开设置"},
                {"type": "image", "source": {"media_type": "image/png", "path": "images/0.png"}},
            ],
        },
        {
            "step_id": 3,
            "timestamp": "2026-11-28T07:00:01Z",
            "source": "agent",
            "message": "I look.",
            "tool_calls": [
                {"tool_call_id": "a", "function_name": "click", "arguments": {"x": 5, "y": 6}},
                {"tool_call_id": "b", "function_name": "wait", "arguments": {}},
            ],
            "observation": {
                "results": [
                    {"source_call_id": "a", "content": "clicked"},
                    {
                        "source_call_id": "b",
                        "content": [
                            {
                                "type": "image",
                                "source": {
                                    "media_type": "image/png",
                                    "path": "https://pictures.example/1.png",
                                },
                            }
                        ],
                    },
                ]
            },
            "metrics": {"prompt_tokens": 12, "completion_tokens": 3, "cached_tokens": 2},
        },
        {"step_id": 4, "source": "user", "message": "Go on."},
        {
            "step_id": 5,
            "timestamp": "2026-11-28T07:00:04Z",
            "source": "agent",
            "message": "Copied.",
            "is_copied_context": True,
        },
        {
            "step_id": 6,
            "timestamp": "2026-11-28T07:00:05Z",
            "source": "agent",
            "message": "It is open.",
            "reasoning_content": "Done.",
        },
    ],
    "subagent_trajectories": [
        {
            "schema_version": "ATIF-v1.7",
            "trajectory_id": "sub",
            "agent": {"name": "helper", "version": "1"},
            "steps": [{"step_id": 1, "source": "agent", "message": "Helped."}],
        }
    ],
}


def test_a_trajectory_of_another_agent(tmp_path: Path) -> None:
    """Its subagents have tasks of their own; a picture on the web is never fetched."""
    Trajectory.model_validate(OTHERS)
    (tmp_path / "images").mkdir()
    (tmp_path / "images/0.png").write_bytes(BEFORE)
    (tmp_path / "trajectory.json").write_text(json.dumps(OTHERS), encoding="utf-8")

    taken = command("import", tmp_path / "trajectory.json")

    assert (taken.status, taken.err) == (0, "")
    assert taken.out == "imported 2 tasks, 3 steps, 1 pictures\n"
    tasks = {task["agent"]: task for task in command("tasks", "--json").json}
    task = tasks["terminus"]
    assert (task["task_description"], task["result"]) == ("打开设置", "It is open.")
    assert (task["status"], task["session"]) == ("completed", "s")
    assert task["config"] == {"agent_version": "2.0"}
    assert tasks["helper"]["result"] == "Helped."
    steps = command("report", task["task_id"], "--format", "json").json["steps"]
    assert [step["thinking"] for step in steps] == ["I look.", "Done."]
    assert steps[0]["action"] == {
        "action": "click",
        "x": 5,
        "y": 6,
        "more": [{"action": "wait"}],
    }
    assert steps[0]["action_result"] == "clicked"
    assert steps[0]["duration_ms"] == 3000
    assert steps[0]["cached_tokens"] == 2
    assert steps[1]["step_type"] == "completion"
    assert steps[1]["step_data"] == {"message": "It is open."}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ('{"schema_version": "ATIF-v1.8", "steps": []}', "it has no steps"),
        ('{"schema_version": "ATIF-v1.8", "steps": [', "cut off"),
        ('{"schema_version": "ATIF-v1.8", "steps": [1, {"source": "agent"}, {"step_id": []}]}', ""),
    ],
)
def test_an_odd_trajectory_breaks_nothing(tmp_path: Path, content: str, words: str) -> None:
    """What can be read of it is, and what cannot says why."""
    (tmp_path / "file").write_text(content, encoding="utf-8")

    taken = command("import", tmp_path / "file")

    assert words in taken.err
    assert (taken.status == 0) == (words == "")
