"""
A computer-use loop with the SDK of Anthropic or of OpenAI, recorded: one `step` around each turn.

    pip install otel-steps anthropic openai pillow
    export ANTHROPIC_API_KEY=...        # or OPENAI_API_KEY, for --openai
    python examples/computer_use_loop.py "Press the button"
    python examples/computer_use_loop.py "Press the button" --openai
"""

import base64
import io
import os
import sys
from typing import Any, NamedTuple

from PIL import Image, ImageDraw

import otel_steps

WIDTH, HEIGHT = 1024, 768
MAX_STEPS = 20


class Turn(NamedTuple):
    """What the model has answered, whoever made it: with a call of the computer, or none."""

    said: str
    call_id: str | None
    action: dict[str, Any] | None
    input_tokens: int
    output_tokens: int
    cached_tokens: int


class Screen:
    """A window with one button; a real loop drives a browser or a virtual machine here."""

    is_pressed = False

    def picture(self) -> bytes:
        """Return it as a PNG."""
        image = Image.new("RGB", (WIDTH, HEIGHT), "white")
        color = "green" if self.is_pressed else "gray"
        ImageDraw.Draw(image).rectangle((400, 300, 600, 380), color)
        png = io.BytesIO()
        image.save(png, "PNG")
        return png.getvalue()

    def do(self, action: dict[str, Any]) -> None:
        """Do what the model wants; both SDKs' words for a click are known, looking does nothing."""
        name = action.get("action") or action.get("type")
        if name in ("left_click", "click"):
            x, y = action.get("coordinate") or (action["x"], action["y"])
            self.is_pressed |= 400 <= x <= 600 and 300 <= y <= 380
        elif name not in ("screenshot", "wait"):
            raise NotImplementedError(f"this screen knows no {name}")


class Claude:
    """Asks Anthropic's model, and keeps the conversation."""

    model = os.getenv("ANTHROPIC_MODEL", "claude-sonnet-4-5")

    def __init__(self, goal: str) -> None:
        from anthropic import Anthropic

        self._client = Anthropic()
        self._messages: list[Any] = [{"role": "user", "content": [{"type": "text", "text": goal}]}]

    def ask(self, png: bytes, call_id: str | None) -> Turn:
        """Show the screen, as what came of the last call, and return the answer."""
        data = base64.b64encode(png).decode()
        source = {"type": "base64", "media_type": "image/png", "data": data}
        shown: dict[str, Any] = {"type": "image", "source": source}
        if call_id is None:
            self._messages[-1]["content"].append(shown)
        else:
            result = {"type": "tool_result", "tool_use_id": call_id, "content": [shown]}
            self._messages.append({"role": "user", "content": [result]})
        computer: Any = {"type": "computer_20250124", "name": "computer"}
        answer = self._client.beta.messages.create(
            model=self.model,
            max_tokens=2048,
            tools=[computer | {"display_width_px": WIDTH, "display_height_px": HEIGHT}],
            messages=self._messages,
            betas=["computer-use-2025-01-24"],
        )
        self._messages.append({"role": "assistant", "content": answer.content})
        texts = [part.text for part in answer.content if part.type == "text"]
        call = next((part for part in answer.content if part.type == "tool_use"), None)
        cached = answer.usage.cache_read_input_tokens or 0
        return Turn(
            said="\n".join(texts),
            call_id=call.id if call else None,
            action=dict(call.input) if call else None,
            input_tokens=answer.usage.input_tokens + cached,  # Anthropic counts them apart
            output_tokens=answer.usage.output_tokens,
            cached_tokens=cached,
        )


class OpenAIModel:
    """Asks OpenAI's model, and keeps the conversation."""

    model = os.getenv("OPENAI_MODEL", "computer-use-preview")

    def __init__(self, goal: str) -> None:
        from openai import OpenAI

        self._client = OpenAI()
        self._input: list[Any] = [{"role": "user", "content": [_text(goal)]}]

    def ask(self, png: bytes, call_id: str | None) -> Turn:
        """Show the screen, as what came of the last call, and return the answer."""
        url = f"data:image/png;base64,{base64.b64encode(png).decode()}"
        if call_id is None:
            self._input[-1]["content"].append({"type": "input_image", "image_url": url})
        else:
            output = {"type": "computer_screenshot", "image_url": url}
            result = {"type": "computer_call_output", "call_id": call_id, "output": output}
            self._input.append(result)
        computer: Any = {"type": "computer_use_preview", "environment": "browser"}
        answer = self._client.responses.create(
            model=self.model,
            tools=[computer | {"display_width": WIDTH, "display_height": HEIGHT}],
            input=self._input,
            truncation="auto",
            reasoning={"summary": "concise"},
        )
        self._input += [item.to_dict() for item in answer.output]
        thoughts = [item for item in answer.output if item.type == "reasoning"]
        call: Any = next((item for item in answer.output if item.type == "computer_call"), None)
        usage: Any = answer.usage
        return Turn(
            said="\n".join([each.text for item in thoughts for each in item.summary])
            or answer.output_text,
            call_id=call.call_id if call else None,
            action=call.action.to_dict() if call else None,
            input_tokens=usage.input_tokens,
            output_tokens=usage.output_tokens,
            cached_tokens=usage.input_tokens_details.cached_tokens,
        )


def _text(words: str) -> dict[str, str]:
    return {"type": "input_text", "text": words}


def run(goal: str, model: Claude | OpenAIModel, task: Any) -> None:
    """Look, ask and act until the model calls the computer no more, and answers."""
    screen, call_id = Screen(), None
    for _ in range(MAX_STEPS):
        picture = screen.picture()
        # Both write places in pixels of the picture that they were shown.
        with otel_steps.step(screenshot=picture, coordinates="pixel") as step:
            turn = model.ask(picture, call_id)
            step.set(
                thinking=turn.said,
                input_tokens=turn.input_tokens,
                output_tokens=turn.output_tokens,
                cached_tokens=turn.cached_tokens,
            )
            if turn.action is None:
                step.set(finished=True)
                task.complete(turn.said)
                return
            step.set(action={"tool": "computer", **turn.action})
            screen.do(turn.action)  # what it raises is recorded, and ends the task
            step.set(action_result={"success": True})
            step.add_picture(screen.picture(), role="after")
            call_id = turn.call_id
    task.exhaust_steps()


def main() -> None:
    """Run the loop and record it as one task."""
    otel_steps.configure()
    goal = sys.argv[1]
    kind = OpenAIModel if "--openai" in sys.argv else Claude
    with otel_steps.task(goal, agent="computer-use", model=kind.model) as task:
        run(goal, kind(goal), task)
    print(f"recorded: otel-steps report {task.task_id}")


if __name__ == "__main__":
    main()
