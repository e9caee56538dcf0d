"""`otel-steps import` of a pack: its tasks as they are, into the store."""

from contextlib import closing
from pathlib import Path

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from otel_steps.cli.pack import for_scripts, summary, warn_of
from otel_steps.cli.terminal import err, out, print_json
from otel_steps.cli.wording import counted
from otel_steps.config import Settings
from otel_steps.packing.task_copy import Copied
from otel_steps.stores import open_database
from otel_steps.stores.pictures import open_screenshots


def import_pack(path: Path, settings: Settings, *, as_json: bool) -> None:
    """
    Bring the tasks of the pack at *path* into the store of *settings*.

    Raises:
        StoreError: The pack is damaged, or the store takes nothing.
        Exit: The store has refused something for good.
    """
    # Loads the driver of SQLite: no other command has to wait for it.
    from otel_steps.packing.unpacker import unpack
    from otel_steps.stores.pack.store import PackStore

    columns = (TextColumn("importing"), BarColumn(), MofNCompleteColumn(), TextColumn("steps"))
    with (
        closing(PackStore(path)) as packed,
        closing(open_database(settings=settings)) as store,
        Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as bar,
    ):
        row = bar.add_task("", total=packed.statistics()["steps"])
        copied = unpack(
            packed,
            store,
            open_screenshots(settings, store),
            lambda steps: bar.advance(row, steps),
        )
    if as_json:
        print_json({**for_scripts(copied), "known": copied.known})
    else:
        out.print(f"imported {summary(copied)}{_known_text(copied)}", soft_wrap=True)
    warn_of(copied)


def _known_text(copied: Copied) -> str:
    if not copied.known:
        return ""
    if len(copied.known) == len(copied.tasks) == 1:
        return "; it was there already"
    return f"; {counted(len(copied.known), 'task')} of them there already"
