"""`otel-steps tasks`: what has been recorded."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final

import typer
from rich.table import Table
from rich.text import Text

from otel_steps.cli.options import DirOption, JsonOption, StoreOption
from otel_steps.cli.reading import reading
from otel_steps.cli.terminal import USAGE_ERROR, CommandError, err, out, print_json
from otel_steps.cli.wording import (
    STATUS_STYLES,
    duration_text,
    one_line,
    short_ids,
    task_duration_ms,
    time_text,
)
from otel_steps.semconv import TASK_STATUSES

_WIDE: Final = 110


def tasks(
    status: Annotated[
        str | None,
        typer.Option(help="Only tasks that stand so: " + ", ".join(TASK_STATUSES) + "."),
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many, the newest first.")] = 20,
    as_json: JsonOption = False,
    store: StoreOption = None,
    folder: DirOption = None,
) -> None:
    """List the recorded tasks, the newest first."""
    if status is not None and status not in TASK_STATUSES:
        known = ", ".join(TASK_STATUSES)
        raise CommandError(f"unknown status {status!r}; use one of {known}", status=USAGE_ERROR)
    with reading(store, folder) as opened:
        rows = opened.store.tasks(status=status, limit=limit)
    if as_json:
        print_json(rows)
    elif rows:
        out.print(tasks_table(rows, out.width))
    else:
        err.print("no tasks; record some: `otel-steps demo`")


def tasks_table(rows: Sequence[Mapping[str, Any]], width: int) -> Table:
    """Return rows of `tasks` as a table; a narrow one leaves out the device."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("TASK", "STATUS"):
        table.add_column(name, no_wrap=True)
    for name in ("OK", "FAILED", "DURATION"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("STARTED", no_wrap=True)
    # Only a column that may wrap gives way to the others; its text then does not wrap.
    table.add_column("DESCRIPTION")
    if width >= _WIDE:
        table.add_column("DEVICE", no_wrap=True)
    ids = short_ids([row["task_id"] for row in rows])
    for row in rows:
        table.add_row(*_cells(row, ids[row["task_id"]])[: len(table.columns)])
    return table


def _cells(row: Mapping[str, Any], short_id: str) -> list[Text]:
    failed = row["failed_steps"] or 0
    return [
        Text(one_line(short_id)),
        status_text(row["status"]),
        Text(str(row["successful_steps"] or 0)),
        Text(str(failed), "red" if failed else "dim"),
        Text(duration_text(task_duration_ms(row))),
        Text(time_text(row["created_at"])[:-3]),
        Text(one_line(row["task_description"]), no_wrap=True, overflow="ellipsis"),
        Text(one_line(row["device_id"])),
    ]


def status_text(status: str | None) -> Text:
    """Return a status in its colour."""
    return Text(status or "unknown", STATUS_STYLES.get(status or "", ""))
