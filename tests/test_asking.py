"""A recording can be asked from a terminal and by a coding assistant, without a browser."""

import asyncio
import base64
import hashlib
import io
import json
import os
import re
import shlex
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from mcp import Client, StdioServerParameters
from PIL import Image

import otel_steps
from otel_steps.config import resolve
from tests.commands import command
from tests.pictures import png
from tests.read_only import contents
from tests.viewing import client_of, opened_library

FIRST, SECOND, LAST = (png(90, 160, (shade, 40, 40)) for shade in (60, 130, 220))


@pytest.fixture(name="task_id")
def _task_id(own_pipeline: None) -> str:
    """Record a task of two steps, each with its screen, that ends with a last screen."""
    recording = otel_steps.configure(instrument=False)
    with otel_steps.task("打开相机", model="m1") as task:
        with otel_steps.step(
            screenshot=FIRST,
            thinking="先点相机",
            action={"_metadata": "do", "action": "Tap", "element": [500, 82]},
            app="桌面",
        ):
            pass
        with otel_steps.step(screenshot=SECOND, action={"action": "Launch", "app": "X"}) as step:
            step.fail("App not found: X")
        task.show(LAST)
        task.fail("gave up")
    assert recording.flush()
    recording.shutdown()
    return task.task_id


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def test_steps_are_listed_and_chosen(task_id: str) -> None:
    """All of them, or those that failed; what is left out is said."""
    listed = command("steps", "latest", "--json").json
    assert (listed["task_id"], listed["count"], listed["chosen"]) == (task_id, 3, 3)
    assert [step["step_number"] for step in listed["steps"]] == [1, 2, 3]

    failed = command("steps", task_id, "--errors-only", "--json").json
    (step,) = failed["steps"]
    assert (step["step_number"], step["error_kind"]) == (2, "action_error")
    assert (failed["count"], failed["chosen"]) == (3, 1)

    words = command("steps", "latest", "--errors-only")
    assert words.out.count("\n") == 1
    assert "Step 2" in words.out
    assert "App not found: X" in words.out
    assert "2 other steps of 3 did not fail" in words.err

    assert command("steps", "latest", "--flagged", "--errors-only").status == 2


def test_a_step_is_told_in_full(task_id: str) -> None:
    """With both screens: the one after it is what the next step began with."""
    step = command("step", task_id, 1, "--json").json

    assert step["thinking"] == "先点相机"
    assert step["action"] == {"_metadata": "do", "action": "Tap", "element": [500, 82]}
    assert [step[side]["sha256"] for side in ("before", "after")] == [sha256(FIRST), sha256(SECOND)]
    assert [step[side]["step_number"] for side in ("before", "after")] == [1, 2]
    words = command("step", task_id, 1).out
    for text in ("先点相机", "Tap (500, 82)", step["before"]["path"], step["after"]["path"]):
        assert text in words


def test_what_is_not_there_is_said(task_id: str) -> None:
    """A number that the task does not have, and a screen that nobody captured."""
    missing = command("step", "latest", 9)
    assert missing.status == 1
    assert "no step 9" in missing.err
    assert "it has 1 to 3" in missing.err

    nothing_after = command("picture", "latest", 3, "--after")
    assert nothing_after.status == 1
    assert "step 3 has no picture of the screen after it" in nothing_after.err


def test_a_picture_is_a_path_or_a_file(task_id: str, tmp_path: Path) -> None:
    """The path of what is kept here; or a copy, in the format that its name says."""
    stored = Path(command("picture", "latest", 2).out.strip())
    assert stored.is_relative_to(resolve().dir)
    with Image.open(stored) as image:
        assert image.size == (90, 160)

    for name, form in (("after.png", "PNG"), ("after.jpg", "JPEG"), ("after.webp", "WEBP")):
        done = command("picture", "latest", 2, "--after", "-o", tmp_path / name)
        assert done.out.strip() == str(tmp_path / name)
        with Image.open(tmp_path / name) as image:
            assert image.format == form
            assert abs(image.convert("RGB").getpixel((45, 80))[0] - 220) < 6  # type: ignore[index]

    refused = command("picture", "latest", 2, "-o", tmp_path / "after.txt")
    assert refused.status == 2
    assert ".webp, .png" in refused.err


def test_two_runs_are_compared(own_pipeline: None) -> None:
    """Pairs of steps, and the first one at which the runs did not do the same."""
    recording = otel_steps.configure(instrument=False)
    for task_id, places in (("good", [100, 500, 900]), ("bad", [100, 750, 900])):
        with otel_steps.task("t", task_id=task_id):
            for x in places:
                with otel_steps.step(action={"action": "Tap", "element": [x, 300]}):
                    pass
    assert recording.flush()

    found = command("compare", "good", "bad", "--json").json
    assert [found[name]["steps"] for name in "ab"] == [3, 3]
    assert [found["diverge"][name]["step_number"] for name in "ab"] == [2, 2]
    assert "they part at step 2 of A and step 2 of B" in command("compare", "good", "bad").out
    assert "both do the same" in command("compare", "good", "good").out


