"""`otel-steps step`: all of one step of a task."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer
from rich.text import Text

from otel_steps.cli.asking import asking, place_of
from otel_steps.cli.find_task import find_task
from otel_steps.cli.options import DirOption, JsonOption, StoreOption, TaskArgument
from otel_steps.cli.report import error_text, step_head
from otel_steps.cli.terminal import fact_line, out, print_json
from otel_steps.cli.wording import plain, time_text
from otel_steps.sanitize import to_json

NumberArgument = Annotated[
    int, typer.Argument(metavar="N", help="The number of the step, as `steps` lists it.")
]


def step(
    task: TaskArgument,
    number: NumberArgument,
    as_json: JsonOption = False,
    store: StoreOption = None,
    folder: DirOption = None,
) -> None:
    """Show what a step saw, thought, did and led to."""
    with asking(store, folder) as (opened, recording):
        found = recording.step(find_task(opened, task), number)
    if as_json:
        print_json(found)
    else:
        _print(found)


def _print(step: Mapping[str, Any]) -> None:
    out.print(step_head(step, step["flags"]), soft_wrap=True)
    facts = {
        "error": error_text(step),
        "began": time_text(step["started_at"]),
        "thinking": plain(step["thinking"]),
        "action": _shown(step["action"]),
        "result": _shown(step["action_result"]),
        "before": _place(step["before"]),
        "after": _place(step["after"]),
    }
    for name, text in facts.items():
        if text:
            style = "red" if name == "error" else ""
            out.print(fact_line(name, Text(text, style)), soft_wrap=True)


def _shown(value: Any) -> str:
    return "" if value is None else plain(value if isinstance(value, str) else to_json(value))


def _place(picture: Mapping[str, Any] | None) -> str:
    if picture is None:
        return ""
    return plain(place_of(picture) or f"picture {picture['sha256']}")
