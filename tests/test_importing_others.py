"""Files of other agents become tasks and steps; see `files_of_others` for where they are from."""

import gzip
import json
import pickle
import shutil
from pathlib import Path
from typing import Any

import pytest

from otel_steps import semconv
from otel_steps.importing import inert_pickle
from otel_steps.importing.plain_pickle import NotPlainError
from tests.commands import command
from tests.test_importing import Calls

FILES = Path(__file__).parent / "files_of_others"


def imported(path: Path, counts: str) -> list[dict[str, Any]]:
    """Import a file twice; return the reports of its tasks, the oldest first."""
    once = command("import", path)
    twice = command("import", path)
    assert (once.status, once.err, once.out) == (0, "", f"imported {counts}\n")
    assert (twice.status, twice.out.split(";")[0]) == (0, f"imported {counts}")
    ids = [task["task_id"] for task in command("tasks", "--json").json]
    return [command("report", each, "--format", "json").json for each in reversed(ids)]


def said(report: dict[str, Any], *names: str) -> list[Any]:
    return [report["task"][name] for name in names]


def columns(report: dict[str, Any], name: str) -> list[Any]:
    return [step[name] for step in report["steps"]]


def names(report: dict[str, Any]) -> list[Any]:
    return [step["attributes"][semconv.STEP_ACTION_NAME] for step in report["steps"]]


def test_history_of_browser_use(tmp_path: Path) -> None:
    """Thinking, every action of a step, results, errors, address, times, and the picture beside."""
    shutil.copytree(FILES, tmp_path / "files")

    (report,) = imported(tmp_path / "files/browser_use.json", "1 tasks, 3 steps, 1 pictures")

    assert said(report, "agent", "status", "result") == ["browser-use", "completed", "Bought it"]
    assert columns(report, "thinking") == ["I open the shop.", "点击购买", "Done."]
    assert names(report) == ["navigate", "click", "done"]
    assert columns(report, "success") == [True, False, True]
    assert columns(report, "duration_ms") == [750, 750, 750]
    assert columns(report, "app")[2] == "http://127.0.0.1:8000/ok"
    click = report["steps"][1]
    assert click["action"] == {
        "action": "click",
        "index": 5,
        "coordinate": [120, 80],
        "more": [{"action": "wait", "seconds": 1}],
    }
    assert click["coordinates"] == "pixel"
    assert click["error_message"] == "Element 5 is gone"
    assert Path(click["screenshot_path"]).is_file()


def test_session_of_ui_tars() -> None:
    """A picture belongs to the answer that follows it."""
    path = FILES / "ui_tars.json"

    (report,) = imported(path, "1 tasks, 2 steps, 2 pictures")

    assert said(report, "agent", "model", "status", "result", "task_description") == [
        *("UI-TARS", "ui-tars-1.5", "completed", "ok", "打开设置"),
    ]
    assert names(report) == ["click", "finished"]
    assert columns(report, "thinking") == ["The gear is the settings.", "Done."]
    assert report["steps"][0]["action"]["start_box"] == "[0.1,0.2,0.1,0.2]"
    assert columns(report, "duration_ms") == [890, 900]
    assert len({*columns(report, "screenshot_path")}) == 2


def test_session_of_which_nothing_was_read(tmp_path: Path) -> None:
    """As in data sets: the answer alone says what was thought and done."""
    session = json.loads((FILES / "ui_tars.json").read_text(encoding="utf-8"))
    for turn in session["conversations"]:
        if turn.pop("predictionParsed", None):
            turn["value"] = "Thought: The gear.\nAction: click(start_box='(10,20)')"
    (tmp_path / "file").write_text(json.dumps(session), encoding="utf-8")

    (report,) = imported(tmp_path / "file", "1 tasks, 2 steps, 2 pictures")

    assert columns(report, "thinking") == ["The gear."] * 2
    assert columns(report, "action") == [{"action": "click", "start_box": "(10,20)"}] * 2


@pytest.mark.parametrize(
    ("status", "expected"), [("max_loop", "max_steps"), ("user_stopped", "cancelled")]
)
def test_session_ends_as_it_says(status: str, expected: str, tmp_path: Path) -> None:
    """The words of UI-TARS for the end of a session are ours."""
    session = json.loads((FILES / "ui_tars.json").read_text(encoding="utf-8"))
    (tmp_path / "file").write_text(json.dumps({**session, "status": status}), encoding="utf-8")

    assert command("import", tmp_path / "file").status == 0

    assert command("tasks", "--json").json[0]["status"] == expected


