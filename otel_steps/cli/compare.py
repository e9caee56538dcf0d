"""`otel-steps compare`: two runs side by side, and where they part."""

from collections.abc import Mapping
from typing import Any

from rich.table import Table
from rich.text import Text

from otel_steps.cli.asking import asking
from otel_steps.cli.find_task import find_task
from otel_steps.cli.options import DirOption, JsonOption, StoreOption, TaskArgument
from otel_steps.cli.tasks_table import status_text
from otel_steps.cli.terminal import out, print_json
from otel_steps.cli.wording import counted, duration_text, one_line


def compare(
    task: TaskArgument,
    other: TaskArgument,
    as_json: JsonOption = False,
    store: StoreOption = None,
    folder: DirOption = None,
) -> None:
    """Show which steps of two tasks answer to each other, and where the runs part."""
    with asking(store, folder) as (opened, recording):
        found = recording.compare(find_task(opened, task), find_task(opened, other))
    if as_json:
        print_json(found)
        return
    for name in ("a", "b"):
        _print_head(name, found[name])
    out.print()
    out.print(_table(found), soft_wrap=True)
    out.print()
    out.print(_verdict(found), style="bold", soft_wrap=True)


def _print_head(name: str, head: Mapping[str, Any]) -> None:
    parts = (
        Text(name.upper(), "bold"),
        Text(one_line(head["task_id"])),
        status_text(head["status"]),
        Text(counted(head["steps"], "step")),
        Text(duration_text(head["total_duration_ms"])),
        Text(one_line(head["model"]), "dim"),
        Text(one_line(head["task_description"])),
    )
    out.print(Text("  ").join(part for part in parts if part), soft_wrap=True)


def _table(found: Mapping[str, Any]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for name in ("", "A", "B"):
        table.add_column(name, no_wrap=True)
    for pair in found["pairs"]:
        mark = Text("*", "bold yellow") if pair == found["diverge"] else Text("")
        table.add_row(mark, _step_text(pair["a"]), _step_text(pair["b"]))
    return table


def _step_text(step: Mapping[str, Any] | None) -> Text:
    if step is None:
        return Text("-", "dim")
    place = f"({step['x']:g}, {step['y']:g})" if None not in (step["x"], step["y"]) else ""
    label = one_line(step["label"])[:30]
    words = (str(step["step_number"]), one_line(step["action"]), label, place)
    style = "red" if step["success"] is False else ""
    return Text(" ".join(word for word in words if word), style)


def _verdict(found: Mapping[str, Any]) -> str:
    at = found["diverge"]
    if at is None:
        return "both do the same, step by step"
    a, b = (at[name] and at[name]["step_number"] for name in ("a", "b"))
    if a is None or b is None:
        name, number = ("B", b) if a is None else ("A", a)
        return f"they part at step {number} of {name}, which the other run does not have"
    return f"they part at step {a} of A and step {b} of B"
