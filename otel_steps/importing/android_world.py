"""
AndroidWorld's checkpoints, `<task>_<instance>.pkl.gz`: each a list of episodes, gzipped or not.

An episode has its goal, how it went, and of each step what the agent has put there: M3A, T3A and
most others a prompt, an answer (`Reason: … Action: {…}`), an action, a summary and screens, which
are arrays of numpy. It says when it ended and how long it took, and nothing of the times of its
steps. Looked at in the repository of 2025.
"""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from otel_steps.importing import inert_pickle
from otel_steps.importing.inert_pickle import Inert, Pixels
from otel_steps.importing.item import Found, PictureHeld, Refused, unix_nano
from otel_steps.importing.opened import READ_ERRORS, opened, reason_of
from otel_steps.importing.plain_pickle import NotPlainError
from otel_steps.importing.run import Run, RunStep, text

_SOURCE: Final = "android_world"
_AGENT: Final = "AndroidWorld agent"
_SCREENS: Final = (
    *("raw_screenshot", "screenshot", "before_screenshot"),
    *("before_screenshot_with_som", "after_screenshot", "after_screenshot_with_som"),
)
_ANSWERS: Final = ("action_output", "action_response", "response", "output")
_ACTIONS: Final = ("action_output_json", "converted_action", "action")
_REASONS: Final = ("action_reason", "reason", "thought")
_REASON: Final = re.compile(r"(?:Reason|Thought)\s*:\s*(.*?)(?=\n?\s*Action\s*:|$)", re.DOTALL)
_ACTION: Final = re.compile(r"Action\s*:\s*(\{.*\})", re.DOTALL)
_MODES: Final = {3: "RGB", 4: "RGBA"}


def read(path: Path) -> Iterator[Found]:
    """Return the steps of each episode in the file at *path*, and its task; nothing is executed."""
    try:
        with opened(path) as file:
            episodes = inert_pickle.load(file)
    except (*READ_ERRORS, NotPlainError) as error:
        yield Refused(str(path), reason_of(error))
        return
    # One file for all of them, as it was before, has the names of the tasks beside them.
    if isinstance(episodes, tuple) and episodes:
        episodes = episodes[0]
    if not isinstance(episodes, list):
        yield Refused(str(path), f"a list of episodes is expected, not {type(episodes).__name__}")
        return
    for number, episode in enumerate(episodes, start=1):
        if isinstance(episode, dict) and "goal" in episode:
            yield from _run(episode).items()
        else:
            yield Refused(f"{path}, entry {number}", "not an episode: it has no goal")


def _run(episode: Mapping[str, Any]) -> Run:
    end = unix_nano(episode.get("finish_dtime"))
    took = _number(episode.get("run_time"))
    start = None if end is None else max(1, end - round((took or 0) * 1e9))
    trouble = text(episode.get("exception_info"))
    steps = _steps(episode.get("episode_data"))
    reward = _number(episode.get("is_successful"))
    name = text(episode.get("task_template"))
    instance = episode.get("instance_id")
    is_success = reward is not None and reward > 0.5
    status = "failed" if trouble or not is_success else "completed"
    failure = trouble or "the evaluation found the goal not reached"
    if is_success and steps:
        steps[-1].is_final = True
    known = {"task_template": name, "instance_id": instance, "seed": episode.get("seed")}
    return Run(
        key=(name, instance, episode.get("finish_dtime"), episode.get("goal"), len(steps)),
        source=_SOURCE,
        agent=text(episode.get("agent_name")) or _AGENT,
        description=text(episode.get("goal")),
        status=status,
        error=failure,
        start=start,
        end=end,
        config={key: value for key, value in known.items() if isinstance(value, str | int)},
        steps=steps,
    )


def _steps(data: Any) -> list[RunStep]:
    """Return the steps: the file has, of each thing, a list with that of each step."""
    if not isinstance(data, dict):
        return []
    columns = {name: values for name, values in data.items() if isinstance(values, list)}
    count = max(map(len, columns.values()), default=0)
    rows = (
        {name: values[at] for name, values in columns.items() if at < len(values)}
        for at in range(count)
    )
    return [_step(row) for row in rows]


def _step(row: Mapping[str, Any]) -> RunStep:
    answer = next((each for name in _ANSWERS if (each := text(row.get(name)))), "")
    said = _REASON.search(answer)
    reason = next((each for name in _REASONS if (each := text(row.get(name)))), None)
    actions = (_action(row.get(name)) for name in _ACTIONS)
    action = next((each for each in actions if each), None) or _written(answer)
    summary = text(row.get("summary"))
    return RunStep(
        thinking=reason or (said[1].strip() if said else None) or text(answer),
        actions=[action] if action else [],
        action_name=None if action is None else str(action.get("action_type")),
        coordinates="pixel" if action and "x" in action else None,
        result={"summary": summary} if summary else None,
        picture=_picture(row),
    )


def _action(value: Any) -> dict[str, Any] | None:
    """Return an action that stands as an object, or as the JSON of one."""
    if isinstance(value, Inert):
        value = value.fields
    if isinstance(value, str):
        return _written(value)
    if not isinstance(value, dict) or not text(value.get("action_type")):
        return None
    kinds = (str, int, float, bool, list)
    return {key: each for key, each in value.items() if isinstance(each, kinds)}


def _written(answer: str) -> dict[str, Any] | None:
    found = _ACTION.search(answer)
    written = found[1] if found else answer.strip()
    if not written.startswith("{"):
        return None
    try:
        action = json.loads(written)
    except (ValueError, RecursionError):
        return None
    return action if isinstance(action, dict) and text(action.get("action_type")) else None


def _picture(row: Mapping[str, Any]) -> PictureHeld | None:
    for name in _SCREENS:
        value = row.get(name)
        if isinstance(value, bytes):
            return PictureHeld(value)
        if (found := inert_pickle.pixels(value)) and (picture := _image(found)):
            return picture
    return None


def _image(screen: Pixels) -> PictureHeld | None:
    from PIL import Image

    if len(screen.shape) != 3:
        return None
    height, width, channels = screen.shape
    mode = _MODES.get(channels)
    if mode is None or min(width, height) < 1 or len(screen.data) != width * height * channels:
        return None
    return PictureHeld(Image.frombytes(mode, (width, height), screen.data))


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) else None