def test_report_of_midscene() -> None:
    """Of the dumps of an execution the last one counts; pictures are elements of the page."""
    (report,) = imported(FILES / "midscene.html", "1 tasks, 3 steps, 3 pictures")

    assert said(report, "agent", "model", "status", "task_description") == [
        *("Midscene", "qwen-vl-max", "failed", "买一台 <手机>"),
    ]
    assert names(report) == ["Planning Plan", "Tap", "Insight Assert"]
    assert columns(report, "thinking")[0] == "The button is blue."
    assert report["steps"][1]["action"]["locate"]["center"] == [32, 24]
    assert report["steps"][0]["input_tokens"] == 120
    assert columns(report, "error_message")[2] == "Assertion failed: </script> not there"
    assert len({*columns(report, "screenshot_path")}) == 2


def test_dump_of_midscene_with_pictures_in_files(tmp_path: Path) -> None:
    """A dump names files beside it, and none elsewhere."""
    picture = (FILES / "screenshots/step_2.png").read_bytes()
    (tmp_path / "run/screenshots").mkdir(parents=True)
    (tmp_path / "run/screenshots/a.png").write_bytes(picture)
    (tmp_path / "b.png").write_bytes(picture)
    paths = ("./screenshots/a.png", "../b.png", str(tmp_path / "b.png"))
    reference = {"type": "midscene_screenshot_ref", "storage": "file"}
    shown = [[{"screenshot": {**reference, "id": path, "path": path}}] for path in paths]
    tasks = [
        {"type": "Action", "subType": "Tap", "timing": {"start": 1.79e12 + n}, "recorder": recorder}
        for n, recorder in enumerate(shown)
    ]
    dump = {"sdkVersion": "1", "groupName": "g", "executions": [{"name": "e", "tasks": tasks}]}
    (tmp_path / "run/dump").write_text(json.dumps(dump), encoding="utf-8")

    imported(tmp_path / "run/dump", "1 tasks, 3 steps, 1 pictures")


@pytest.mark.parametrize("name", ["episode.pkl.gz", "episode_protocol_5.pkl.gz"])
def test_episodes_of_android_world(name: str) -> None:
    """Goals, answers, actions and screens; what the evaluation says is how it ended."""
    done, broken = imported(FILES / name, "2 tasks, 2 steps, 2 pictures")

    assert said(done, "agent", "status", "task_description") == [
        *("m3a", "completed", "Take one photo."),
    ]
    assert columns(done, "thinking") == ["The shutter takes a photo.", "It is done."]
    assert done["steps"][0]["action"] == {"action_type": "click", "x": 11, "y": 24}
    assert names(done) == ["click", "status"]
    assert [(each["width"], each["height"]) for each in done["screenshots"]] == [(22, 48)] * 2
    assert said(broken, "status", "error_message") == ["failed", "Traceback: no phone"]


@pytest.mark.parametrize("protocol", range(2, 6))
def test_pickle_of_episodes_runs_nothing(protocol: int, tmp_path: Path) -> None:
    """A pickle that calls something is read, and nothing is called."""
    witness = tmp_path / "called"
    episode = {"goal": "g", "task_template": "T", "instance_id": Calls(open, str(witness), "w")}
    data = pickle.dumps([{**episode, "episode_data": {"step_number": [0]}}], protocol=protocol)
    (tmp_path / "file").write_bytes(gzip.compress(data))

    assert command("import", tmp_path / "file").out.startswith("imported 1 tasks, 1 steps")
    assert not witness.exists()


@pytest.mark.parametrize(
    "data", [b"\x80\x04", b"\x80\x04\x8e" + b"\xff" * 8, b"\x80\x04r\xff\xff\xff\x7f."]
)
def test_broken_pickle_of_episodes_is_refused(data: bytes, tmp_path: Path) -> None:
    """Neither half a pickle nor one that asks for all memory does any harm."""
    (tmp_path / "file").write_bytes(data)

    with (tmp_path / "file").open("rb") as file, pytest.raises(NotPlainError):
        inert_pickle.load(file)


@pytest.mark.parametrize(
    "content",
    [
        '{"history": [{"model_output": null, "result": 3, "state": [], "metadata": ""}]}',
        '{"history": [], "model_output": 1, "result": 1}',
        '{"history": 7, "model_output": 1, "result": 1}',
        '{"conversations": [{"from": "gpt", "value": 1, "predictionParsed": [{}]}]}',
        '{"conversations": "x", "from": 1, "value": 2}',
        '{"executions": [{"tasks": [{"param": [], "timing": 3, "recorder": 1}]}], "groupName": 1}',
        '{"executions": [], "groupName": "x"}',
        '{"groupName": "x", "executions": [{"tasks"',
        '<!doctype html><title>Midscene</title><script type="midscene_web_dump">{"a</script>',
    ],
)
def test_odd_file_is_imported_or_refused(content: str, tmp_path: Path) -> None:
    """Whatever stands where something else should is no crash."""
    (tmp_path / "file").write_text(content, encoding="utf-8")

    done = command("import", tmp_path / "file", "--json")

    assert done.status in (0, 1)
    assert bool(done.json["refused"]) == (done.status == 1)