def test_screens_like_one_are_found_in_other_tasks(own_pipeline: None) -> None:
    """Of each other task the step that began on such a screen; a step without one finds none."""
    recording = otel_steps.configure(instrument=False)
    for task_id in ("aaaaaaaa-1", "bbbbbbbb-2"):
        with otel_steps.task(f"Open {task_id}", task_id=task_id):
            for shown in (None, FIRST):
                with otel_steps.step(action={"action": "Tap"}, screenshot=shown):
                    pass
    assert recording.flush()

    found = command("similar", "aaaa", 2, "--json").json
    assert (found["task_id"], found["step_number"]) == ("aaaaaaaa-1", 2)
    (row,) = found["similar"]
    assert (row["task_id"], row["step_number"], row["bits"]) == ("bbbbbbbb-2", 2, 0)
    printed = command("similar", "aaaa", 2).out
    assert printed.split() == ["same", "bbbbbbbb-2", "step", "2", "completed", "Open", "bbbbbbbb-2"]
    assert command("similar", "aaaa", 1).err.startswith("no other task has a screen like")
    assert command("similar", "aaaa", 9).err.startswith("error: no step 9 in the task")

    with opened_library() as library:
        client = client_of(library)
        answer = client.get("/api/tasks/aaaaaaaa-1/steps/2/similar")
        assert answer.json()["data"]["similar"] == found["similar"]
        assert client.get("/api/tasks/aaaaaaaa-1/steps/9/similar").status_code == 404
        assert client.get("/api/tasks/nobody/steps/1/similar").status_code == 404


def test_a_task_is_written_for_a_bug_report(task_id: str, tmp_path: Path) -> None:
    """As Markdown: every step, what failed in full, and its pictures beside the file."""
    file = tmp_path / "run.md"
    assert command("report", "latest", "--format", "md", "-o", file).status == 0
    text = file.read_text(encoding="utf-8")

    assert text.startswith("# 打开相机\n")
    assert "- status: failed" in text
    assert "1. Tap (500, 82) in 桌面 ok" in text
    assert "### Step 2: Launch X" in text
    assert "```\nApp not found: X\n```" in text
    links = re.findall(r"!\[.*\]\(<(.+)>\)", text)
    # Of the step that failed, and the screen that the task ended with.
    assert {Path(link).name.rpartition("-")[0] for link in links} >= {"step-2", "step-3"}
    for link in links:
        with Image.open(tmp_path / link) as image:
            assert image.size == (90, 160)

    printed = command("report", task_id, "--format", "md").out
    assert all(Path(link).is_file() for link in re.findall(r"!\[.*\]\(<(.+)>\)", printed))


def test_nothing_that_was_recorded_is_markup(own_pipeline: None) -> None:
    """Neither in a line nor in a block, whatever a model has written."""
    recording = otel_steps.configure(instrument=False)
    with otel_steps.task("# *x* <img src=x> [a](b)\n- c") as task:
        with otel_steps.step(
            thinking="```\n# out\n````\n<script>", action={"action": "Tap"}
        ) as step:
            step.fail("`quoted`")
        task.fail("x")
    assert recording.flush()

    text = command("report", "latest", "--format", "md").out
    assert text.startswith(r"# \# \*x\* \<img src=x\> \[a\](b) - c")
    assert "`````\n```\n# out\n````\n<script>\n`````" in text


# --- The skill


def skill_commands() -> list[list[str]]:
    text = command("skill").out
    lines = re.findall(r"^ *otel-steps (.+)$", text, flags=re.MULTILINE)
    return [shlex.split(line) for line in lines]


def test_every_command_of_the_skill_runs(
    task_id: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Word for word, where TASK stands for the id of one; nothing recorded is changed by it."""
    monkeypatch.chdir(tmp_path)
    before = contents(resolve().dir)

    named = skill_commands()
    for words in named:
        done = command(*(task_id if word == "TASK" else word for word in words))
        # `why` tells by its status what it has found.
        success = 3 if words[0] == "why" else 0
        assert (done.status, bool(done.out or done.err)) == (success, True), (words, done.err)

    assert {words[0] for words in named} >= {"tasks", "why", "steps", "step", "picture", "compare"}
    assert contents(resolve().dir) == before


# --- The assistant


def ask(question: Callable[[Client], Awaitable[Any]]) -> Any:
    """Have a client start `otel-steps mcp` and ask it over stdin and stdout."""

    async def asked() -> Any:
        server = StdioServerParameters(
            command=sys.executable, args=["-m", "otel_steps", "mcp"], env=dict(os.environ)
        )
        async with Client(server) as client:
            return await question(client)

    return asyncio.run(asked())


def test_an_assistant_is_answered(task_id: str) -> None:
    """Its tools only read; texts come as JSON and screens as pictures 540 pixels wide at most."""
    before = contents(resolve().dir)

    async def question(client: Client) -> list[Any]:
        calls = (
            ("tasks", {}),
            ("steps", {"task": "latest", "chosen": "failed"}),
            ("why", {"task": "latest"}),
            ("step", {"task": "latest", "number": 1}),
            ("picture", {"task": task_id, "number": 2, "side": "after"}),
            ("compare", {"task": "latest", "other": task_id}),
            ("step", {"task": "latest", "number": 9}),
        )
        tools = (await client.list_tools()).tools
        return [tools, *[await client.call_tool(name, values) for name, values in calls]]

    tools, tasks, steps, why, step, picture, compared, missing = ask(question)

    assert all(tool.annotations.read_only_hint and tool.description for tool in tools)
    assert [task["task_id"] for task in json.loads(tasks.content[0].text)] == [task_id]
    assert [each["step_number"] for each in json.loads(steps.content[0].text)["steps"]] == [2]
    assert json.loads(why.content[0].text)["why"]["step"] == 2
    assert [each.type for each in why.content] == ["text", "image", "image"]
    assert json.loads(step.content[0].text)["thinking"] == "先点相机"
    assert [each.type for each in step.content] == ["text", "image", "image"]
    shown = Image.open(io.BytesIO(base64.b64decode(picture.content[0].data)))
    assert f"image/{shown.format.lower()}" == picture.content[0].mime_type  # type: ignore[union-attr]
    assert json.loads(compared.content[0].text)["diverge"] is None
    assert missing.is_error
    assert "it has 1 to 3" in missing.content[0].text
    assert contents(resolve().dir) == before
