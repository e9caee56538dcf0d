"""What an agent did is done again with adb: by a line for a step, by a program for a task."""

import ast
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_steps import semconv
from otel_steps.action.replay import Command, replay
from otel_steps.config import resolve
from otel_steps.exporting import export
from otel_steps.exporting.script_file import step_script
from otel_steps.pictures.stored import StoredPicture
from otel_steps.rows.mapping import batch_of
from otel_steps.stores import Store, open_store
from otel_steps.stores.pictures import open_screenshots
from tests.commands import command, task_spans
from tests.patience import PATIENCE_S

PHONE = (1080, 2400)
TAP = ("input", "tap", "540", "600")
BASE64 = "5L2g5aW9Jzsgcm0gLXJmIC8="  # 你好'; rm -rf /
HOSTILE = "你好'; rm -rf /"
INPUT = ("am", "broadcast", "-a", "ADB_INPUT_B64", "--es", "msg", BASE64)


@pytest.mark.parametrize(
    ("action", "commands"),
    [
        ({"action": "Tap", "element": [500, 250]}, [TAP]),
        ({"type": "click", "x": 540, "y": 600}, [TAP]),
        ("click(start_box='(500,250)')", [TAP]),
        ({"action": "Double Tap", "element": [500, 250]}, [TAP, TAP]),
        (
            {"action": "Long Press", "element": [500, 250]},
            [("input", "swipe", "540", "600", "540", "600", "3000")],
        ),
        (
            {"action": "Swipe", "start": [500, 800], "end": [500, 300]},
            [("input", "swipe", "540", "1920", "540", "720", "1440")],
        ),
        ({"action": "type", "content": HOSTILE}, [INPUT]),
        (
            {"_metadata": "do", "action": "Type_Name", "text": HOSTILE},
            [("am", "broadcast", "-a", "ADB_CLEAR_TEXT"), INPUT],
        ),
        ({"action": "Back"}, [("input", "keyevent", "KEYCODE_BACK")]),
        ({"action": "press_home"}, [("input", "keyevent", "KEYCODE_HOME")]),
        ({"action": "key", "text": "ArrowDown"}, [("input", "keyevent", "KEYCODE_DPAD_DOWN")]),
        ({"action": "hotkey", "keys": ["Enter"]}, [("input", "keyevent", "KEYCODE_ENTER")]),
        ({"action": "Wait", "duration": "2.5 seconds"}, [("sleep", "2.5")]),
        ({"action": "Wait", "duration": "1e9"}, [("sleep", "1")]),
        (
            {"action": "Launch", "app": "com.tencent.mm"},
            [("monkey", "-p", "com.tencent.mm", "-c", "android.intent.category.LAUNCHER", "1")],
        ),
        ({"action": "Launch", "app": "微信"}, []),
        ({"action": "Launch", "app": "a.b; reboot"}, []),
        ({"action": "Wait"}, []),
        ({"action": "key", "text": "ctrl+$(reboot)"}, []),
        ({"action": "Take_over", "message": "x"}, []),
        ({"action": "Type", "text": 3}, []),
        ({"action": "Tap", "element": "500,1"}, []),
        (None, []),
    ],
)
def test_an_action_is_what_the_phone_runs(action: Any, commands: list[Command]) -> None:
    """Whatever its agent counts in; what adb cannot do is nothing."""
    assert replay(action, PHONE) == commands


def test_a_place_needs_the_size_of_the_screen() -> None:
    """Without a picture nobody knows how many pixels there are."""
    assert replay({"action": "Tap", "element": [500, 250]}, (None, None)) == []


@given(
    st.sampled_from(("Tap", "Swipe", "Type", "Launch", "Wait", "key")),
    st.dictionaries(
        st.sampled_from(("element", "start", "end", "text", "app", "duration", "key", "keys")),
        st.text() | st.lists(st.floats() | st.integers() | st.text(max_size=9), max_size=3),
    ),
)
def test_no_word_means_anything_to_a_shell(name: str, arguments: dict[str, Any]) -> None:
    """Whatever a model writes, a command is letters, digits and signs without a meaning."""
    words = [word for each in replay({"action": name, **arguments}, PHONE) for word in each]

    assert all(set(word) <= set("+/=._-") or word.replace("+", "a").isascii() for word in words)
    assert not set("".join(words)) & set(" \t\n'\"\\$`;&|<>()*?[]{}~#!%")


# --- A task


