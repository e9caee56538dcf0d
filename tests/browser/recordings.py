"""
What the browser tests look at: an agent that is scripted, and recorded as any other.

    recordings.py walk          one task with every kind of action, of which step 9 fails; one of
                                a tablet on its side, and one in Arabic and Hebrew
    recordings.py pictures      a task whose pictures cannot be shown, one with several a step
    recordings.py runs          one task of the demo's phone three times, each another way
    recordings.py spans COUNT   a task with that many spans of other instrumentations
    recordings.py live TASK_ID  a task that takes a step for each line on stdin, until it is closed
"""

import io
import sys
from typing import Any, Final

from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import StatusCode
from PIL import Image, ImageDraw

import otel_steps
from otel_steps.demo import agent
from otel_steps.demo.model import Reply, ScriptedModel
from otel_steps.demo.phone import Phone
from otel_steps.instrumentation.phone_agent import instrument_agent_module
from tests.patience import PATIENCE_S

SIZE: Final = (360, 800)
TABLET: Final = (1280, 800)
DESCRIPTION: Final = "给小雨发消息：我到家了"
MODEL: Final = "scripted-model"
FAILED: Final = 9
# Of the spans of others, one failed, in the step with this number.
FAILED_SPAN: Final = 3
# This one asks a model that has a price.
PRICED: Final = 2
# What the agent does, step by step: name, arguments. Step `FAILED` is the first that fails.
ACTIONS: Final[list[tuple[str, dict[str, Any]]]] = [
    ("Launch", {"app": "微信"}),
    ("Tap", {"element": [500, 250]}),
    ("Wait", {"duration": "2 seconds"}),
    ("Double Tap", {"element": [250, 750]}),
    ("Long Press", {"element": [100, 100]}),
    ("Swipe", {"start": [500, 800], "end": [500, 200]}),
    ("Tap", {"element": [300, 920]}),
    ("Type", {"text": "我到家了，别担心"}),
    ("Tap", {"element": [875, 640]}),
    ("Tap", {"element": [875, 640]}),
    ("Tap", {"element": [875, 640]}),
    ("Tap", {"element": [1400, 640]}),
    ("Back", {}),
    ("Home", {}),
    ("Take_over", {"message": "请输入验证码"}),
    ("Note", {"message": "已读"}),
    ("Call_API", {"instruction": "总结"}),
    ("Interact", {}),
    ("Shake", {"strength": 3}),
    ("Tap", {"element": [0, 1000]}),
]


def screen(number: int, target: list[int] | None, size: tuple[int, int] = SIZE) -> bytes:
    """Return a screen in a colour of its own, with a white square around *target*."""
    image = Image.new("RGB", size, (number * 67 % 200, number * 131 % 200, number * 29 % 200))
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, size[0], 36), fill=(20, 24, 34))
    for row in range(4):
        top = 90 + row * 150
        draw.rounded_rectangle((24, top, size[0] - 24, top + 110), 14, fill=(235, 238, 245))
    if target:
        x, y = target[0] * size[0] / 1000, target[1] * size[1] / 1000
        draw.rectangle((x - 14, y - 14, x + 14, y + 14), fill=(255, 255, 255))
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def walk() -> None:
    """Record the task that the tests walk through."""
    with otel_steps.task(
        DESCRIPTION, task_id="walk", agent="PhoneAgent", model=MODEL, device_id="emulator-5554"
    ) as task:
        for number, (name, arguments) in enumerate(ACTIONS, start=1):
            # The same screen three times: a loop, and taps without an effect.
            shown = FAILED if FAILED <= number <= FAILED + 2 else number
            how = {"is_failed": number == FAILED, "is_priced": number == PRICED}
            act(shown, name, arguments, **how)
        task.fail("The message was not sent")
    wide()
    arabic()


def wide() -> None:
    """Record two steps of a tablet on its side."""
    with otel_steps.task("Look at the pictures", task_id="wide"):
        for number in (1, 2):
            tap = {"_metadata": "do", "action": "Tap", "element": [300 * number, 500]}
            with otel_steps.step(action=tap, screenshot=screen(number, [300, 500], TABLET)):
                pass


def arabic() -> None:
    """Record a step that is written from right to left."""
    with otel_steps.task("افتح الكاميرا (Camera)", task_id="arabic") as task:
        typed = {"_metadata": "do", "action": "Type", "text": "שלום, עולם"}
        with otel_steps.step(
            thinking="يجب أن أضغط على زر الكاميرا.", action=typed, screenshot=screen(1, None)
        ):
            pass
        task.fail("لم يتم التقاط الصورة: timeout!")


