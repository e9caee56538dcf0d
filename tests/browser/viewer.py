"""The viewer as people start it: a process of its own, with a recording to show."""

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from tests.patience import PATIENCE_S

_RECORDINGS: Final = Path(__file__).parent / "recordings.py"
_ROOT: Final = Path(__file__).parent.parent.parent
# Of others, in eight steps.
SPANS: Final = 40
TRACE_URL: Final = "http://localhost:16686/trace/{trace_id}?span={span_id}"


@dataclass(frozen=True)
class Viewer:
    """
    A viewer that runs.

    Attributes:
        folder: The data folder that it shows.
        url: What it printed: the address with the token that opens it once.
        origin: Scheme, host and port.
    """

    folder: Path
    url: str

    @property
    def origin(self) -> str:
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}"


def environment(folder: Path) -> Mapping[str, str]:
    """Return the environment of a program that records to, or reads from, *folder* alone."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}
    return {
        **own,
        "OTEL_STEPS_DIR": str(folder),
        "OTEL_STEPS_FLUSH_INTERVAL": "0.2",
        "OTEL_STEPS_TRACE_URL": TRACE_URL,
        "PYTHONPATH": str(_ROOT),
        "PYTHONIOENCODING": "utf-8",
        "PYTHONUNBUFFERED": "1",
    }


def record(folder: Path) -> None:
    """Record the scripted task and the demo's."""
    demo = [sys.executable, "-m", "otel_steps", "demo", "--no-open", "--latency", "0"]
    _record(folder, [sys.executable, str(_RECORDINGS), "walk"], demo)


def record_pictures(folder: Path) -> None:
    """Record the task whose pictures went wrong, and the one that has several in a step."""
    _record(folder, [sys.executable, str(_RECORDINGS), "pictures"])


def record_runs(folder: Path) -> None:
    """Record one task several times, and one with spans of others."""
    start = [sys.executable, str(_RECORDINGS)]
    _record(folder, [*start, "runs"], [*start, "spans", str(SPANS)])


def _record(folder: Path, *commands: list[str]) -> None:
    processes = [
        subprocess.Popen(each, env=environment(folder), stdout=subprocess.DEVNULL)
        for each in commands
    ]
    assert [process.wait(PATIENCE_S * 5) for process in processes] == [0] * len(commands)


@contextmanager
def recording(folder: Path, task_id: str) -> Iterator["LiveTask"]:
    """Let a task go on beside the block; it ends with it."""
    with subprocess.Popen(
        [sys.executable, str(_RECORDINGS), "live", task_id],
        env=environment(folder),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    ) as process:
        try:
            yield LiveTask(process)
        finally:
            process.kill()


class LiveTask:
    """A task that takes its steps when it is told to."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def step(self) -> None:
        """Take a step; it has ended when the call returns."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write("step\n")
        self._process.stdin.flush()
        assert self._process.stdout.readline()

    def finish(self) -> None:
        """Come to an end."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        assert self._process.wait(PATIENCE_S) == 0

    def die(self) -> None:
        """End as no program wants to."""
        self._process.kill()
        self._process.wait(PATIENCE_S)


@contextmanager
def viewing(folder: Path, *options: str) -> Iterator[Viewer]:
    """Run `otel-steps view` on *folder*."""
    process = subprocess.Popen(
        [sys.executable, "-m", "otel_steps", "view", "--no-open", *options],
        env=environment(folder),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
    )
    try:
        yield Viewer(folder, _printed_url(process))
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=PATIENCE_S)


def _printed_url(process: "subprocess.Popen[str]") -> str:
    timer = threading.Timer(PATIENCE_S, process.kill)
    timer.start()
    printed = []
    assert process.stdout is not None
    for line in process.stdout:
        printed.append(line)
        if found := re.search(r"http://[^\s]+", line):
            timer.cancel()
            return found[0]
    timer.cancel()
    raise AssertionError(f"the viewer gave no address:\n{''.join(printed)}")
