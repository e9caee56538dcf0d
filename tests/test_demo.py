"""The simulated phone behaves like one, the script tells its stories, the demo records them."""

import io
import json
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageFont

from otel_steps.demo import canvas, words
from otel_steps.demo.actions import ActionHandler, parse_action
from otel_steps.demo.agent import AgentConfig, PhoneAgent
from otel_steps.demo.icons import draw_icon
from otel_steps.demo.model import Reply, ScriptedModel
from otel_steps.demo.phone import Phone
from otel_steps.demo.script import DemoTask, tasks
from otel_steps.stores import open_store
from tests.patience import PATIENCE_S

SHUTTER, THUMBNAIL = (540, 2080), (220, 2080)


@pytest.fixture
def _fresh_fonts() -> Iterator[None]:
    """Let the fonts of the test be looked up, and forget them afterwards."""
    caches = (canvas.has_chinese_font, canvas._chinese_font_name, canvas._font)
    for cache in caches:
        cache.cache_clear()
    yield
    for cache in caches:
        cache.cache_clear()


def demo(*arguments: str, **environ: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "otel_steps", "demo", "--latency", "0", *arguments],
        env={**os.environ, "PYTHONIOENCODING": "utf-8", **environ},
        capture_output=True,
        encoding="utf-8",
        timeout=PATIENCE_S,
    )


def perform(task: DemoTask, phone: Phone) -> tuple[str, int]:
    """Let an agent work on *task*; return its last message and the number of steps."""
    results: list[Any] = []
    config = AgentConfig(max_steps=task.max_steps, lang=task.lang)
    agent = PhoneAgent(phone, ScriptedModel(task.replies), config, on_step=results.append)
    return agent.run(task.description), len(results)


# --- The phone


def test_screenshot_is_a_png_of_the_size_of_a_phone() -> None:
    """A frame is a PNG of 1080x2400 that is neither blank nor heavy."""
    frame = Phone().screenshot()

    picture = Image.open(io.BytesIO(frame.png))
    assert (picture.format, picture.size) == ("PNG", (1080, 2400))
    assert (frame.width, frame.height) == picture.size
    assert len(picture.getcolors(2**24) or []) > 100
    assert len(frame.png) < 400_000


def test_screen_changes_with_what_is_done_and_only_then() -> None:
    """Each gesture that has an effect gives another picture, and a tap beside everything none."""
    phone = Phone()
    home = phone.screenshot().png
    phone.tap(540, 900)
    assert phone.screenshot().png == home

    phone.launch("Settings")
    settings = phone.screenshot().png
    phone.tap(900, 732)
    switched = phone.screenshot().png
    phone.swipe(1900, 700)
    scrolled = phone.screenshot().png
    phone.back()

    assert len({home, settings, switched, scrolled, phone.screenshot().png}) == 5


@pytest.mark.parametrize("name", ["Chat", "聊天"])
def test_apps_launch_by_either_name(name: str) -> None:
    """An app is known by its English and its Chinese name."""
    phone = Phone()

    assert phone.launch(name)
    assert phone.app == "Chat"


def test_unknown_app_does_not_launch() -> None:
    """What is not installed leaves the phone as it was."""
    phone = Phone()

    assert not phone.launch("Setings")
    assert phone.app == "System Home"


def test_icon_on_the_home_screen_opens_its_app() -> None:
    """A tap on an icon opens its app; an icon that stands for none does nothing."""
    phone = Phone()

    phone.tap(170, 1360)
    assert phone.app == "System Home"
    phone.tap(910, 2160)
    assert phone.app == "Camera"


def test_switches_toggle() -> None:
    """A tap on a row of the settings turns its switch on, a second one off."""
    phone = Phone()
    phone.launch("Settings")

    phone.tap(500, 732)
    assert "Bluetooth" in phone.state.switches
    phone.tap(500, 732)
    assert "Bluetooth" not in phone.state.switches
    phone.tap(500, 564)
    assert "Wi-Fi" not in phone.state.switches
    assert phone.screenshot().png


def test_scrolling_ends_at_both_ends() -> None:
    """A list scrolls no further than to its end, so that the picture stays the same there."""
    phone = Phone()
    phone.launch("Settings")
    phone.swipe(2000, 500)
    phone.swipe(2000, 500)
    bottom = phone.screenshot().png
    phone.swipe(2000, 500)
    assert phone.screenshot().png == bottom

    phone.swipe(500, 2000)
    phone.swipe(500, 2000)
    assert phone.state.scroll == 0


