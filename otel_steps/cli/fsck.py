"""`otel-steps fsck`: is the store whole, and are its pictures those of its rows?"""

from collections.abc import Iterator
from dataclasses import asdict, replace
from typing import Annotated

import typer
from rich.progress import Progress, TextColumn

from otel_steps.cli.options import DirOption, JsonOption, StoreOption
from otel_steps.cli.reading import Opened, reading, settings_to_read
from otel_steps.cli.terminal import USAGE_ERROR, CommandError, err, out, print_json
from otel_steps.cli.wording import plain
from otel_steps.config import Settings
from otel_steps.fsck import Finding, database, examine, subject_of
from otel_steps.retention.neighbours import neighbours
from otel_steps.stores import file_of, open_database, pack_of


def fsck(
    repair: Annotated[
        bool, typer.Option("--repair", help="Mend what can be; else it is only looked at.")
    ] = False,
    as_json: JsonOption = False,
    store: StoreOption = None,
    folder: DirOption = None,
) -> None:
    """Check the store, its pictures and its journal; ends with 1 if something stays wrong."""
    settings = settings_to_read(store, folder)
    if repair and pack_of(settings.store) is not None:
        raise CommandError(
            "a pack is never changed; bring its tasks into a store with `otel-steps import`",
            status=USAGE_ERROR,
        )
    findings = list(_of_file(settings, repair))
    # What is told by a damaged file is nothing to go by.
    file = file_of(settings.store)
    is_there = file is None or file.exists() or not findings
    if is_there and all(each.is_mended for each in findings):
        with reading(store, folder, opener=open_database) as opened:
            findings += _findings(opened, repair)
    if as_json:
        print_json({"repaired": repair, "findings": [asdict(each) for each in findings]})
    else:
        for each in findings:
            _print(each)
        if not findings:
            out.print("nothing is wrong")
        elif not repair:
            out.print("nothing was changed; add --repair to mend it")
    if not all(each.is_mended for each in findings):
        raise typer.Exit(1)


def _of_file(settings: Settings, repair: bool) -> Iterator[Finding]:
    file = file_of(settings.store)
    if file is not None and (found := database(file, repair=repair)):
        yield found


def _findings(opened: Opened, repair: bool) -> list[Finding]:
    columns = (TextColumn("looking at {task.description}"), TextColumn("{task.completed:,}"))
    with (
        neighbours(opened.settings, opened.store) as others,
        Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as bar,
    ):
        row = bar.add_task("the store", total=None)
        subject = subject_of(opened.settings, opened.store)
        subject = replace(
            subject,
            others=others,
            repair=repair,
            progress=lambda what, count: bar.update(row, description=what, completed=count),
        )
        return list(examine(subject))


def _print(found: Finding) -> None:
    done = "mended" if found.is_mended else "wrong"
    out.print(f"{done:<7} {found.message}: {found.count}", soft_wrap=True)
    out.print(f"        {', '.join(plain(each) for each in found.examples)}", soft_wrap=True)
    out.print(f"     -> {found.remedy}", soft_wrap=True)
