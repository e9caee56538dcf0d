"""`otel-steps similar`: steps of other tasks that began on such a screen."""

from collections.abc import Mapping
from typing import Annotated, Any, Final

import typer
from rich.text import Text

from otel_steps.cli.asking import asking
from otel_steps.cli.find_task import find_task
from otel_steps.cli.options import DirOption, JsonOption, StoreOption, TaskArgument
from otel_steps.cli.step import NumberArgument
from otel_steps.cli.tasks_table import status_text
from otel_steps.cli.terminal import err, out, print_json
from otel_steps.cli.wording import one_line
from otel_steps.stores.similar import MAX_SIMILAR

_USUAL: Final = 12


def similar(
    task: TaskArgument,
    number: NumberArgument,
    limit: Annotated[
        int, typer.Option(min=1, max=MAX_SIMILAR, help="At most so many tasks.")
    ] = _USUAL,
    as_json: JsonOption = False,
    store: StoreOption = None,
    folder: DirOption = None,
) -> None:
    """
    Find other tasks that came to a screen like the one before a step.

    Of each task the step whose screen looks most like it; `picture TASK N` has its picture.
    """
    with asking(store, folder) as (opened, recording):
        found = recording.similar(find_task(opened, task), number, limit)
    if as_json:
        print_json(found)
        return
    for step in found["similar"]:
        out.print(_line(step), soft_wrap=True)
    if not found["similar"]:
        err.print(f"no other task has a screen like the one before step {number}", style="dim")


def _line(step: Mapping[str, Any]) -> Text:
    likeness = "same" if step["bits"] == 0 else f"{1 - step['bits'] / 64:.0%}"
    parts = (
        Text(f"{likeness:>4}", "bold"),
        Text(one_line(step["task_id"])),
        Text(f"step {step['step_number']}"),
        status_text(step["status"]),
        Text(one_line(step["task_description"]), "dim"),
    )
    return Text("  ").join(parts)
