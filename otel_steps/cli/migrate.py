"""`otel-steps migrate`: give a PostgreSQL or Supabase database the tables of this version."""

import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from otel_steps.cli.options import JsonOption
from otel_steps.cli.terminal import USAGE_ERROR, CommandError, err, out, print_json, warn
from otel_steps.config import Settings, redacted_url, resolve
from otel_steps.migrations.runner import Migration, Plan, apply, optional, plan, sql
from otel_steps.stores.shared.state import Fault

_SCHEMES: Final = ("postgresql://", "postgres://")


def migrate(
    db_url: Annotated[
        str | None,
        typer.Option(
            "--db-url",
            metavar="URL",
            help="The database, postgresql://...; by default that of the store.",
            show_default=False,
        ),
    ] = None,
    schema: Annotated[
        str | None,
        typer.Option(
            "--schema",
            metavar="NAME",
            help="The schema to make everything in, in place of OTEL_STEPS_SCHEMA.",
            show_default=False,
        ),
    ] = None,
    is_printed: Annotated[
        bool,
        typer.Option("--print", help="Only print the SQL, for an editor such as Supabase's."),
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only list what would be applied and dropped.")
    ] = False,
    lets_go: Annotated[
        bool,
        typer.Option(
            "--yes", help="Let tables of the hand-written tracker lose rules that refuse rows."
        ),
    ] = False,
    names: Annotated[
        list[str] | None,
        typer.Option(
            "--with",
            metavar="NAME",
            help="Apply an optional part as well, each time anew: " + ", ".join(optional()) + ".",
            show_default=False,
            autocompletion=lambda: list(optional()),
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Create or update the tables of a PostgreSQL or Supabase database."""
    settings = resolve(schema=schema)
    extras = _extras(names or ())
    if is_printed:
        sys.stdout.write(sql(settings.schema, lets_go=lets_go, extras=extras))
        return
    url = _database(db_url, settings)
    planned = plan(url, schema=settings.schema)
    planned = replace(planned, migrations=[*planned.migrations, *extras])
    if dry_run:
        left = [each for each in planned.faults if not each.is_mended_by_migrate]
        _show(planned, left, as_json=as_json, dry_run=True)
        return
    if planned.losses and not lets_go:
        _show_losses(planned, "would drop", err)
        raise CommandError(
            f"{redacted_url(url)} has tables of a hand-written tracker, which would lose the rules "
            "above; nothing was changed: let go of them with --yes, or keep our tables apart with "
            "--schema otel_steps"
        )
    applied = _apply(url, settings.schema, lets_go=lets_go, extras=extras)
    done = replace(planned, migrations=applied)
    left = plan(url, schema=settings.schema).faults
    _show(done, left, as_json=as_json, dry_run=False)


def _extras(names: Sequence[str]) -> list[Migration]:
    known = optional()
    for name in names:
        if name not in known:
            raise CommandError(
                f"there is no optional part {name!r}; use {', '.join(known)}", status=USAGE_ERROR
            )
    return [known[name] for name in dict.fromkeys(names)]


def _database(db_url: str | None, settings: Settings) -> str:
    """
    Return the URL of the database to migrate.

    Raises:
        CommandError: None is given, or it is no PostgreSQL URL.
    """
    url = db_url or settings.store
    if url.startswith(_SCHEMES):
        return url
    given = "--db-url" if db_url else "the store"
    raise CommandError(
        f"{given} is not a PostgreSQL database; give --db-url postgresql://user:password@host/name "
        "(Supabase shows it under Connect), or paste what `otel-steps migrate --print` prints into "
        "the SQL editor",
        status=USAGE_ERROR,
    )


def _apply(url: str, schema: str, *, lets_go: bool, extras: Sequence[Migration]) -> list[Migration]:
    columns = (TextColumn("migrating"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as bar:
        task = bar.add_task("", total=None)
        return apply(
            url,
            schema=schema,
            lets_go=lets_go,
            extras=extras,
            progress=lambda _, number, count: bar.update(task, completed=number, total=count),
        )


def _show(planned: Plan, left: list[Fault], *, as_json: bool, dry_run: bool) -> None:
    """Show what was or would be done, and what is *left*, which no migration mends."""
    if as_json:
        print_json(
            {
                "dry_run": dry_run,
                "migrations": [str(each) for each in planned.migrations],
                "dropped": planned.losses,
                "faults": [{"message": each.message, "remedy": each.remedy} for each in left],
            }
        )
        return
    _show_losses(planned, "would drop" if dry_run else "dropped", out)
    for migration in planned.migrations:
        out.print(f"{'would apply' if dry_run else 'applied'} {migration}")
    if not planned.migrations:
        out.print("nothing to do: the database has all that this version needs")
    for fault in left:
        warn(f"{fault.message}; {fault.remedy}")


def _show_losses(planned: Plan, verb: str, console: Console) -> None:
    for loss in planned.losses:
        console.print(f"{verb}: {loss}", soft_wrap=True)
