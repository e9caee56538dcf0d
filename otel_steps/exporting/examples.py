"""
A task as examples to train a model with. Pure.

An example is a conversation: the user says what to do and shows the screen, the assistant thinks
and answers with its action as JSON, the user says what came of it and shows the next screen. It has
the layout that trainers call ShareGPT with OpenAI's names: each `<image>` in the text of a user
stands for the next one of `images`, and user and assistant take turns, the assistant last.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

Row = Mapping[str, Any]
# Returns what stands in `images` for the picture of that name, None where it is not kept.
Show = Callable[[str], Any]

IMAGE: Final = "<image>"
# What a trainer takes for a place in the text where something is to be shown.
_PLACES: Final = re.compile(r"<(image|video|audio)>")
# Actions that are told in words before a step that stands alone.
_REMEMBERED: Final = 20
_OUTCOMES: Final[Mapping[bool | None, str]] = {True: "ok", False: "failed", None: "unknown"}


@dataclass(frozen=True, slots=True)
class Wanted:
    """
    Which examples to make of a task.

    Attributes:
        lines: `task` for one conversation with all steps, `step` for one example of each step, in
            which the actions before it are told in words.
        only: Which steps: `successful` of which it is known that they succeeded, `scored` to which
            a person has given a score above 0; None for all.
        pictures: Whether screens are shown.
    """

    lines: Literal["task", "step"] = "task"
    only: Literal["successful", "scored"] | None = None
    pictures: bool = True


ALL: Final = Wanted()


def examples(
    task: Row, steps: Sequence[Row], names: Mapping[str, str | None], wanted: Wanted, show: Show
) -> Iterator[dict[str, Any]]:
    """
    Yield the examples of a task; none where no step has an action.

    {"messages": [{"role", "content"}], "images": [...], "task_id", "steps": [number of each step],
    "outcomes": [`ok`, `failed` or `unknown`], "coordinates": [what places count in, "" where its
    author has not said], "status", "agent", "model"}. The last but one of three have one entry for
    each answer of the assistant. Nothing is null: a reader tells the types from the first rows.

    Args:
        names: Of the picture before each step, by the step's id.
    """
    told = [step for step in steps if step["action"] is not None]
    chosen = [step for step in told if _is_wanted(step, wanted)]
    if wanted.lines == "task":
        if chosen:
            yield _conversation(task, chosen, names, wanted, show)
        return
    before: list[Row] = []
    kept = {step["id"] for step in chosen}
    for step in told:
        if step["id"] in kept:
            said = _asked(task, before)
            yield _example(task, [step], [_turn(said, step, names, wanted, show)])
        before.append(step)


_Turn = tuple[list[dict[str, str]], list[Any]]


def _is_wanted(step: Row, wanted: Wanted) -> bool:
    match wanted.only:
        case "successful":
            return step["success"] is True
        case "scored":
            return any((score.get("value") or 0) > 0 for score in step["scores"] or ())
        case _:
            return True


def _conversation(
    task: Row, steps: Sequence[Row], names: Mapping[str, str | None], wanted: Wanted, show: Show
) -> dict[str, Any]:
    said = [_asked(task, ()), *(_outcome(step) for step in steps[:-1])]
    turns = [_turn(each, step, names, wanted, show) for each, step in zip(said, steps, strict=True)]
    return _example(task, steps, turns)


def _turn(
    said: str, step: Row, names: Mapping[str, str | None], wanted: Wanted, show: Show
) -> _Turn:
    """Return what the user says and shows before a step, and what the assistant answers."""
    name = names.get(step["id"]) if wanted.pictures else None
    shown = None if name is None else show(name)
    screen = [] if shown is None else [IMAGE]
    asked = "\n".join([*([said] if said else []), *screen])
    messages = [
        {"role": "user", "content": asked or "(no picture)"},
        {"role": "assistant", "content": _answer(step)},
    ]
    return messages, [] if shown is None else [shown]


def _example(task: Row, steps: Sequence[Row], turns: Sequence[_Turn]) -> dict[str, Any]:
    return {
        "messages": [message for messages, _ in turns for message in messages],
        "images": [image for _, images in turns for image in images],
        "task_id": task["task_id"],
        "steps": [step["step_number"] for step in steps],
        "outcomes": [_OUTCOMES[step["success"]] for step in steps],
        "coordinates": [step["coordinates"] or "" for step in steps],
        "status": task["status"] or "",
        "agent": task["agent"] or "",
        "model": task["model"] or "",
    }


def _asked(task: Row, before: Sequence[Row]) -> str:
    """Return what is to be done, and what has been done of it."""
    done = [f"{step['step_number']}. {_action(step)}" for step in before[-_REMEMBERED:]]
    return "\n".join(
        filter(None, [_plain(task["task_description"]), *(["Done so far:", *done] if done else [])])
    )


def _outcome(step: Row) -> str:
    """Return what came of a step, as the next turn of the user says it."""
    result = step["action_result"]
    said = result.get("message") if isinstance(result, Mapping) else result
    text = said if said is None or isinstance(said, str) else _json(said)
    return "\n".join(filter(None, dict.fromkeys(map(_plain, (text, step["error_message"])))))


def _answer(step: Row) -> str:
    thought = _plain(step["thinking"])
    return f"<think>\n{thought}\n</think>\n\n{_action(step)}" if thought else _action(step)


def _action(step: Row) -> str:
    action = step["action"]
    return _plain(action if isinstance(action, str) else _json(action))


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _plain(text: str | None) -> str:
    """Return *text* without anything that a trainer would take for the place of a picture."""
    return _PLACES.sub(r"< \1 >", text or "")
