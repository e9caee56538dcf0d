"""A task as Markdown, for a bug report or for a model to read: what was done, and what failed."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from otel_steps.action.words import action_argument, action_name
from otel_steps.reporting.places import place_text
from otel_steps.reporting.recorded_task import RecordedTask, Side
from otel_steps.sanitize import to_json

# Of the steps told in full; a run of a thousand failures has one reason.
_MOST_IN_FULL: Final = 20
_BACKTICKS: Final = re.compile("`+")
# What would be markup in a line of its own; a fence takes care of the rest.
_MARKUP: Final = re.compile(r"([\\`*_{}\[\]<>#|])")

# Returns where a picture is, for a link; None where it is not to be shown.
Address = Callable[[Mapping[str, Any]], str | None]


def markdown(tasks: Sequence[RecordedTask], address: Address) -> Iterator[str]:
    """Yield the lines of a report: of several tasks first a table, then each as `_task` has it."""
    if len(tasks) > 1:
        yield f"# {len(tasks)} runs"
        yield ""
        yield "| run | task | status | steps | failed | why |"
        yield "|---|---|---|---|---|---|"
        for number, task in enumerate(tasks, start=1):
            yield f"| {number} | {' | '.join(_cells(task))} |"
        yield ""
    for number, task in enumerate(tasks):
        if number:
            yield ""
        yield from _task(task, address)


def _cells(task: RecordedTask) -> Iterator[str]:
    yield plain_line(task.row["task_id"])
    yield plain_line(task.row["status"])
    yield str(task.index["count"])
    yield str(task.index["success"].count(False))
    yield "" if task.why is None else plain_line(task.why["sentence"]["en"])


def _task(task: RecordedTask, address: Address) -> Iterator[str]:
    """
    Yield the lines of a task: its facts, a line for each step, and in full what went wrong.

    In full are the steps that failed, are flagged or show why it did not end well, and the last one
    of such a task.
    """
    yield f"# {plain_line(task.row['task_description'] or task.row['task_id'])}"
    yield ""
    yield from _facts(task.row)
    if task.why is not None:
        yield f"- why: {plain_line(task.why['sentence']['en'])}"
    yield ""
    yield "## Steps"
    yield ""
    for at in range(task.index["count"]):
        yield _listed(task, at)
    in_full = worth_a_look(task)
    if in_full:
        yield ""
        yield "## Worth a look"
    for at in in_full[:_MOST_IN_FULL]:
        yield ""
        yield from _told(task, at, address)
    if len(in_full) > _MOST_IN_FULL:
        yield ""
        yield f"{len(in_full) - _MOST_IN_FULL} more such steps are left out."


def _facts(row: Mapping[str, Any]) -> Iterator[str]:
    names = {
        "task": "task_id",
        "status": "status",
        "agent": "agent",
        "model": "model",
        "device": "device_id",
        "started": "created_at",
        "result": "result",
        "error": "error_message",
    }
    for name, column in names.items():
        if row[column]:
            yield f"- {name}: {plain_line(row[column])}"


def _listed(task: RecordedTask, at: int) -> str:
    index = task.index
    parts = [
        plain_line(index["action"][at] or index["type"][at]),
        plain_line(index["label"][at]),
        place_text(index, at),
        f"in {plain_line(index['app'][at])}" if index["app"][at] else "",
        {True: "ok", False: "**failed**"}.get(
            index["success"][at], plain_line(index["status"][at])
        ),
        ", ".join(f"*{flag}*" for flag in task.flags[at]),
    ]
    return f"{index['number'][at]}. {' '.join(part for part in parts if part)}"


def worth_a_look(task: RecordedTask) -> list[int]:
    """Return where the steps stand that failed, are flagged, show why, or were the last in vain."""
    success, count = task.index["success"], task.index["count"]
    chosen = {at for at in range(count) if success[at] is False or task.flags[at]}
    chosen |= {task.position(number) for number in (task.why["steps"] if task.why else ())}
    if count and task.row["status"] != "completed":
        chosen.add(count - 1)
    return sorted(chosen)


def _told(task: RecordedTask, at: int, address: Address) -> Iterator[str]:
    step = task.step(at)
    name = action_name(step["action"]) or step["step_type"]
    label = action_argument(step["action"])
    yield f"### Step {step['step_number']}: {plain_line(name)} {plain_line(label)}".rstrip()
    texts = {
        "error": step["error_message"] or step["error_kind"],
        "thinking": step["thinking"],
        "action": step["action"],
        "result": step["action_result"],
    }
    for heading, value in texts.items():
        if value is not None:
            yield ""
            yield f"{heading}:"
            yield ""
            yield from _fenced(value if isinstance(value, str) else to_json(value))
    sides: tuple[Side, ...] = ("before", "after")
    for side in sides:
        found = task.picture(at, side)
        if found is not None and (link := address(found)) is not None:
            yield ""
            yield f"![step {step['step_number']}, {side}](<{link}>)"


def _fenced(text: str) -> Iterator[str]:
    """Yield *text* so that nothing in it is markup."""
    longest = max((len(run) for run in _BACKTICKS.findall(text)), default=0)
    fence = "`" * max(3, longest + 1)
    yield fence
    yield text
    yield fence


def plain_line(value: Any) -> str:
    """Return *value* in one line in which nothing is markup."""
    return "" if value is None else _MARKUP.sub(r"\\\1", " ".join(str(value).split()))
