"""`otel-steps sync`: ship what waits, now."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from otel_steps.cli.options import DirOption, JsonOption, StoreOption
from otel_steps.cli.reading import settings_to_ship
from otel_steps.cli.terminal import err, out, print_json, warn
from otel_steps.cli.wording import counted, waiting_text, waits_text
from otel_steps.config import Settings
from otel_steps.health.problems import Problems
from otel_steps.journal.dead_letters import DeadLetters
from otel_steps.pipeline import backlog_shipper
from otel_steps.shipper.shipper_facts import Shipped


def sync(
    dead: Annotated[
        bool, typer.Option("--dead", help="Try dead letters again, after their cause is gone.")
    ] = False,
    as_json: JsonOption = False,
    store: StoreOption = None,
    folder: DirOption = None,
) -> None:
    """Ship what waits on disk to the store."""
    settings = settings_to_ship(store, folder)
    retried = DeadLetters(settings.backup_dir).retry() if dead else 0
    shipped = _ship(settings)
    if as_json:
        print_json({**asdict(shipped), "retried": retried})
    else:
        out.print(_summary(shipped, retried))
    if reasons := list(_what_is_left(shipped)):
        for reason in reasons:
            warn(reason)
        raise typer.Exit(1)


def _ship(settings: Settings) -> Shipped:
    columns = (TextColumn("shipping"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as bar:
        task = bar.add_task("", total=None)
        shipper = backlog_shipper(settings, Problems(settings.problems_dir))
        return shipper.ship_all(
            progress=lambda done, total: bar.update(task, completed=done, total=total)
        )


def _summary(shipped: Shipped, retried: int) -> str:
    counts = [f"{counted(shipped.shipped, 'span')} shipped"]
    if shipped.known:
        counts.append(f"{shipped.known} of them known already")
    if retried:
        counts.append(f"{counted(retried, 'dead letter')} tried again")
    waiting = f"{shipped.waiting} waiting"
    if shipped.pictures_waiting:
        waiting += f" and {counted(shipped.pictures_waiting, 'picture')}"
    return ", ".join([*counts, waiting])


def _what_is_left(shipped: Shipped) -> Iterator[str]:
    """Yield what is not in the store, why, and what to do about it."""
    count = {"spans": shipped.waiting, "pictures": shipped.pictures_waiting}
    yield from shipped.troubles
    if shipped.reason:
        remedy = shipped.remedy or "run `otel-steps sync` again later"
        yield f"{waits_text(**count)} still: {shipped.reason}; {remedy}"
    elif shipped.dead or shipped.pictures_dead:
        dead = waiting_text(spans=shipped.dead, pictures=shipped.pictures_dead)
        yield f"{dead} can never be stored as is; see `otel-steps doctor`"
    elif shipped.troubles:
        return  # what waits may be in there, and need not be of a process that runs
    elif shipped.waiting or shipped.pictures_waiting:
        yield f"{waits_text(**count)} for a process that runs, which ships its own"
