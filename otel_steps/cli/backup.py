"""`otel-steps backup`, and the way back: everything in the embedded store, kept elsewhere."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.progress import BarColumn, Progress, TextColumn

from otel_steps.cli.backlog import only_looking
from otel_steps.cli.options import DirOption, JsonOption, StoreOption, settings_of
from otel_steps.cli.reading import reading
from otel_steps.cli.terminal import USAGE_ERROR, CommandError, err, out, print_json, warn
from otel_steps.cli.wording import counted, size_text, waits_text
from otel_steps.config import Settings, redacted_url
from otel_steps.config.store_url import SUPABASE
from otel_steps.pictures.location import folder_of, is_elsewhere
from otel_steps.stores import file_of, open_database

_DOING: Final = {
    "database": "copying the database",
    "pictures": "copying pictures",
    "check": "reading it again",
    "restore": "putting it back",
}


def backup(
    path: Annotated[
        Path, typer.Argument(metavar="FILE", help="The tar to write.", show_default=False)
    ],
    as_json: JsonOption = False,
    store: StoreOption = None,
    folder: DirOption = None,
) -> None:
    """
    Write all of the embedded store to one tar: database and pictures.

    Agents may go on recording; none of them waits. What still waits in the journal is not in it,
    and is said.
    """
    _check_embedded(settings_of(store, folder))
    if path.is_dir():
        raise CommandError(f"{path} is a folder; name a file in it", status=USAGE_ERROR)
    # Loads the driver of SQLite: no other command has to wait for it.
    from otel_steps.packing.backup import back_up
    from otel_steps.stores.sqlite.store import SqliteStore

    with reading(store, folder, opener=open_database) as opened, _progress() as progress:
        settings = opened.settings
        if not isinstance(opened.store, SqliteStore) or not _file(settings).exists():
            raise CommandError("nothing is recorded yet; there is nothing to keep")
        pictures = None if _are_elsewhere(settings) else folder_of(settings)
        made = back_up(opened.store, pictures, path, progress)
    facts = only_looking(settings).facts()
    size = path.stat().st_size
    if as_json:
        print_json(
            {
                "file": str(path.absolute()),
                "bytes": size,
                "tasks": made.tasks,
                "steps": made.steps,
                "picture_files": made.files,
                "waiting": facts.waiting,
                "pictures_waiting": facts.pictures_waiting,
            }
        )
    else:
        what = f"{counted(made.tasks, 'task')}, {counted(made.steps, 'step')}"
        files = counted(made.files, "file") + " of pictures"
        out.print(f"kept {what}, {files} in {path} ({size_text(size)})", soft_wrap=True)
    if facts.waiting or facts.pictures_waiting:
        waiting = waits_text(spans=facts.waiting, pictures=facts.pictures_waiting)
        warn(f"{waiting} in {settings.backup_dir} and not in the backup; `otel-steps sync` first")
    if pictures is None and settings.screenshot_url is not None:
        warn(f"pictures lie at {settings.screenshot_url} and are not in the backup")


def restore_backup(
    path: Path, *, force: bool, as_json: bool, store: str | None, folder: Path | None
) -> None:
    """
    Put a backup back as the embedded store; see `restore`.

    Raises:
        CommandError: It is none, or cannot be put there.
    """
    settings = settings_of(store, folder)
    _check_embedded(settings)
    _check_backup(path)
    database = _file(settings)
    if not force and (there := _what_is_there(settings, database)):
        raise CommandError(
            f"{there} is there already; name an empty folder by --dir, or replace what is there by "
            "--force",
            status=USAGE_ERROR,
        )
    from otel_steps.packing import restoring
    from otel_steps.packing.backup_file import BadBackup
    from otel_steps.stores.pictures import place_of

    with _progress() as progress:
        try:
            place = place_of(settings, waits=not restoring.SYNCS_AT_ONCE)
            restored = restoring.restore(path, database, place, progress)
        except BadBackup as error:
            raise CommandError(
                f"{path} cannot be restored: {error}; nothing is changed, take another backup"
            ) from error
    if as_json:
        former = None if restored.former is None else str(restored.former)
        print_json(
            {
                "store": str(database),
                "tasks": restored.tasks,
                "steps": restored.steps,
                "picture_files": restored.files,
                "former": former,
            }
        )
        return
    what = f"{counted(restored.tasks, 'task')}, {counted(restored.steps, 'step')}"
    out.print(f"restored {what} to {database}", soft_wrap=True)
    if restored.former is not None:
        err.print(f"what was there is kept as {restored.former}", style="dim", soft_wrap=True)


def _check_embedded(settings: Settings) -> None:
    """
    Check that the store is the embedded one.

    Raises:
        CommandError: It is another one; the message says what keeps that.
    """
    if file_of(settings.store) is not None:
        return
    shown = redacted_url(settings.store)
    if settings.store.reveal() == SUPABASE:
        remedy = "use `supabase db dump` (or pg_dump), and copy the bucket `otel-steps`"
    elif settings.store.reveal().startswith("postgres"):
        remedy = "use pg_dump and pg_restore, and copy the folder of pictures"
    else:
        remedy = "a pack is a file; copy it, or bring it in with `otel-steps import`"
    raise CommandError(
        f"the store {shown} is not the embedded one: {remedy}; or name one by --store "
        "sqlite:///path",
        status=USAGE_ERROR,
    )


def _check_backup(path: Path) -> None:
    from otel_steps.packing.backup_file import is_backup
    from otel_steps.stores.pack.archive import is_pack

    if not path.is_file():
        raise CommandError(f"there is no file {path}; name a backup", status=USAGE_ERROR)
    if is_pack(path):
        raise CommandError(
            f"{path} is a pack: bring it in with `otel-steps import`", status=USAGE_ERROR
        )
    if not is_backup(path):
        raise CommandError(
            f"{path} is no backup; name a file that `otel-steps backup` has written",
            status=USAGE_ERROR,
        )


def _what_is_there(settings: Settings, database: Path) -> Path | None:
    if database.exists() and database.stat().st_size:
        return database
    pictures = folder_of(settings)
    if not _are_elsewhere(settings) and pictures.is_dir() and any(pictures.iterdir()):
        return pictures
    return None


def _file(settings: Settings) -> Path:
    file = file_of(settings.store)
    assert file is not None  # noqa: S101 - `_check_embedded` has seen to it
    return file


def _are_elsewhere(settings: Settings) -> bool:
    return settings.screenshot_url is not None and is_elsewhere(settings.screenshot_url.reveal())


@contextmanager
def _progress() -> Iterator[Callable[[str, int], None]]:
    """Give what shows what is done and how much of it."""
    columns = (TextColumn("{task.description}"), BarColumn())
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as bar:
        row = bar.add_task("", total=None)
        done: dict[str, int] = {}

        def tell(what: str, size: int) -> None:
            done[what] = done.get(what, 0) + size
            bar.update(row, description=f"{_DOING[what]}: {size_text(done[what])}")

        yield tell