def act(
    shown: int,
    name: str,
    arguments: dict[str, Any],
    *,
    is_failed: bool = False,
    is_priced: bool = False,
) -> None:
    """Record one step."""
    thinking = f"第 {shown} 步：我需要{name}。\n\nThen I look at what came of it, and go on."
    with otel_steps.step(
        thinking=thinking,
        action={"_metadata": "do", "action": name, **arguments},
        screenshot=screen(shown, arguments.get("element")),
        app="微信",
        input_tokens=1312,
        output_tokens=74,
    ) as step:
        if is_priced:
            step.set(cached_tokens=1024, attributes={"gen_ai.request.model": "gpt-4o-mini"})
        if is_failed:
            step.fail("The button did not answer")
        else:
            step.set(action_result={"success": True, "message": None})


def pictures() -> None:
    """Record a task whose pictures went wrong: none, none that can be shown, a black one."""
    damaged = screen(1, None).replace(b"\n", b"\r\n")
    buffer = io.BytesIO()
    Image.new("RGB", SIZE).save(buffer, "PNG")
    with otel_steps.task("Pictures that went wrong", task_id="pictures"):
        for picture in (b"error: device offline", damaged, buffer.getvalue()):
            with otel_steps.step(action="Look", screenshot=picture):
                pass
    several()


def several() -> None:
    """Record two steps, of which the last has its own picture after, a crop and a broken one."""
    with otel_steps.task("Several pictures", task_id="several"):
        act(1, "Tap", {"element": [500, 250]})
        tap = {"_metadata": "do", "action": "Tap", "element": [300, 500]}
        with otel_steps.step(action=tap, screenshot=screen(2, [300, 500])) as step:
            step.add_picture(screen(3, None), caption="已发送")
            step.add_picture(screen(4, [500, 500]), role="marked", caption="what was looked for")
            step.add_picture(b"error: device offline", role="crop")


_CAMERA: Final = Reply(
    "I am on the home screen. I open the camera first.", 'do(action="Launch", app="Camera")'
)
_OPEN: Final = Reply(
    "The photo is in the corner on the left. I open it.", 'do(action="Tap", element=[204, 867])'
)
_DONE: Final = Reply("The photo fills the screen.", 'finish(message="The photo is open")')
_BESIDE: Final = Reply(
    "The camera shows mountains. I press the shutter button at the bottom right.",
    'do(action="Tap", element=[655, 867])',
)
_SHUTTER: Final = Reply(
    "The camera shows mountains. I press the shutter button in the middle.",
    'do(action="Tap", element=[500, 867])',
)
# Task id -> what the model says: one hits the shutter, one at the second try, one never does.
RUNS: Final = {
    "sure": (_CAMERA, _SHUTTER, _OPEN, _DONE),
    "second": (_CAMERA, _BESIDE, _SHUTTER, _OPEN, _DONE),
    "never": (_CAMERA, _BESIDE, _BESIDE, _BESIDE, Reply("It does not react.", "I give up.")),
}
PHOTO: Final = "Take a photo and open it"


def runs() -> None:
    """Record the same task three times."""
    instrument_agent_module(agent)
    for task_id, replies in RUNS.items():
        model = ScriptedModel(replies)
        agent.PhoneAgent(Phone("en"), model, agent.AgentConfig(), task_id=task_id).run(PHOTO)


def spans(count: str) -> None:
    """Record a task whose steps ask a model over HTTP, in spans that are none of ours."""
    trace.set_tracer_provider(TracerProvider())
    tracer = trace.get_tracer("tests.others")
    with otel_steps.task("Spans of others", task_id="spans") as task:
        for number in range(1, 9):
            tap = {"_metadata": "do", "action": "Tap", "element": [100 * number, 500]}
            with (
                otel_steps.step(action=tap, screenshot=screen(number, [100 * number, 500])),
                tracer.start_as_current_span("chat model") as chat,
            ):
                chat.set_attribute("gen_ai.request.model", MODEL)
                for each in range(int(count) // 8 - 1):
                    with tracer.start_as_current_span(f"GET /{each}") as span:
                        if number == FAILED_SPAN == each + 3:
                            span.set_status(StatusCode.ERROR, "HTTP 503")
        task.complete("All done")


def live(task_id: str) -> None:
    """Take a step for each line that comes, and say so; the task is done when no more comes."""
    with otel_steps.task("A task that goes on", task_id=task_id) as task:
        for number, _ in enumerate(sys.stdin, start=1):
            act(number, "Tap", {"element": [100 * number, 500]})
            print(number, flush=True)
        task.complete("All done")


if __name__ == "__main__":
    recording = otel_steps.configure()
    name, *arguments = sys.argv[1:]
    {"walk": walk, "pictures": pictures, "runs": runs, "spans": spans, "live": live}[name](
        *arguments
    )
    recording.flush(PATIENCE_S)
