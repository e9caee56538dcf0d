"""`otel-steps demo`: a recording to look at, without a phone and without a model."""

import shlex
import uuid
from collections import Counter
from contextlib import closing
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.text import Text

from otel_steps.cli.options import DirOption, StoreOption, settings_of
from otel_steps.cli.tasks_table import status_text
from otel_steps.cli.terminal import CommandError, err, out, typed_name, warn
from otel_steps.cli.view import run_viewer
from otel_steps.cli.wording import counted, duration_text, one_line, task_duration_ms, waits_text
from otel_steps.config import Settings, redacted_url
from otel_steps.instrumentation.phone_agent import instrument_agent_module
from otel_steps.pipeline import Recording, configure
from otel_steps.rows.model import Batch
from otel_steps.stores import Store, open_database
from otel_steps.stores.json_object import Json

if TYPE_CHECKING:
    from otel_steps.demo.script import DemoTask

_FLUSH_S = 60.0


class Language(StrEnum):
    """Which of the demo's tasks to run."""

    CHINESE = "zh"
    ENGLISH = "en"
    BOTH = "both"


def demo(
    no_open: Annotated[
        bool,
        typer.Option("--no-open", help="Do not open the viewer."),
    ] = False,
    lang: Annotated[Language, typer.Option(help="Language of the tasks.")] = Language.BOTH,
    latency: Annotated[
        float, typer.Option(min=0, help="Seconds that the simulated model thinks.")
    ] = 0.15,
    store: StoreOption = None,
    folder: DirOption = None,
) -> None:
    """Record a simulated phone, so that there is something to look at."""
    # Drawing needs Pillow, which no other command should wait for.
    from otel_steps.demo import agent, script

    settings = settings_of(store, folder)
    with closing(open_database(settings=settings)) as opened:
        opened.write(Batch())  # or fail now, before anything is recorded for nothing
        recording = configure(store=store, dir=folder)
        instrument_agent_module(agent)
        tasks = {str(uuid.uuid4()): task for task in script.tasks(lang)}
        _record(tasks, latency)
        if not recording.flush(_FLUSH_S):
            raise CommandError(_what_waits(recording))
        rows = _rows(opened, list(tasks))
    _print_result(rows)
    out.print(f"\nstore    {redacted_url(settings.store)}", soft_wrap=True)
    out.print(f"folder   {settings.dir}", soft_wrap=True)
    command, where = typed_name(), _options(store, folder)
    out.print(f"details  {command} report {_worth_a_look(rows)}{where}", soft_wrap=True)
    out.print(f"list     {command} tasks{where}", soft_wrap=True)
    if no_open or not out.is_terminal:
        out.print(f"viewer   {command} view{where}", soft_wrap=True)
    else:
        _open_viewer(settings)


def _open_viewer(settings: Settings) -> None:
    """Show the recording until Ctrl-C; without the extra say how to install it."""
    try:
        run_viewer(settings)
    except CommandError as error:
        warn(str(error))


def _options(store: str | None, folder: Path | None) -> str:
    """Return the options that lead another command to the same place; a password stays out."""
    words = []
    if store is not None:
        words.append(f"--store {shlex.quote(redacted_url(store))}")
    if folder is not None:
        words.append(f"--dir {shlex.quote(str(folder))}")
    return "".join(f" {word}" for word in words)


def _record(tasks: "dict[str, DemoTask]", latency_s: float) -> None:
    from otel_steps.demo.agent import AgentConfig, PhoneAgent
    from otel_steps.demo.model import ScriptedModel
    from otel_steps.demo.phone import Phone

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as bar:
        progress = bar.add_task("", total=sum(len(task.replies) for task in tasks.values()))
        phone = Phone()
        for task_id, task in tasks.items():
            bar.update(progress, description=task.description)
            phone.speak(task.lang)
            agent = PhoneAgent(
                phone,
                ScriptedModel(task.replies, latency_s=latency_s),
                AgentConfig(max_steps=task.max_steps, lang=task.lang),
                task_id=task_id,
                on_step=lambda _: bar.advance(progress),
            )
            agent.run(task.description)


def _what_waits(recording: Recording) -> str:
    health = recording.health()
    reason = health.held or "the store has not answered in time"
    waiting = waits_text(spans=health.waiting, pictures=health.pictures_waiting)
    return f"{waiting} in the journal: {reason}; run `otel-steps doctor`"


def _rows(store: Store, task_ids: list[str]) -> list[Json]:
    found = {task_id: store.task(task_id) for task_id in task_ids}
    for task_id, row in found.items():
        if row is None:
            raise CommandError(f"task {task_id} was not recorded; run `otel-steps doctor`")
    return [row for row in found.values() if row is not None]


def _worth_a_look(rows: list[Json]) -> str:
    """Return the id of the task that says most: one that failed, or did not come to its end."""
    ranks = {"failed": 2, "max_steps": 1}
    return str(max(rows, key=lambda row: ranks.get(row["status"], 0))["task_id"])


def _print_result(rows: list[Json]) -> None:
    for row in rows:
        line = Text.assemble(
            (row["task_id"], "bold"),
            "  ",
            status_text(row["status"]),
            f"  {counted(row['total_steps'], 'step')}  {duration_text(task_duration_ms(row))}  ",
            one_line(row["task_description"]),
        )
        out.print(line, soft_wrap=True)
    statuses = Counter(row["status"] or "unknown" for row in rows)
    counts = ", ".join(f"{count} {status}" for status, count in statuses.items())
    out.print(f"{counted(len(rows), 'task')}: {counts}", style="bold")
