"""`otel-steps steps`: the steps of a task, a line each."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer
from rich.text import Text

from otel_steps.asking import Chosen
from otel_steps.cli.asking import asking
from otel_steps.cli.find_task import find_task
from otel_steps.cli.options import DirOption, JsonOption, StoreOption, TaskArgument
from otel_steps.cli.report import error_text, step_head
from otel_steps.cli.terminal import USAGE_ERROR, CommandError, err, out, print_json
from otel_steps.cli.wording import counted, one_line


def steps(
    task: TaskArgument,
    errors_only: Annotated[
        bool, typer.Option("--errors-only", help="Only steps that failed.")
    ] = False,
    flagged: Annotated[
        bool, typer.Option("--flagged", help="Only steps at which something is odd.")
    ] = False,
    as_json: JsonOption = False,
    store: StoreOption = None,
    folder: DirOption = None,
) -> None:
    """List the steps of a task, a line each."""
    if errors_only and flagged:
        raise CommandError("--errors-only and --flagged: use one of them", status=USAGE_ERROR)
    chosen: Chosen = "failed" if errors_only else "flagged" if flagged else "all"
    with asking(store, folder) as (opened, recording):
        found = recording.steps(find_task(opened, task), chosen=chosen)
    if as_json:
        print_json(found)
        return
    for step in found["steps"]:
        out.print(_line(step), soft_wrap=True)
    left_out = found["count"] - found["chosen"]
    kind = {"failed": "did not fail", "flagged": "are not flagged"}.get(chosen)
    if left_out:
        err.print(f"{counted(left_out, 'other step')} of {found['count']} {kind}", style="dim")


def _line(step: Mapping[str, Any]) -> Text:
    head = step_head(step, step["flags"])
    error = error_text(step)
    return Text.assemble(head, "  ", Text(one_line(error), "red")) if error else head
