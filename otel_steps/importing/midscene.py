"""
Midscene's dumps (`*.json` of a run) and reports (HTML pages that hold dumps and pictures).

A dump has executions, each with tasks of the kinds Planning, Insight and Action Space. An execution
is a task here, and what Midscene calls a task is a step. A report has the dump of an execution anew
each time that something is added; the last one counts. Pictures stand in the dump, in the report as
elements of their own, or in files beside it. Looked at in the versions 0.30 to 1.9.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from otel_steps.importing.former import picture_file
from otel_steps.importing.item import Found, PictureFile, PictureHeld, Refused
from otel_steps.importing.opened import READ_ERRORS, document, opened, parsed, reason_of, whole
from otel_steps.importing.run import Run, RunStep, mapping, nanoseconds, sequence, text

_SOURCE: Final = "midscene"
_AGENT: Final = "Midscene"
_ELEMENT: Final = re.compile(rb"<script\b([^>]*)>(.*?)</script>", re.DOTALL)
_IMAGE: Final = re.compile(rb'type="midscene-image"')
_DUMP: Final = re.compile(rb'type="midscene_web_dump"')
_ID: Final = re.compile(rb'data-id="([^"]+)"')
_FAILED: Final = ("failed", "timedOut")
# In the picture of a step is what the agent saw before it acted.
_REFERENCE: Final = "midscene_screenshot_ref"


@dataclass(frozen=True, slots=True)
class _Pictures:
    """Pictures by their id, and the folder of the file that names others by their path."""

    held: Mapping[str, str]
    folder: Path

    def of(self, screenshot: Any) -> PictureFile | PictureHeld | None:
        """Return the picture that a dump gives, or refers to."""
        if source := text(screenshot) or text(mapping(screenshot).get("base64")):
            return PictureHeld(self.held.get(source, source))
        reference = mapping(screenshot)
        if source := self.held.get(str(reference.get("id") or reference.get("$screenshot"))):
            return PictureHeld(source)
        path = text(reference.get("path"))
        return picture_file([path], [self.folder]) if path and _is_inside(path) else None


def _is_inside(path: str) -> bool:
    parts = path.replace("\\", "/").split("/")
    return not any(part == ".." or ":" in part for part in parts) and not path.startswith("/")


def read_dump(path: Path) -> Iterator[Found]:
    """Return the executions of the dump at *path*."""
    try:
        dump = document(path)
    except (*READ_ERRORS, ValueError) as error:
        yield Refused(str(path), reason_of(error))
        return
    yield from _dumps(path, [dump], {})


def read_report(path: Path) -> Iterator[Found]:
    """Return the executions of the report at *path*."""
    dumps: list[Any] = []
    held: dict[str, str] = {}
    try:
        with opened(path) as file:
            page = whole(file)
    except (*READ_ERRORS, ValueError) as error:
        yield Refused(str(path), reason_of(error))
        return
    for number, element in enumerate(_ELEMENT.finditer(page), start=1):
        head, content = element[1], element[2].strip()
        if _IMAGE.search(head) and (name := _ID.search(head)):
            held[name[1].decode(errors="replace")] = content.decode(errors="replace")
        elif _DUMP.search(head) and content:
            try:
                dumps.append(parsed(_unescaped(content)))
            except ValueError as error:
                yield Refused(f"{path}, script {number}", str(error))
    if not dumps:
        yield Refused(str(path), "a report of Midscene without a dump")
    yield from _dumps(path, dumps, held)


def _unescaped(content: bytes) -> bytes:
    # Versions before 1 have written both signs so, wherever they stood; what later ones do to the
    # end of an element is JSON's own way to write a slash.
    return content.replace(b"__midscene_lt__", b"<").replace(b"__midscene_gt__", b">")


def _dumps(path: Path, dumps: list[Any], held: Mapping[str, str]) -> Iterator[Found]:
    pictures = _Pictures(held, path.absolute().parent)
    found: dict[tuple[Any, ...], Run] = {}
    for dump in map(mapping, dumps):
        for execution in map(mapping, sequence(dump.get("executions"))):
            run = _run(dump, execution, pictures)
            found[tuple(run.key)] = run
    if dumps and not found:
        yield Refused(str(path), "a dump of Midscene without an execution")
    for run in found.values():
        yield from run.items()


def _run(dump: Mapping[str, Any], execution: Mapping[str, Any], pictures: _Pictures) -> Run:
    tasks = [each for each in sequence(execution.get("tasks")) if isinstance(each, dict)]
    steps = [_step(each, pictures) for each in tasks]
    last = tasks[-1] if tasks else {}
    error = steps[-1].error if steps else None
    running = last.get("status") in ("pending", "running")
    cancelled = last.get("status") == "cancelled"
    status = "interrupted" if running else "cancelled" if cancelled else "completed"
    name = text(execution.get("name"))
    begun = nanoseconds(execution.get("logTime"))
    models = [
        each for step in tasks if (each := text(mapping(step.get("usage")).get("model_name")))
    ]
    # `logTime` moves on with each write in some versions; a task's beginning stays.
    first = next((step.start for step in steps if step.start), begun)
    return Run(
        key=(dump.get("groupName"), execution.get("id") or name, first),
        source=_SOURCE,
        agent=_AGENT,
        description=_asked(tasks) or name,
        model=models[0] if models else None,
        status="failed" if error else status,
        result=text(last.get("output")),
        error=error,
        start=first,
        config={"group": dump["groupName"]} if text(dump.get("groupName")) else {},
        steps=steps,
    )


def _asked(tasks: Sequence[Mapping[str, Any]]) -> str | None:
    asked = (text(mapping(each.get("param")).get("userInstruction")) for each in tasks)
    return next((each for each in asked if each), None)


def _step(task: Mapping[str, Any], pictures: _Pictures) -> RunStep:
    timing, usage = mapping(task.get("timing")), mapping(task.get("usage"))
    output = task.get("output")
    thoughts = (task.get("thought"), mapping(output).get("thought"), mapping(output).get("log"))
    name = " ".join(each for key in ("type", "subType") if (each := text(task.get(key))))
    message = text(task.get("errorMessage")) or text(mapping(task.get("error")).get("message"))
    is_failed = task.get("status") in _FAILED
    spent = usage.get("time_cost")
    action = _action(task, name)
    return RunStep(
        start=nanoseconds(timing.get("start")),
        end=nanoseconds(timing.get("end")),
        thinking=next((each for each in map(text, thoughts) if each), None)
        or text(task.get("reasoning_content")),
        actions=[action],
        coordinates="pixel" if "locate" in action else None,
        result=None if output is None else _without_pictures(output),
        error=(message or name or "failed") if is_failed or message else None,
        data={"midscene": name} if name else {},
        model_ms=float(spent) if isinstance(spent, int | float) else None,
        tokens=(usage.get("prompt_tokens"), usage.get("completion_tokens")),
        picture=_picture(task, pictures),
    )


def _action(task: Mapping[str, Any], name: str) -> dict[str, Any]:
    param = task.get("param")
    given = mapping(_without_pictures(param)) or ({} if param is None else {"value": param})
    is_action = task.get("type") in ("Action Space", "Action")
    action = text(task.get("subType")) if is_action else None
    return {"action": action or name, **{key: given[key] for key in given if key != "action"}}


def _picture(task: Mapping[str, Any], pictures: _Pictures) -> PictureFile | PictureHeld | None:
    context = mapping(task.get("uiContext"))
    shown = [context.get("screenshot"), context.get("screenshotBase64")]
    shown += [mapping(each).get("screenshot") for each in sequence(task.get("recorder"))]
    return next((found for each in shown if each and (found := pictures.of(each))), None)


def _without_pictures(value: Any) -> Any:
    """Return *value* without what stands for a picture: the step has its own."""
    if isinstance(value, list):
        return [_without_pictures(each) for each in value]
    if not isinstance(value, dict):
        return "…" if isinstance(value, str) and value.startswith("data:image/") else value
    if value.get("type") == _REFERENCE:
        return "…"
    return {key: _without_pictures(each) for key, each in value.items() if key != "uiContext"}
