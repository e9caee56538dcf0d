"""
browser-use's history, as `agent.save_history()` writes it; looked at in version 0.13.14.

It says nothing of the task and of the model. Pictures are files, named by their path at that time;
the folder `screenshots` may have come along. Older versions have them in the file.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any, Final

from otel_steps.importing.former import picture_file
from otel_steps.importing.item import Found, PictureFile, PictureHeld, Refused
from otel_steps.importing.opened import READ_ERRORS, document, reason_of
from otel_steps.importing.run import Run, RunStep, mapping, nanoseconds, sequence, text

_SOURCE: Final = "browser-use"


def read(path: Path) -> Iterator[Found]:
    """Return the steps of the run in the file at *path*, and its task."""
    try:
        history = mapping(document(path)).get("history")
    except (*READ_ERRORS, ValueError) as error:
        yield Refused(str(path), reason_of(error))
        return
    if not isinstance(history, list) or not history:
        yield Refused(str(path), "its history has no step")
        return
    steps = []
    for number, entry in enumerate(history, start=1):
        if isinstance(entry, dict):
            steps.append(_step(path, entry))
        else:
            yield Refused(f"{path}, entry {number}", "not a step of browser-use")
    yield from _run(steps, [mapping(each) for each in history]).items()


def _run(steps: list[RunStep], history: list[Mapping[str, Any]]) -> Run:
    last = _results(history[-1])[-1:] or [{}]
    is_done, is_successful = last[0].get("is_done"), last[0].get("success")
    error = text(last[0].get("error"))
    is_failed = is_successful is False or error
    status = "failed" if is_failed else "completed" if is_done else "interrupted"
    said = text(last[0].get("extracted_content"))
    first = steps[0] if steps else RunStep()
    return Run(
        # The same run in another copy of its file is the same task.
        key=(first.start, len(steps) and first.thinking, _first_url(history)),
        source=_SOURCE,
        agent=_SOURCE,
        status=status,
        result=said if is_done else None,
        error=error or (said if is_failed else None),
        steps=steps,
    )


def _first_url(history: list[Mapping[str, Any]]) -> str:
    return str(mapping(history[0].get("state")).get("url"))


def _step(path: Path, entry: Mapping[str, Any]) -> RunStep:
    output, state = mapping(entry.get("model_output")), mapping(entry.get("state"))
    metadata, results = mapping(entry.get("metadata")), _results(entry)
    # Before 0.2 the words stood one level down.
    words = {**mapping(output.get("current_state")), **output}
    actions = [_action(each) for each in sequence(output.get("action")) if isinstance(each, dict)]
    _place(actions, results)
    errors = [each for result in results if (each := text(result.get("error")))]
    names = ("next_goal", "memory", "evaluation_previous_goal")
    data = {name: words[name] for name in names if text(words.get(name))}
    elements = [each for each in sequence(state.get("interacted_element")) if each]
    return RunStep(
        start=nanoseconds(metadata.get("step_start_time")),
        end=nanoseconds(metadata.get("step_end_time")),
        thinking=text(words.get("thinking")) or text(words.get("next_goal")),
        actions=actions,
        coordinates="pixel" if any("coordinate" in each for each in actions) else None,
        result=_told(results),
        error="\n".join(errors) or None,
        is_final=any(result.get("is_done") is True for result in results),
        app=text(state.get("url")),
        data={**data, **({"elements": elements} if elements else {})},
        tokens=(metadata.get("input_tokens"), None),
        picture=_picture(path, state),
    )


def _results(entry: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [each for each in sequence(entry.get("result")) if isinstance(each, dict)]


def _action(action: Mapping[str, Any]) -> dict[str, Any]:
    """Return `{"click": {"index": 5}}` as our actions are: the name beside the arguments."""
    for name, arguments in action.items():
        if isinstance(arguments, Mapping):
            return {"action": name, **{k: arguments[k] for k in arguments if k != "action"}}
        return {"action": name} if arguments is None else {"action": name, "arguments": arguments}
    return {}


def _place(actions: list[dict[str, Any]], results: list[Mapping[str, Any]]) -> None:
    """Say where a click has hit: its result knows that in pixels of the page."""
    for action, result in zip(actions, results, strict=False):
        said = mapping(result.get("metadata"))
        x, y = said.get("click_x"), said.get("click_y")
        if isinstance(x, int | float) and isinstance(y, int | float):
            action.setdefault("coordinate", [x, y])


def _told(results: list[Mapping[str, Any]]) -> Any:
    names = ("extracted_content", "error", "success", "attachments")
    told = [{name: each[name] for name in names if each.get(name) is not None} for each in results]
    told = [each for each in told if each]
    return told[0] if len(told) == 1 else told or None


def _picture(path: Path, state: Mapping[str, Any]) -> PictureFile | PictureHeld | None:
    held, named = text(state.get("screenshot")), text(state.get("screenshot_path"))
    if held:
        return PictureHeld(held)
    if not named:
        return None
    windows = "\\" in named
    name = PureWindowsPath(named).name if windows else PurePosixPath(named).name
    return picture_file([f"screenshots/{name}", name, named], [path.absolute().parent])