@pytest.fixture(name="store")
def _store() -> Iterator[Store]:
    root, first, second = task_spans(
        "replayed", **{semconv.TASK_DESCRIPTION: "say\nrm -rf / \u202e"}
    )
    picture = {semconv.SCREENSHOT_WIDTH: 1080, semconv.SCREENSHOT_HEIGHT: 2400}
    name = "a" * 64
    shown = {**first.attributes, **picture, semconv.SCREENSHOT_SHA256: name}
    typed = f'{{"_metadata": "do", "action": "Type", "text": "{HOSTILE}\\n$(reboot)"}}'
    spans = [
        root,
        replace(first, attributes=shown),
        second,
        *(
            replace(
                second,
                span_id=f"{9000 + number:016x}",
                start_time_unix_nano=second.start_time_unix_nano + number,
                attributes={
                    **second.attributes,
                    semconv.STEP_NUMBER: number,
                    semconv.STEP_SUCCESS: True,
                    semconv.STEP_ACTION: action,
                },
            )
            for number, action in ((3, typed), (4, first.attributes[semconv.STEP_ACTION]))
        ),
    ]
    with closing(open_store()) as store:
        stored = StoredPicture(
            sha256=name,
            path=f"aa/{name}.webp",
            file_size=9,
            file_hash=name,
            compressed=True,
            mime_type="image/webp",
            phash=1,
        )
        store.write(batch_of(spans, {name: stored}))
        yield store


def script(store: Store, form: Any) -> str:
    pieces = export(store, open_screenshots(resolve(), store), "replayed", form)
    return b"".join(pieces).decode()


def run_with_adb(folder: Path, *words: str, text: str = "") -> list[str]:
    """Run a program beside an adb that notes what it is asked; return that."""
    noted = folder / "asked"
    adb = folder / "adb"
    adb.write_text(f'#!/bin/sh\ncat >/dev/null\necho "$*" >>{noted}\necho com.example/.Ime\n')
    adb.chmod(0o755)
    path = f"{folder}{os.pathsep}{os.environ['PATH']}"
    subprocess.run(
        words,
        env={**os.environ, "PATH": path, "PAUSE": "0"},
        input=text,
        encoding="utf-8",
        timeout=PATIENCE_S,
        check=True,
    )
    return noted.read_text(encoding="utf-8").splitlines()


def expected(store: Store) -> Sequence[str]:
    (step,) = (each for each in store.steps("replayed") if each["step_number"] == 3)
    keyboard = "shell ime {} com.android.adbkeyboard/.AdbIME"
    lines = (step_script(step, None)["adb"] or "").splitlines()
    return [
        "shell input tap 540 196",
        "shell settings get secure default_input_method",
        keyboard.format("enable"),
        keyboard.format("set"),
        *(line.removeprefix("adb ") for line in lines),
        "shell ime set com.example/.Ime",
        "shell input tap 540 196",
    ]


@pytest.mark.skipif(sys.platform == "win32", reason="a shell script")
def test_shell_script_does_the_task_again(store: Store, tmp_path: Path) -> None:
    """Also from a pipe, which adb must not read; the phone has its own keyboard in the end."""
    text = script(store, "adb")

    assert run_with_adb(tmp_path, "sh", text=text) == expected(store)
    assert "# What an agent did, again: say rm -rf /\n" in text
    assert "# Step 2, Launch: X (failed)\n# This cannot be done again with adb.\n" in text


@pytest.mark.skipif(sys.platform == "win32", reason="a shell script")
def test_python_script_does_the_same(store: Store, tmp_path: Path) -> None:
    """With nothing but Python's own modules."""
    file = tmp_path / "again.py"
    assert command("export", "replayed", "--format", "python", "-o", file).status == 0

    assert run_with_adb(tmp_path, sys.executable, str(file)) == expected(store)
    ast.parse(file.read_text(encoding="utf-8"))


def test_a_refused_action_is_not_done_again(store: Store) -> None:
    """A person said no to it."""
    root, first, _ = task_spans("refused", number=7)
    facts = {semconv.STEP_ERROR_KIND: "refused", semconv.STEP_SUCCESS: False}
    refused = replace(first, attributes={**first.attributes, **facts})
    store.write(batch_of([root, refused], {}))

    pieces = export(store, open_screenshots(resolve(), store), "refused", "adb")
    text = b"".join(pieces).decode()

    assert "Tap (refused)\n" in text
    assert "input tap" not in text
