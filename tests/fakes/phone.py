"""A phone to drive the real agent with: an `adb` program on PATH, screens that differ, faults."""

import os
import random
import sys
from pathlib import Path
from typing import Literal

from PIL import Image, ImageDraw

Fault = Literal[
    *("secure", "lost", "pull_hangs", "pull_warns", "pull_cut", "no_dumpsys", "offline"),
    *("dump_hangs", "no_dump"),
]

WIDTH, HEIGHT = 1080, 2400
_DELAYS = (
    *("KEYBOARD_SWITCH_DELAY", "TEXT_CLEAR_DELAY", "TEXT_INPUT_DELAY", "KEYBOARD_RESTORE_DELAY"),
    *("TAP_DELAY", "DOUBLE_TAP_DELAY", "LONG_PRESS_DELAY", "SWIPE_DELAY", "BACK_DELAY"),
    *("HOME_DELAY", "LAUNCH_DELAY", "DOUBLE_TAP_INTERVAL"),
)


class FakePhone:
    """
    Stands for any number of Android phones behind one `adb`, told apart by serial number.

    Args:
        folder: Where program and state live; made if it does not exist.
        screens: How many screens there are before they repeat.
        is_heavy: Screens of about 860 KB, as a large photograph has; else of a few.
    """

    def __init__(self, folder: Path, *, screens: int = 6, is_heavy: bool = False) -> None:
        self.folder = folder
        self.bin = folder / "bin"
        self._phones = folder / "phones"
        for path in (self.bin, self._phones, folder / "screens"):
            path.mkdir(parents=True, exist_ok=True)
        for number in range(1, screens + 1):
            path = folder / "screens" / f"{number:03}.png"
            draw_screen(number, is_heavy=is_heavy).save(path, compress_level=1)
        self._install()

    def _install(self) -> None:
        program = self.bin / "adb"
        source = Path(__file__).with_name("adb.py").read_text(encoding="utf-8")
        # -I and -S: it starts fast, and instrumentation of the agent does not reach it.
        program.write_text(f"#!{sys.executable} -IS\n{source}", encoding="utf-8")
        program.chmod(0o755)

    def environment(self, *, has_adb: bool = True) -> dict[str, str]:
        """Return the environment of a program that drives the phone, without any delay."""
        environment = {**os.environ, "NO_PROXY": "127.0.0.1", "PYTHONIOENCODING": "utf-8"}
        if has_adb:
            environment["PATH"] = f"{self.bin}{os.pathsep}{environment.get('PATH', '')}"
        return environment | {f"PHONE_AGENT_{name}": "0" for name in _DELAYS}

    def fault(self, step: int, kind: Fault, *, serial: str = "default") -> None:
        """Let *step* (from 1) of a phone go wrong; `offline` lasts from there on."""
        phone = self._phones / serial
        phone.mkdir(exist_ok=True)
        (phone / f"fault-{step}").write_text(kind, encoding="utf-8")

    def calls(self, *, serial: str = "default") -> list[list[str]]:
        """Return the calls of `adb` so far: the step, then the arguments."""
        path = self._phones / serial / "calls"
        if not path.exists():
            return []
        return [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines()]


def draw_screen(number: int, *, is_heavy: bool = False) -> Image.Image:
    """Return the screen with *number*: rows of a list, one of them marked."""
    mode = "RGB" if is_heavy else "L"
    image = Image.new(mode, (WIDTH, HEIGHT), "white")
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, WIDTH, 90), "gray")
    for row in range(12):
        top = 120 + row * 180
        draw.rectangle(
            (40, top, WIDTH - 40, top + 150), "black" if row == number % 12 else "silver"
        )
    draw.text((60, 20), f"screen {number}", fill="white", font_size=50)
    if is_heavy:
        noise = random.Random(number).randbytes(535 * 535 * 3)
        image.paste(Image.frombytes("RGB", (535, 535), noise), (270, 900))
    return image