def test_swipe_elsewhere_changes_nothing() -> None:
    """Only the settings scroll."""
    phone = Phone()
    home = phone.screenshot().png

    phone.swipe(2000, 500)

    assert phone.screenshot().png == home


def test_message_is_typed_and_sent() -> None:
    """Text goes to the field that has the keyboard, and from there into the conversation."""
    phone = Phone()
    phone.launch("Chat")
    phone.tap(540, 440)
    phone.type("lost: no keyboard yet")
    phone.tap(400, 2232)
    phone.tap(945, 1476)
    phone.type("On my way")
    phone.tap(540, 1800)
    phone.tap(945, 1476)

    sent = [text for mine, text in phone.state.messages if mine]
    assert sent[-1] == "On my way"
    assert phone.state.draft == ""


def test_back_goes_one_level_at_a_time() -> None:
    """Back closes the keyboard, then the conversation, then the app; so does the arrow."""
    phone = Phone()
    phone.launch("Chat")
    phone.tap(540, 440)
    phone.tap(400, 2232)

    phone.back()
    assert (phone.state.keyboard, phone.state.page) == (False, "Rain")
    phone.tap(60, 180)
    assert (phone.state.page, phone.app) == ("", "Chat")
    phone.back()
    assert phone.app == "System Home"


def test_camera_takes_a_photo_and_shows_it() -> None:
    """The shutter takes a photo, and only then is there a thumbnail to open."""
    phone = Phone()
    phone.launch("Camera")
    phone.tap(*THUMBNAIL)
    assert phone.state.page == ""

    phone.tap(*SHUTTER)
    phone.tap(*THUMBNAIL)

    assert (phone.state.photos, phone.state.page) == (1, "photo")
    assert phone.screenshot().png


def test_dark_mode_reaches_every_screen() -> None:
    """The switch for dark mode changes the colours of the home screen, too."""
    phone = Phone()
    light = phone.screenshot().png

    phone.state.switches.add("Dark mode")

    assert phone.screenshot().png != light


def test_every_pictogram_can_be_drawn() -> None:
    """No icon of a screen is missing."""
    frame = canvas.Canvas("#ffffff")

    for name in ("flip", "globe", "handset", "battery", "moon", "lock", "bell"):
        draw_icon(frame, name, 100, 100, 40, "#000000", "#ffffff")

    assert len(frame.png()) > 0


# --- Words and fonts


def test_without_a_chinese_font_words_turn_english(monkeypatch: pytest.MonkeyPatch) -> None:
    """A screen never shows boxes: Chinese becomes English, and what has no counterpart dots."""
    monkeypatch.setattr(words, "has_chinese_font", lambda: False)

    assert words.shown("Settings", "zh") == "Settings"
    assert words.shown("我到家了，别担心", "zh") == "I am home, do not worry"
    assert words.shown("你好 Ann", "en") == "·· Ann"


def test_with_a_chinese_font_words_are_chinese(monkeypatch: pytest.MonkeyPatch) -> None:
    """A Chinese phone is labelled in Chinese where that can be drawn."""
    monkeypatch.setattr(words, "has_chinese_font", lambda: True)

    assert words.shown("Settings", "zh") == "设置"
    assert words.shown("Settings", "en") == "Settings"
    assert words.shown("你好", "en") == "你好"


@pytest.mark.usefixtures("_fresh_fonts")
@pytest.mark.skipif(sys.platform != "linux", reason="fonts are looked up in other places elsewhere")
def test_font_of_the_system_is_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A font with one of the usual names is used for what Pillow's own font lacks."""
    font = ImageFont.load_default(20)
    assert isinstance(font, ImageFont.FreeTypeFont)
    assert isinstance(font.path, io.BytesIO)
    fonts = tmp_path / "fonts"
    fonts.mkdir()
    (fonts / "NotoSansSC-Regular.otf").write_bytes(font.path.getvalue())
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setenv("XDG_DATA_DIRS", str(tmp_path))

    assert canvas.has_chinese_font()
    assert canvas.Canvas("#ffffff").text_width("设置") > 0


