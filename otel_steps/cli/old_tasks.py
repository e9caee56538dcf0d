"""What the commands that move or remove old tasks share: rules, and the question before it."""

import sys
from collections.abc import Sequence
from typing import Annotated

import typer
from rich.progress import Progress, TextColumn

from otel_steps.cli.reading import Opened
from otel_steps.cli.terminal import err, out
from otel_steps.config import Retention
from otel_steps.retention.planning import Plan, plan
from otel_steps.stores.removal import Holding

OlderThanOption = Annotated[
    str | None,
    typer.Option(metavar="AGE", help="Tasks in which nothing has happened for 12h, 30d, 8w."),
]
OfStatusOption = Annotated[
    list[str] | None,
    typer.Option("--status", help="Only tasks of this status; may be given again."),
]
OfTagOption = Annotated[
    list[str] | None, typer.Option("--tag", help="Only tasks with this tag; may be given again.")
]
KeepFailedOption = Annotated[
    bool, typer.Option("--keep-failed", help="Keep failed, interrupted and max_steps tasks.")
]
KeepTaggedOption = Annotated[
    bool, typer.Option("--keep-tagged", help="Keep tasks that have tags, notes or scores.")
]
YesOption = Annotated[
    bool, typer.Option("--yes", "-y", help="Do it; else it is only said what would go.")
]


def planned(opened: Opened, rules: Retention) -> Plan:
    """Return what *rules* choose, and show how far the looking has come."""
    columns = (TextColumn("looking at"), TextColumn("{task.completed:,} tasks"))
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as bar:
        row = bar.add_task("", total=None)
        return plan(opened.store, rules, progress=lambda count: bar.update(row, completed=count))


def span_of(going: Sequence[Holding]) -> str:
    """Return from when to when something happened last in tasks, the oldest first."""
    first, last = (each.last_activity[:10] for each in (going[0], going[-1]))
    return f"of {first}" if first == last else f"of {first} to {last}"


def is_agreed(question: str) -> bool:
    """Ask a person; where there is none, nothing is agreed to."""
    if not (sys.stdin.isatty() and out.is_terminal):
        return False
    return typer.confirm(question, err=True)
