"""`otel-steps migrate`: give a PostgreSQL or Supabase database the tables of this version."""

import sys
from typing import Annotated, Final

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from otel_steps.cli.options import JsonOption, settings_of
from otel_steps.cli.terminal import USAGE_ERROR, CommandError, err, out, print_json
from otel_steps.migrations import Migration, apply, sql

_SCHEMES: Final = ("postgresql://", "postgres://")


def migrate(
    db_url: Annotated[
        str | None,
        typer.Option(
            "--db-url",
            metavar="URL",
            help="The database, postgresql://...; by default the store, where it is one.",
            show_default=False,
        ),
    ] = None,
    is_printed: Annotated[
        bool,
        typer.Option("--print", help="Print the SQL for an editor, such as Supabase's; no more."),
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only tell what would be applied.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Create or update the tables of a PostgreSQL or Supabase database."""
    if is_printed:
        sys.stdout.write(sql())
        return
    url = _database(db_url)
    changed = apply(url, dry_run=True) if dry_run else _apply(url)
    if as_json:
        print_json({"dry_run": dry_run, "migrations": [str(each) for each in changed]})
        return
    for migration in changed:
        out.print(f"{'would apply' if dry_run else 'applied'} {migration}")
    if not changed:
        out.print("nothing to do: the database has all tables of this version")


def _database(db_url: str | None) -> str:
    """
    Return the URL of the database to migrate.

    Raises:
        CommandError: None is given, or it is no PostgreSQL URL.
    """
    url = db_url or settings_of(None, None).store
    if url.startswith(_SCHEMES):
        return url
    given = "--db-url" if db_url else "the store"
    raise CommandError(
        f"{given} is no PostgreSQL database; give --db-url postgresql://user:password@host/name "
        "(Supabase shows it under Connect), or paste what `otel-steps migrate --print` prints into "
        "the SQL editor",
        status=USAGE_ERROR,
    )


def _apply(url: str) -> list[Migration]:
    columns = (TextColumn("migrating"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as bar:
        task = bar.add_task("", total=None)
        return apply(
            url, progress=lambda _, number, count: bar.update(task, completed=number, total=count)
        )
