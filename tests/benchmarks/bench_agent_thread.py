"""
What recording costs on the agent's thread, and what importing the package costs.

A step with a 1 MB PNG (durability `process`) is written as the instrumentor writes it: screenshot,
model reply, action, end, two child spans. Between these the agent waits for its device and its
model, as a real one does (for seconds; here for a fraction of one), and the shipper works; then the
agent works on what it got (a real one compresses the picture and parses the stream). Neither is
counted. It is measured against the same with nobody recording.
"CPU" is what the thread itself has worked: on a machine that is busy with other things it says more
than the clock on the wall.
"""

import base64
import functools
import io
import json
import random
import statistics
import struct
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

from opentelemetry.sdk.trace import TracerProvider
from PIL import Image

from otel_steps import semconv
from otel_steps.demo.phone import Phone
from otel_steps.emit.step_span import StepSpan
from otel_steps.emit.task_span import TaskSpan
from otel_steps.pictures.texts import from_base64
from otel_steps.processor import StepSpanProcessor
from tests.benchmarks.table import Benchmarks, Row

STEPS = 100
PICTURE_BYTES = 2**20
PNG_END_BYTES = 12
THINKING = "我需要点击屏幕底部的发送按钮，因为消息已经输入完毕。" * 20
REPLY = json.dumps({"choices": [{"delta": {"content": THINKING}}]})
AGENT_WORK_S = 0.01
ACTION = {"_metadata": "do", "action": "Tap", "element": [500, 82]}


def picture(number: int) -> bytes:
    """Return a PNG of a screen, 1 MB, in whose metadata the number stands."""
    screen, end = _screen()
    text = b"tEXtComment\0step %d" % number
    chunk = struct.pack(">I", len(text) - 4) + text + struct.pack(">I", zlib.crc32(text))
    return screen + chunk + end


@functools.cache
def _screen() -> tuple[bytes, bytes]:
    """Return a PNG of the demo's home screen with a photograph on it, but for its end; and that."""
    screen = Image.open(io.BytesIO(Phone().screenshot().png)).convert("RGB")
    rows = PICTURE_BYTES // (3 * screen.width)
    # Its noise is all that takes room, as that of a photograph is.
    noise = random.Random(1).randbytes(3 * screen.width * rows)
    screen.paste(Image.frombytes("RGB", (screen.width, rows), noise), (0, 900))
    written = io.BytesIO()
    screen.save(written, "PNG", compress_level=1)
    return written.getvalue()[:-PNG_END_BYTES], written.getvalue()[-PNG_END_BYTES:]


class Clock:
    """Counts the time between `pause`s, on the wall and on the CPU."""

    def __init__(self) -> None:
        self.spent_ms = self.cpu_ms = 0.0
        self._start()

    def _start(self) -> None:
        self._since, self._cpu_since = time.perf_counter(), time.thread_time()

    def pause(self, seconds: float) -> None:
        self.spent_ms += (time.perf_counter() - self._since) * 1000
        self.cpu_ms += (time.thread_time() - self._cpu_since) * 1000
        time.sleep(seconds)
        until = time.perf_counter() + AGENT_WORK_S
        while time.perf_counter() < until:
            json.loads(REPLY)
        self._start()


def one_step(provider: TracerProvider, task: TaskSpan, shot: str | None) -> Clock:
    """Write a step as the instrumentor does and return what that took."""
    tracer = provider.get_tracer("bench")
    clock = Clock()
    step = StepSpan(tracer, task)
    clock.pause(0.05)
    if shot is not None:
        step.set_screenshot(lambda: from_base64(shot))
    step.tell(app="微信")
    step.changed()
    chat = step.child("chat autoglm-phone-9b")
    clock.pause(0.2)
    chat.end()
    step.tell(thinking=THINKING)
    step.tell(action=ACTION)
    step.set_timing(semconv.TIMING_MODEL_MS, 1234.5)
    step.changed()
    tool = step.child("execute_tool Tap", {semconv.GEN_AI_TOOL_NAME: "Tap"})
    clock.pause(0.05)
    tool.end()
    step.tell(action_result={"success": True, "should_finish": False, "message": None})
    step.end()
    clock.pause(0.05)
    return clock


def run(provider: TracerProvider, *, with_pictures: bool) -> list[Clock]:
    """Write `STEPS` steps and return what each of them took."""
    task = TaskSpan(provider.get_tracer("bench"), "bench", agent="bench")
    took = []
    for number in range(STEPS):
        shot = base64.b64encode(picture(number)).decode()
        took.append(one_step(provider, task, shot if with_pictures else None))
    task.end("completed")
    provider.shutdown()
    return took


def import_cost() -> tuple[float, float]:
    """Return seconds of importing the SDK alone, and of otel_steps after it."""
    code = (
        "import time; a=time.perf_counter(); import opentelemetry.sdk.trace.export; "
        "b=time.perf_counter(); import otel_steps; c=time.perf_counter(); print(b-a, c-b)"
    )
    runs = [
        [float(figure) for figure in subprocess.check_output([sys.executable, "-c", code]).split()]
        for _ in range(5)
    ]
    return statistics.median(r[0] for r in runs), statistics.median(r[1] for r in runs)


def agent_thread() -> Iterator[Row]:
    """Measure what a step with a picture takes of the agent's thread."""
    bare = run(TracerProvider(), with_pictures=False)
    with tempfile.TemporaryDirectory() as folder:
        provider = TracerProvider()
        provider.add_span_processor(StepSpanProcessor(dir=Path(folder)))
        recorded = run(provider, with_pictures=True)
    work = "agent's thread, a step with a 1 MB picture"
    against = "the same spans, nobody records"
    spent, unrecorded = ([clock.spent_ms for clock in each] for each in (recorded, bare))
    yield Row(
        work=f"{work}: median",
        figure=statistics.median(spent),
        unit="ms",
        against=against,
        reference=statistics.median(unrecorded),
    )
    yield Row(
        work=f"{work}: median of its CPU time",
        figure=statistics.median(clock.cpu_ms for clock in recorded),
        unit="ms",
        against=against,
        reference=statistics.median(clock.cpu_ms for clock in bare),
    )
    percentile = statistics.quantiles(spent, n=100)[98]
    yield Row.within(5, work=f"{work}: 99th percentile", figure=percentile, unit="ms")


def importing() -> Iterator[Row]:
    """Measure what `import otel_steps` takes."""
    sdk, ours = import_cost()
    yield Row(
        work="`import otel_steps` after the SDK",
        figure=ours * 1000,
        unit="ms",
        against="importing the SDK",
        reference=sdk * 1000,
    )


BENCHMARKS: Benchmarks = {"agent_thread": agent_thread, "importing": importing}
