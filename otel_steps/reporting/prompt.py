"""
Tasks as compact text for a language model: what was wanted, each step in a line, what went wrong.

It has no markup and no pictures, and an end: a run of a thousand steps is told by its ends and by
what is odd in it.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from otel_steps.action.words import action_name
from otel_steps.reporting.markdown import worth_a_look
from otel_steps.reporting.places import place_text
from otel_steps.reporting.recorded_task import RecordedTask
from otel_steps.sanitize import to_json

_FIRST: Final = 20
_LAST: Final = 40
# Of the steps that are told in full.
_MOST_IN_FULL: Final = 8
_THOUGHT_CHARS: Final = 160
_TEXT_CHARS: Final = 1200


def prompt(tasks: Sequence[RecordedTask]) -> Iterator[str]:
    """Yield the lines of the text."""
    yield (
        "What an agent did on a screen, as it was recorded. Places are 0 to 1000 of the screen's "
        "width and height."
    )
    for number, task in enumerate(tasks, start=1):
        yield ""
        yield from _task(task, f"RUN {number} OF {len(tasks)}: " if len(tasks) > 1 else "TASK: ")


def _task(task: RecordedTask, head: str) -> Iterator[str]:
    row, index = task.row, task.index
    yield head + _line(row["task_description"] or row["task_id"])
    failed = index["success"].count(False)
    facts = [row["status"] or "unknown", f"{index['count']} steps, {failed} failed"]
    facts += [_line(row[name]) for name in ("agent", "model", "device_id") if row[name]]
    yield "; ".join(facts)
    if task.why is not None:
        yield f"WHY: {_line(task.why['sentence']['en'])}"
    for name in ("result", "error_message"):
        if row[name] and row[name] != row["status"]:
            yield f"{'RESULT' if name == 'result' else 'ERROR'}: {_cut(_line(row[name]))}"
    if index["count"]:
        yield "STEPS (number, action, place, app, outcome, flags | thinking):"
    in_full = worth_a_look(task)
    yield from _steps(task, in_full)
    for at in in_full[:_MOST_IN_FULL]:
        yield from _told(task, at)
    if len(in_full) > _MOST_IN_FULL:
        yield f"{len(in_full) - _MOST_IN_FULL} more steps that failed or are odd."


def _steps(task: RecordedTask, in_full: Sequence[int]) -> Iterator[str]:
    count = task.index["count"]
    chosen = {*range(min(_FIRST, count)), *range(max(count - _LAST, 0), count)}
    chosen |= set(in_full[:_LAST])
    before = -1
    for at in sorted(chosen):
        if at > before + 1:
            yield f"({at - before - 1} steps left out)"
        yield _listed(task, at)
        before = at


def _listed(task: RecordedTask, at: int) -> str:
    index = task.index
    outcome = {True: "ok", False: "FAILED"}.get(index["success"][at], index["status"][at])
    parts = [
        f"{index['number'][at]}.",
        _line(index["action"][at] or index["type"][at]),
        _line(index["label"][at]),
        place_text(index, at),
        f"[{_line(index['app'][at])}]" if index["app"][at] else "",
        _line(outcome),
        ",".join(task.flags[at]),
    ]
    thought = _line(task.steps.get(index["id"][at], {}).get("thinking"))
    if len(thought) > _THOUGHT_CHARS:
        thought = thought[: _THOUGHT_CHARS - 1] + "…"
    return " ".join(part for part in parts if part) + (f" | {thought}" if thought else "")


def _told(task: RecordedTask, at: int) -> Iterator[str]:
    step: Mapping[str, Any] = task.steps.get(task.index["id"][at], {})
    texts = {
        "error": step.get("error_message") or step.get("error_kind"),
        "thinking": step.get("thinking"),
        "action": step.get("action"),
        "result": step.get("action_result"),
    }
    name = action_name(step.get("action")) or task.index["type"][at]
    yield f"STEP {task.index['number'][at]} IN FULL: {_line(name)}"
    for heading, value in texts.items():
        if value is not None:
            text = value if isinstance(value, str) else to_json(value)
            yield f"{heading}: {_cut(text.strip())}"


def _line(value: Any) -> str:
    return "" if value is None else " ".join(str(value).split())


def _cut(text: str) -> str:
    return text if len(text) <= _TEXT_CHARS else f"{text[:_TEXT_CHARS]}… ({len(text)} characters)"