@pytest.mark.usefixtures("_fresh_fonts")
@pytest.mark.skipif(sys.platform != "linux", reason="fonts are looked up in other places elsewhere")
def test_machine_without_fonts_is_enough(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Every screen can be drawn where the system has no font at all."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setenv("XDG_DATA_DIRS", str(tmp_path))
    phone = Phone("zh")

    assert not canvas.has_chinese_font()
    phone.launch("聊天")
    assert phone.screenshot().png


# --- Actions, model and agent


def test_calls_are_parsed() -> None:
    """`do(...)` and `finish(...)` become the action that they stand for."""
    tap = parse_action('do(action="Tap", element=[500, 82])')
    end = parse_action('  finish(message="好了")\n')

    assert tap == {"_metadata": "do", "action": "Tap", "element": [500, 82]}
    assert end == {"_metadata": "finish", "message": "好了"}


@pytest.mark.parametrize(
    "reply",
    [
        "",
        "I tap the button.",
        'do(action="Tap"',
        "do(1)",
        "eval(x=1)",
        "do(x=f())",
        "a.do(x=1)",
        "3",
    ],
)
def test_anything_else_is_no_action(reply: str) -> None:
    """What is not such a call is refused, and never run."""
    with pytest.raises(ValueError, match=r"."):
        parse_action(reply)


def test_unknown_action_and_unknown_app_are_failures() -> None:
    """What the phone cannot do is a result that says so, and no exception."""
    handler = ActionHandler(Phone())

    unknown = handler.execute({"_metadata": "do", "action": "Fold"}, 1080, 2400)
    app = handler.execute({"_metadata": "do", "action": "Launch", "app": "X"}, 1080, 2400)

    assert (unknown.success, unknown.message) == (False, "Unknown action: Fold")
    assert (app.success, app.message) == (False, "App not found: X")


def test_model_sees_the_picture_of_the_step_and_repeats_its_last_line() -> None:
    """Only the newest message carries a picture; a script that has ended repeats its end."""
    seen: list[int] = []

    class Watching(ScriptedModel):
        def request(self, messages: list[dict[str, Any]]) -> Any:
            content = [m["content"] for m in messages if m["role"] == "user"]
            seen.append(sum(part["type"] == "image_url" for parts in content for part in parts))
            return super().request(messages)

    model = Watching([Reply("again", 'do(action="Home")')])
    agent = PhoneAgent(Phone(), model, AgentConfig(max_steps=3))

    assert agent.run("go home") == "Max steps reached"
    assert seen == [1, 1, 1]


def test_agent_can_be_stepped_by_hand() -> None:
    """The first step needs a task, later ones go on with it, and a reset begins anew."""
    agent = PhoneAgent(
        Phone(), ScriptedModel([Reply("", 'do(action="Home")')]), AgentConfig(), task_id="t"
    )
    with pytest.raises(ValueError, match="needs a task"):
        agent.step()

    assert not agent.step("go home").finished
    assert agent.step().success
    agent.reset()
    with pytest.raises(ValueError, match="needs a task"):
        agent.step()


def test_finish_without_a_message_is_a_completed_task() -> None:
    """As with the real agent, an empty end has a message all the same."""
    agent = PhoneAgent(Phone(), ScriptedModel([Reply("", "finish()")]), AgentConfig())

    assert agent.run("nothing") == "Task completed"


# --- The script


def test_tasks_can_be_chosen_by_language() -> None:
    """Either language has a task that ends well and one that does not."""
    assert [task.lang for task in tasks("zh")] == ["zh", "zh"]
    assert [task.lang for task in tasks("en")] == ["en", "en"]
    assert set(tasks("both")) == {*tasks("zh"), *tasks("en")}


def test_script_does_on_the_phone_what_it_says() -> None:
    """The points of the script hit what they are meant to hit, and miss what they are to miss."""
    message, dark_mode, photo, power_saving = tasks()
    phone = Phone()

    assert perform(message, phone) == ("已给小雨发送消息：我到家了，别担心", 7)
    assert (True, "我到家了，别担心") in phone.state.messages
    phone.speak("en")
    assert perform(dark_mode, phone) == ("Bluetooth and dark mode are on", 7)
    assert {"Bluetooth", "Dark mode"} <= phone.state.switches
    last, steps = perform(photo, phone)
    assert ("shutter" in last, steps, phone.state.photos) == (True, 6, 0)
    assert perform(power_saving, phone) == ("Max steps reached", 8)
    assert phone.app == "Settings"


# --- The command


def test_demo_records_four_tasks(tmp_path: Path) -> None:
    """One command gives four recorded tasks with all their steps and pictures."""
    done = demo("--no-open", "--dir", str(tmp_path / "data"))

    assert (done.returncode, done.stderr) == (0, "")
    assert "4 tasks: 2 completed, 1 failed, 1 max_steps" in done.stdout
    assert "给小雨发消息：我到家了，别担心" in done.stdout
    with closing(open_store(f"sqlite:///{tmp_path}/data/steps.db")) as store:
        rows = store.tasks()
        steps = [step for row in rows for step in store.steps(row["task_id"])]
    for row in rows:
        assert row["task_id"] in done.stdout
    assert {row["device_id"] for row in rows} == {"simulated-phone"}
    assert [row["total_steps"] for row in rows] == [8, 6, 7, 7]
    assert [step["error_kind"] for step in steps if step["error_kind"]] == [
        "parse_error",
        "action_error",
    ]
    assert all(Path(step["screenshot_path"]).is_file() for step in steps)
    assert all(step["thinking"] and step["app"] for step in steps)
    # A tap that misses leaves the picture as it was, and the same picture is kept once.
    assert len({step["screenshot_path"] for step in steps}) < len(steps) - 6


@pytest.mark.skipif(os.name == "nt", reason="POSIX file modes, fork or open files")
def test_demo_says_how_to_look_further_as_it_was_typed(tmp_path: Path) -> None:
    """The commands that it names at its end work, also where there is no `otel-steps` to type."""
    script = tmp_path / ".venv" / "bin" / "otel-steps"
    script.parent.mkdir(parents=True)
    script.write_text(
        f"#!{sys.executable}\nfrom otel_steps.cli import main\nmain()\n", encoding="utf-8"
    )
    script.chmod(0o755)
    options = ["demo", "--no-open", "--lang", "zh", "--latency", "0", "--dir", "my data"]
    on_path = {**os.environ, "PATH": f"{script.parent}{os.pathsep}{os.environ['PATH']}"}
    for typed, environ in ((".venv/bin/otel-steps", None), ("otel-steps", on_path)):
        done = run_here(tmp_path, typed, *options, env=environ)

        assert "2 tasks: 1 completed, 1 max_steps" in done.stdout
        commands = [shlex.split(line)[1:] for line in done.stdout.splitlines()[-3:]]
        assert [words[0] for words in commands] == [typed] * 3
        options += ["--store", f"sqlite:///{tmp_path}/my data/other.db"]

    (details,) = (words for words in commands if "report" in words)
    report = json.loads(run_here(tmp_path, *details, "--format", "json", env=on_path).stdout)
    assert (report["task"]["status"], len(report["steps"])) == ("max_steps", 8)


def run_here(
    folder: Path, *command: str, env: dict[str, str] | None
) -> "subprocess.CompletedProcess[str]":
    """Run what a person types in *folder*."""
    return subprocess.run(
        ["/bin/sh", "-c", '"$0" "$@"', *command],
        capture_output=True,
        encoding="utf-8",
        cwd=folder,
        env=env,
        timeout=PATIENCE_S,
    )


def test_demo_without_a_store_fails_before_it_starts(tmp_path: Path) -> None:
    """A store that cannot be opened is one clear line, not a demo for nothing."""
    (tmp_path / "data").write_text("a file", encoding="utf-8")

    done = demo("--lang", "en", "--dir", str(tmp_path / "data"))

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("error: ")
    assert "Traceback" not in done.stderr


def test_demo_that_cannot_be_stored_says_what_waits(tmp_path: Path) -> None:
    """Where pictures cannot be stored, the demo says why and that all of it waits."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "screenshots").write_text("in the way", encoding="utf-8")

    done = demo("--lang", "en", "--dir", str(tmp_path / "data"))

    assert (done.returncode, done.stdout) == (1, "")
    last = done.stderr.splitlines()[-1]
    assert " pictures wait in the journal: " in last
    assert "otel-steps doctor" in last


def test_demo_that_records_nothing_fails(tmp_path: Path) -> None:
    """With telemetry switched off the demo says that it has recorded nothing."""
    done = demo("--lang", "en", OTEL_SDK_DISABLED="true")

    assert done.returncode == 1
    assert "was not recorded" in done.stderr
    assert "otel-steps doctor" in done.stderr
