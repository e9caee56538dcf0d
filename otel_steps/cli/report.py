"""`otel-steps report`: one task, step by step."""

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final, TextIO

import typer
from rich.console import Console
from rich.text import Text

from otel_steps import semconv
from otel_steps.cli.export import STDOUT, ExportFormat, export_
from otel_steps.cli.find_task import find_task
from otel_steps.cli.options import DirOption, StoreOption
from otel_steps.cli.reading import reading
from otel_steps.cli.tasks import status_text
from otel_steps.cli.terminal import CommandError, err, out, print_json, write_json
from otel_steps.cli.wording import (
    action_text,
    duration_text,
    one_line,
    plain,
    task_duration_ms,
    time_text,
)

_MOST_WIDTH: Final = 100


class ReportFormat(StrEnum):
    """How a report is printed."""

    TEXT = "text"
    JSON = "json"
    HTML = "html"


def report(
    task: Annotated[
        str, typer.Argument(metavar="TASK", help="Id of a task, its beginning, or `latest`.")
    ],
    form: Annotated[
        ReportFormat, typer.Option("--format", help="For people, for scripts, or for a browser.")
    ] = ReportFormat.TEXT,
    output: Annotated[
        Path | None, typer.Option(help="Write to this file in place of stdout.", show_default=False)
    ] = None,
    store: StoreOption = None,
    folder: DirOption = None,
) -> None:
    """Show a task with all its steps."""
    if form is ReportFormat.HTML:
        export_(task, ExportFormat.HTML, output or STDOUT, store, folder)
        return
    with reading(store, folder) as opened:
        data = opened.store.report(find_task(opened.store, task))
    if data is None:
        raise CommandError(f"the task {task!r} is gone: it was removed while it was looked up")
    if output is None:
        _print(data, form)
        return
    with output.open("w", encoding="utf-8", newline="\n") as file:
        _write(data, form, file)
    err.print(f"written to {output}", soft_wrap=True)


def _print(data: Mapping[str, Any], form: ReportFormat) -> None:
    if form is ReportFormat.JSON:
        print_json(data)
    else:
        _print_text(data, out)


def _write(data: Mapping[str, Any], form: ReportFormat, file: TextIO) -> None:
    if form is ReportFormat.JSON:
        write_json(data, file)
    else:
        _print_text(
            data, Console(file=file, width=_MOST_WIDTH, markup=False, emoji=False, highlight=False)
        )


def _print_text(data: Mapping[str, Any], console: Console) -> None:
    _print_head(data["task"], console)
    for step in data["steps"]:
        _print_step(step, console)
    facts = data["statistics"]
    console.print(
        f"{facts['total_steps']} steps: {facts['successful_steps']} ok, "
        f"{facts['failed_steps']} failed ({facts['success_rate']:.0%} ok); "
        f"{duration_text(facts['average_step_duration_ms'])} a step, "
        f"{facts['screenshots_count']} screenshots",
        style="bold",
    )


def _print_head(task: Mapping[str, Any], console: Console) -> None:
    console.print(Text(plain(task["task_description"]) or "(no description)", "bold"))
    who = (task["agent"], task["model"], task["device_id"])
    facts = {
        "task": task["task_id"],
        "status": status_text(task["status"]),
        "agent": ", ".join(one_line(each) for each in who if each),
        "started": time_text(task["created_at"]),
        "duration": duration_text(task_duration_ms(task)),
        "result": task["result"],
        "error": None if task["error_message"] == task["status"] else task["error_message"],
    }
    for name, value in facts.items():
        if value:
            text = value if isinstance(value, Text) else Text(plain(value))
            console.print(Text.assemble(Text(f"{name:<9}", "dim"), text), soft_wrap=True)
    console.print()


def _print_step(step: Mapping[str, Any], console: Console) -> None:
    console.print(_step_head(step), soft_wrap=True)
    if step["error_kind"] or step["error_message"]:
        parts = (plain(step["error_kind"]), plain(step["error_message"]))
        _print_indented(Text(": ".join(part for part in parts if part), "red"), console)
    if step["thinking"]:
        _print_indented(Text(plain(step["thinking"])), console)
    if reason := (step["attributes"] or {}).get(semconv.SCREENSHOT_ERROR):
        _print_indented(Text(f"picture: {plain(reason)}", "yellow"), console)
    if step["screenshot_path"]:
        # Never wrapped, so that it can be copied.
        console.print(Text(f"    {plain(step['screenshot_path'])}", "dim"), soft_wrap=True)
    console.print()


def _step_head(step: Mapping[str, Any]) -> Text:
    verdict = {True: Text("ok", "green"), False: Text("failed", "red")}
    parts = [
        Text(f"Step {step['step_number']}", "bold"),
        Text(one_line(step["step_type"])),
        Text(action_text(step["action"]), "bold"),
        verdict.get(step["success"], Text(one_line(step["status"]), "cyan")),
        Text(duration_text(step["duration_ms"]), "dim"),
        Text(f"in {one_line(step['app'])}" if step["app"] else "", "dim"),
    ]
    return Text("  ").join(part for part in parts if part)


def _print_indented(text: Text, console: Console) -> None:
    width = min(console.width, _MOST_WIDTH)
    for line in text.wrap(console, width - 4):
        line.rstrip()
        console.print(Text("    ").append(line), soft_wrap=True)
