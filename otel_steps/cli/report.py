"""`otel-steps report`: tasks, step by step."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final, TextIO

import typer
from rich.console import Console
from rich.text import Text

from otel_steps import semconv
from otel_steps.cli.export_files import STDOUT
from otel_steps.cli.find_task import find_task
from otel_steps.cli.flag_words import FLAG_WORDS, flag_text
from otel_steps.cli.options import DirOption, PublicOption, StoreOption, TasksArgument
from otel_steps.cli.reading import Opened, reading
from otel_steps.cli.report_files import write_markdown, write_page, write_prompt
from otel_steps.cli.tasks_table import status_text
from otel_steps.cli.terminal import CommandError, err, fact_line, out, print_json, write_json
from otel_steps.cli.wording import (
    action_text,
    cost_text,
    counted,
    duration_text,
    one_line,
    plain,
    task_duration_ms,
    time_text,
    tokens_text,
)
from otel_steps.exporting import reader_of
from otel_steps.pricing import price_table
from otel_steps.pricing.usage import with_usage
from otel_steps.rows.flags import flags_of, summary_of
from otel_steps.why.reading import why_of_task

# Id of a step -> its flags.
StepFlags = Mapping[str, list[str]]

_MOST_WIDTH: Final = 100


class ReportFormat(StrEnum):
    """How a report is printed."""

    TEXT = "text"
    JSON = "json"
    HTML = "html"
    MD = "md"
    PROMPT = "prompt"


class ReportLanguage(StrEnum):
    """What a page is written in."""

    EN = "en"
    ZH = "zh"


def report(
    tasks: TasksArgument,
    form: Annotated[
        ReportFormat,
        typer.Option(
            "--format",
            help="For people, scripts, browsers and paper, bug reports, or a language model.",
        ),
    ] = ReportFormat.TEXT,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="The file to write to; `-` is stdout.")
    ] = STDOUT,
    language: Annotated[
        ReportLanguage, typer.Option(help="Of a page; its recorded texts are as they are.")
    ] = ReportLanguage.EN,
    in_public: PublicOption = False,
    store: StoreOption = None,
    folder: DirOption = None,
) -> None:
    """
    Show tasks with all their steps.

    A page (`html`) is one file with all pictures, to be read, printed or sent; it needs no script.
    Of several tasks a page and Markdown begin with a table of the runs.
    """
    match form:
        case ReportFormat.HTML:
            write_page(tasks, output, language.value, store, folder, in_public=in_public)
        case ReportFormat.MD:
            write_markdown(tasks, output, store, folder, in_public=in_public)
        case ReportFormat.PROMPT:
            write_prompt(tasks, output, store, folder, in_public=in_public)
        case _:
            _write_rows(tasks, output, form, store, folder, in_public=in_public)


def _write_rows(
    tasks: Sequence[str],
    output: Path,
    form: ReportFormat,
    store: str | None,
    folder: Path | None,
    *,
    in_public: bool,
) -> None:
    with reading(store, folder) as opened:
        reports = [_report_of(opened, task, in_public=in_public) for task in tasks]
    if output == STDOUT:
        _print(reports, form)
        return
    with output.open("w", encoding="utf-8", newline="\n") as file:
        _write(reports, form, file)
    err.print(f"written to {output}", soft_wrap=True)


def _report_of(
    opened: Opened, task: str, *, in_public: bool
) -> tuple[Mapping[str, Any], StepFlags]:
    task_id = find_task(opened.store, task)
    reader = reader_of(opened.store, task_id, in_public=in_public)
    data = reader.report(task_id)
    if data is None:
        raise CommandError(f"the task {task!r} is gone: it was removed while it was looked up")
    index = reader.index(task_id)
    why = why_of_task(reader, data["task"], index)
    data = {**with_usage(data, price_table.load(opened.settings.prices)), "why": why}
    # By id: a task that runs has more steps at the second look.
    flags = dict(zip(index["id"], flags_of(index), strict=True)) if index is not None else {}
    return data, flags


Reports = Sequence[tuple[Mapping[str, Any], StepFlags]]


def _print(reports: Reports, form: ReportFormat) -> None:
    if form is ReportFormat.JSON:
        print_json(_as_json(reports))
    else:
        _print_texts(reports, out)


def _write(reports: Reports, form: ReportFormat, file: TextIO) -> None:
    if form is ReportFormat.JSON:
        write_json(_as_json(reports), file)
    else:
        console = Console(file=file, width=_MOST_WIDTH, markup=False, emoji=False, highlight=False)
        _print_texts(reports, console)


def _as_json(reports: Reports) -> Any:
    """Return the report of one task as it is, those of several as a list."""
    return reports[0][0] if len(reports) == 1 else [data for data, _ in reports]


def _print_texts(reports: Reports, console: Console) -> None:
    for number, (data, flags) in enumerate(reports):
        if number:
            console.print()
        _print_text(data, flags, console)


def _print_text(data: Mapping[str, Any], flags: StepFlags, console: Console) -> None:
    _print_head(data["task"], data["why"], console)
    for step in data["steps"]:
        _print_step(step, flags.get(step["id"], []), console)
    facts = data["statistics"]
    console.print(
        f"{counted(facts['total_steps'], 'step')}: {facts['successful_steps']} ok, "
        f"{facts['failed_steps']} failed ({facts['success_rate']:.0%} ok); "
        f"{duration_text(facts['average_step_duration_ms'])} a step, "
        f"{counted(facts['screenshots_count'], 'screenshot')}",
        style="bold",
    )
    if used := data["usage"]:
        console.print(_usage_text(used), soft_wrap=True)
    if flagged := summary_of([flags.get(step["id"], []) for step in data["steps"]]):
        counts = {name: len(positions) for name, positions in flagged.items()}
        console.print(f"worth a look: {flag_text(counts)}", style="bold yellow", soft_wrap=True)


def _print_head(task: Mapping[str, Any], why: Mapping[str, Any] | None, console: Console) -> None:
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
        "why": None if why is None else why["sentence"]["en"],
    }
    for name, value in facts.items():
        if value:
            text = value if isinstance(value, Text) else Text(plain(value))
            console.print(fact_line(name, text), soft_wrap=True)
    console.print()


def _print_step(step: Mapping[str, Any], flags: list[str], console: Console) -> None:
    if missing := (step["attributes"] or {}).get(semconv.STEP_MISSING):
        console.print(Text(f"steps that are missing here: {plain(missing)}", "yellow"))
        console.print()
    console.print(step_head(step, flags), soft_wrap=True)
    if error := error_text(step):
        _print_indented(Text(error, "red"), console)
    if step["thinking"]:
        _print_indented(Text(plain(step["thinking"])), console)
    if step["screenshot_path"]:
        # Never wrapped, so that it can be copied.
        console.print(Text(f"    {plain(step['screenshot_path'])}", "dim"), soft_wrap=True)
    if note := _picture_note(step):
        _print_indented(Text(note, "yellow"), console)
    console.print()


def _picture_note(step: Mapping[str, Any]) -> str:
    """Return what is to be said of the picture of a step: why there is none, or a black one."""
    attributes = step["attributes"] or {}
    if error := attributes.get(semconv.SCREENSHOT_ERROR):
        return f"picture: {plain(error)}"
    is_awaited = attributes.get(semconv.SCREENSHOT_SHA256) and not step["screenshot_path"]
    return "picture: on its way to the store" if is_awaited else ""


def error_text(step: Mapping[str, Any]) -> str:
    """Return kind and message of the error of a step, "" where it had none."""
    parts = (plain(step["error_kind"]), plain(step["error_message"]))
    return ": ".join(part for part in parts if part)


def step_head(step: Mapping[str, Any], flags: list[str]) -> Text:
    """Return what a step did and how it ended, in one line."""
    verdict = {True: Text("ok", "green"), False: Text("failed", "red")}
    parts = [
        Text(f"Step {step['step_number']}", "bold"),
        Text(one_line(step["step_type"])),
        Text(action_text(step["action"]), "bold"),
        verdict.get(step["success"], Text(one_line(step["status"]), "cyan")),
        Text(duration_text(step["duration_ms"]), "dim"),
        Text(f"in {one_line(step['app'])}" if step["app"] else "", "dim"),
        Text(tokens_text(step), "dim"),
        Text(", ".join(FLAG_WORDS[name] for name in flags), "yellow"),
    ]
    return Text("  ").join(part for part in parts if part)


def _usage_text(used: Mapping[str, Any]) -> str:
    return f"{tokens_text(used)}; {cost_text(used)} (prices of {used['prices_date']})"


def _print_indented(text: Text, console: Console) -> None:
    width = min(console.width, _MOST_WIDTH)
    for line in text.wrap(console, width - 4):
        line.rstrip()
        console.print(Text("    ").append(line), soft_wrap=True)
