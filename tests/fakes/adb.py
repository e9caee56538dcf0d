"""
The `adb` program of a fake phone, in place of Android's.

It is copied to a folder on PATH and started a few times per step, so it imports little and runs
isolated from the environment of the agent. What it shows and which faults it has stand in files
beside it, one folder for each serial number; see `phone.py`.
"""

# Importing pathlib would double the time that a call takes.
# ruff: noqa: PTH100, PTH103, PTH118, PTH120, PTH123, PTH208

import os
import shutil
import signal
import sys

FOLDER = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "phones")
LAUNCHER = "com.android.launcher"
LATIN_KEYBOARD = "com.android.inputmethod.latin/.LatinIME"
# Calls whose answer never changes.
LINES = {
    "shell ime list": "com.android.adbkeyboard/.AdbIME",
    "version": "Android Debug Bridge version 1.0.41",
    "devices": "List of devices attached\ndefault\tdevice",
}


def main(arguments: list[str]) -> int:
    """Answer one call; return its exit status."""
    serial = "default"
    if arguments[:1] == ["-s"]:
        serial, arguments = arguments[1], arguments[2:]
    phone = os.path.join(FOLDER, serial)
    os.makedirs(phone, exist_ok=True)
    if arguments[:2] in (["shell", "screencap"], ["exec-out", "screencap"]):
        write(phone, "step", str(step_of(phone) + 1))
    with open(os.path.join(phone, "calls"), "a", encoding="utf-8") as calls:
        calls.write("\t".join([str(step_of(phone)), *arguments]) + "\n")
    fault = fault_of(phone)
    if fault == "offline":
        print("error: device offline", file=sys.stderr)
        return 1
    return answer(phone, arguments, fault)


def answer(phone: str, arguments: list[str], fault: str) -> int:
    """Do what *arguments* ask for."""
    words = " ".join(arguments)
    for beginning, line in LINES.items():
        if words.startswith(beginning):
            print(line)
    keyboard(phone, words)
    dump(words, fault)
    if words.startswith("shell screencap") and fault == "secure":
        print("Status: -1")
    elif words.startswith("exec-out screencap") and fault not in ("secure", "lost"):
        with open(screen_of(phone), "rb") as screen:
            shutil.copyfileobj(screen, sys.stdout.buffer)
    elif words.startswith("pull ") and fault == "pull_hangs":
        signal.pause()  # until whoever has asked loses patience
    elif words.startswith("pull ") and fault != "lost":
        pull(screen_of(phone), arguments[-1], fault)
    elif words.startswith("shell dumpsys window") and fault != "no_dumpsys":
        app = read(phone, "app") or LAUNCHER
        print(f"  mCurrentFocus=Window{{7f1 u0 {app}/{app}.Main}}")
    elif words.startswith("shell monkey -p "):
        write(phone, "app", arguments[3])
    elif words.startswith("shell input keyevent KEYCODE_HOME"):
        write(phone, "app", LAUNCHER)
    return 0


def dump(words: str, fault: str) -> None:
    """Print what is on each screen: rows with a title in each, and a password in the last."""
    if words != "exec-out uiautomator dump /dev/tty":
        return
    if fault == "dump_hangs":
        signal.pause()
    elif fault == "no_dump":
        print("ERROR: could not get idle state.")
    else:
        print(hierarchy())


def hierarchy() -> str:
    """Return the elements in XML, and what Android adds to it."""
    nodes = [node("android.widget.FrameLayout", (0, 0, 1080, 2400))]
    for number in range(12):
        top = 120 + number * 180
        row = "com.android.settings:id/row"
        title = {"text": f"Row {number + 1} &amp; more"}
        if number == 11:
            title = {"text": "hunter2", "password": "true"}
        nodes += [
            node("android.widget.LinearLayout", (40, top, 1040, top + 150), **{"resource-id": row}),
            node("android.widget.TextView", (60, top + 10, 300, top + 60), **title)
            + "</node></node>",
        ]
    body = "".join(nodes)
    end = "</node></hierarchy>UI hierchary dumped to: /dev/tty"
    return f"<?xml version='1.0' ?><hierarchy rotation=\"0\">{body}{end}"


def node(kind: str, box: "tuple[int, int, int, int]", **facts: str) -> str:
    """Return the beginning of an element."""
    known = {"text": "", "content-desc": "", "password": "false", "class": kind, **facts}
    said = " ".join(f'{key}="{value}"' for key, value in known.items())
    return f'<node {said} bounds="[{box[0]},{box[1]}][{box[2]},{box[3]}]">'


def pull(screen: str, target: str, fault: str) -> None:
    """Copy a screen to a file, whole or as the fault has it."""
    with open(screen, "rb") as source, open(target, "wb") as file:
        content = source.read()
        if fault == "pull_warns":
            content = b"WARNING: linker: libdvm.so has text relocations\n" + content
        file.write(content[: len(content) // 2] if fault == "pull_cut" else content)


def keyboard(phone: str, words: str) -> None:
    """Name the keyboard in use, or change it."""
    if words.startswith("shell settings get secure default_input_method"):
        print(read(phone, "keyboard") or LATIN_KEYBOARD)
    elif words.startswith("shell ime set "):
        name = words.rpartition(" ")[2]
        write(phone, "keyboard", name)
        print(f"Input method {name} selected for user 0")


def screen_of(phone: str) -> str:
    """Return the picture of the current step; the last ones repeat."""
    screens = os.path.join(os.path.dirname(FOLDER), "screens")
    names = sorted(os.listdir(screens))
    return os.path.join(screens, names[(step_of(phone) - 1) % len(names)])


def step_of(phone: str) -> int:
    """Return how many screenshots have been asked for."""
    return int(read(phone, "step") or 0)


def fault_of(phone: str) -> str:
    """Return the fault of the current step; an offline phone stays offline."""
    step = step_of(phone)
    for earlier in range(1, step):
        if read(phone, f"fault-{earlier}") == "offline":
            return "offline"
    return read(phone, f"fault-{step}")


def read(phone: str, name: str) -> str:
    """Return the text of a state file, "" where there is none."""
    try:
        with open(os.path.join(phone, name), encoding="utf-8") as file:
            return file.read()
    except FileNotFoundError:
        return ""


def write(phone: str, name: str, text: str) -> None:
    """Replace a state file."""
    with open(os.path.join(phone, name), "w", encoding="utf-8") as file:
        file.write(text)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
