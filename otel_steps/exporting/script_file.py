"""
What an agent did as a program that does it again with adb: for a shell, and in Python.

A step is the same lines whether it is copied alone or written with its whole task. What cannot be
done again stands as a comment; texts of a recording are in comments only, where they cannot leave
their line.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, Literal, NamedTuple

from otel_steps.action.places import Size
from otel_steps.action.replay import PAUSE, Command, is_typed, replay
from otel_steps.action.words import action_argument, action_name
from otel_steps.exporting.task_gone import TaskGone
from otel_steps.rows.step_index import action_of
from otel_steps.stores.contract import TaskReader
from otel_steps.version import __version__

Language = Literal["adb", "python"]

_KEYBOARD: Final = "com.android.adbkeyboard/.AdbIME"
_MAX_COMMENT_CHARS: Final = 300

_SHELL_HEAD: Final = """\
#!/bin/sh
{about}
# ANDROID_SERIAL chooses the phone, PAUSE the seconds after each action.
set -eu
adb() {{ command adb "$@" </dev/null; }}
pause() {{ sleep "${{PAUSE:-1}}"; }}
"""
_SHELL_KEYBOARD: Final = f"""\
# Text is typed by ADB Keyboard, which has to be installed; the phone gets its own keyboard back.
keyboard_on() {{
  keyboard=$(adb shell settings get secure default_input_method | tr -d '\\r')
  adb shell ime enable {_KEYBOARD} && adb shell ime set {_KEYBOARD} && pause
}}
keyboard_back() {{ pause; adb shell ime set "$keyboard"; }}
"""
_PYTHON_HEAD: Final = """\
#!/usr/bin/env python3
# -*- coding: utf-8 -*-
{about}
# ANDROID_SERIAL chooses the phone, PAUSE the seconds after each action.
import os
import subprocess
import time


def pause():
    time.sleep(float(os.environ.get("PAUSE", "1")))
"""
_PYTHON_KEYBOARD: Final = f"""\


# Text is typed by ADB Keyboard, which has to be installed; the phone gets its own keyboard back.
def keyboard_on():
    global keyboard
    asked = ["adb", "shell", "settings", "get", "secure", "default_input_method"]
    keyboard = subprocess.run(asked, check=True, capture_output=True, text=True).stdout.strip()
    for what in ("enable", "set"):
        subprocess.run(["adb", "shell", "ime", what, "{_KEYBOARD}"], check=True)
    pause()


def keyboard_back():
    pause()
    subprocess.run(["adb", "shell", "ime", "set", keyboard], check=True)
"""


class _Form(NamedTuple):
    """How a program is written in one language."""

    head: str
    keyboard: str
    line: Callable[[Command], str]
    call: Callable[[str], str]


def _shell_line(command: Command) -> str:
    return " ".join(command if command[0] == PAUSE else ("adb", "shell", *command))


def _python_line(command: Command) -> str:
    if command[0] == PAUSE:
        return f"time.sleep({command[1]})"
    words = ", ".join(f'"{word}"' for word in ("adb", "shell", *command))
    return f"subprocess.run([{words}], check=True)"


_FORMS: Final[Mapping[Language, _Form]] = {
    "adb": _Form(_SHELL_HEAD, _SHELL_KEYBOARD, _shell_line, lambda name: name),
    "python": _Form(_PYTHON_HEAD, _PYTHON_KEYBOARD, _python_line, lambda name: f"{name}()"),
}


def step_script(
    step: Mapping[str, Any], picture: Mapping[str, Any] | None
) -> dict[str, str | None]:
    """
    Return the lines of one row of `task_steps`, by language; None where there are none.

    Args:
        picture: Row of the picture before its action, which has the size of the screen.
    """
    size = (picture["width"], picture["height"]) if picture else (None, None)
    commands = _replay(step, size)
    return {
        language: "\n".join(map(form.line, commands)) or None for language, form in _FORMS.items()
    }


def render(task: Mapping[str, Any], store: TaskReader, language: Language) -> Iterator[str]:
    """Yield the program of a task, a step at a time."""
    task_id = task["task_id"]
    index = store.index(task_id)
    if index is None:
        raise TaskGone(task_id)
    form = _FORMS[language]
    steps = store.steps(task_id)
    sizes = _sizes(index)
    found = [
        _replay(step, size)
        for step, size in zip(
            steps, (sizes.get(step["id"], _NO_SIZE) for step in steps), strict=True
        )
    ]
    yield form.head.format(about="\n".join(_about(task, sizes)))
    if any(map(is_typed, found)):
        yield form.keyboard
    for step, commands in zip(steps, found, strict=True):
        yield "\n" + "\n".join(_lines(step, commands, form)) + "\n"


_NO_SIZE: Final = (None, None)


def _replay(step: Mapping[str, Any], size: Size) -> list[Command]:
    return replay(action_of(step["action"], step["step_data"]), size, step["coordinates"])


def _sizes(index: Mapping[str, Any]) -> dict[str, Size]:
    """Return the size of the screen at each step, by id; where no picture tells, as it was last."""
    known = [size for size in zip(index["width"], index["height"], strict=True) if all(size)]
    last = known[0] if known else _NO_SIZE
    sizes = {}
    for step_id, *size in zip(index["id"], index["width"], index["height"], strict=True):
        last = (size[0], size[1]) if all(size) else last
        sizes[step_id] = last
    return sizes


def _about(task: Mapping[str, Any], sizes: Mapping[str, Size]) -> Iterator[str]:
    yield _comment(f"What an agent did, again: {task['task_description'] or task['task_id']}")
    screens = dict.fromkeys(f"{width}x{height}" for width, height in sizes.values() if width)
    where = ", ".join(filter(None, [task["device_id"], *screens]))
    yield _comment(
        f"Recorded on {where or 'an unknown phone'}; written by otel-steps {__version__}."
    )


def _lines(step: Mapping[str, Any], commands: Sequence[Command], form: _Form) -> Iterator[str]:
    action = action_of(step["action"], step["step_data"])
    name, argument = action_name(action), action_argument(action)
    what = f"{name}: {argument}" if name and argument else name or "no action"
    is_refused = step["error_kind"] == "refused"
    ending = " (refused)" if is_refused else " (failed)" if step["success"] is False else ""
    yield _comment(f"Step {step['step_number']}, {what}{ending}")
    if is_refused or not commands:
        if name and not is_refused:
            yield "# This cannot be done again with adb."
        return
    lines = list(map(form.line, commands))
    if is_typed(list(commands)):
        lines = [form.call("keyboard_on"), *lines, form.call("keyboard_back")]
    yield from lines
    yield form.call("pause")


def _comment(text: str) -> str:
    """Return one line: nothing that ends a line, or turns it around, is left in it."""
    plain = "".join(letter if letter.isprintable() else " " for letter in text)
    return "# " + " ".join(plain.split())[:_MAX_COMMENT_CHARS]
