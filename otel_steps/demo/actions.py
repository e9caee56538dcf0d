"""From the text of an action to a gesture on the phone."""

import ast
from dataclasses import dataclass
from typing import Any

from otel_steps.demo.phone import Phone


@dataclass(frozen=True, slots=True)
class ActionResult:
    """What came of an action; *message* says why it failed, or how the task ended."""

    success: bool
    should_finish: bool
    message: str | None = None


def parse_action(response: str) -> dict[str, Any]:
    """
    Return the action that a `do(...)` or `finish(...)` call stands for.

    Raises:
        ValueError: The text is not such a call.
    """
    try:
        call = ast.parse(response.strip(), mode="eval").body
    except SyntaxError as error:
        raise ValueError(f"expected do(...) or finish(...), got {response[:80]!r}") from error
    if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Name)) or call.args:
        raise ValueError(f"expected do(...) or finish(...), got {response[:80]!r}")
    if call.func.id not in ("do", "finish"):
        raise ValueError(f"unknown call {call.func.id!r}; expected do(...) or finish(...)")
    arguments = {str(word.arg): ast.literal_eval(word.value) for word in call.keywords}
    return {"_metadata": call.func.id, **arguments}


class ActionHandler:
    """Carries out actions on a phone; points in actions are in thousandths of the screen."""

    def __init__(self, phone: Phone) -> None:
        self._phone = phone

    def execute(
        self, action: dict[str, Any], screen_width: int, screen_height: int
    ) -> ActionResult:
        """Carry out *action* on a screen of that size; failures are results, not exceptions."""
        if action["_metadata"] == "finish":
            return ActionResult(True, True, action.get("message"))

        def place(point: list[int]) -> tuple[float, float]:
            return point[0] / 1000 * screen_width, point[1] / 1000 * screen_height

        match action:
            case {"action": "Launch", "app": app}:
                if not self._phone.launch(app):
                    return ActionResult(False, False, f"App not found: {app}")
            case {"action": "Tap", "element": element}:
                self._phone.tap(*place(element))
            case {"action": "Swipe", "start": start, "end": end}:
                self._phone.swipe(place(start)[1], place(end)[1])
            case {"action": "Type", "text": text}:
                self._phone.type(text)
            case {"action": "Back"}:
                self._phone.back()
            case {"action": "Home"}:
                self._phone.home()
            case _:
                return ActionResult(False, False, f"Unknown action: {action.get('action')}")
        return ActionResult(True, False)
