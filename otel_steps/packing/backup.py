"""Makes a backup of the embedded store while agents record into it."""

import os
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from otel_steps.errors import StoreOnHold
from otel_steps.packing.backup_file import BackupWriter, check
from otel_steps.packing.whole_file import whole_file
from otel_steps.process.private_files import NotRegular, open_below
from otel_steps.stores.pack.manifest import DATABASE, PICTURES, is_file_name
from otel_steps.stores.sqlite.copying import damage
from otel_steps.stores.sqlite.store import SqliteStore

_GONE: Final = (FileNotFoundError, NotADirectoryError, NotRegular)


@dataclass(frozen=True, slots=True)
class BackedUp:
    """What a backup has: tasks, steps, and files of pictures."""

    tasks: int
    steps: int
    files: int


def back_up(
    store: SqliteStore,
    pictures: Path | None,
    path: Path,
    progress: Callable[[str, int], None] = lambda *_: None,
) -> BackedUp:
    """
    Write all of *store* to a tar at *path*, for this user alone; whole or not at all.

    Nobody who writes has to wait. The database is that of one moment; pictures are taken after it,
    so that all that its rows need are among them. What was written is read again and compared
    before the file gets its name. Memory is small whatever the size; the folder of temporary files
    needs room for the database.

    Args:
        pictures: The folder of pictures, None where they lie elsewhere.
        progress: Hears what is done ("database", "pictures", "check") and so many bytes more.

    Raises:
        StoreUnavailable, StoreOnHold: The store cannot be read, or is damaged.
        OSError: The file cannot be written.
        BadBackup: What is read again is not what was written.
    """
    with (
        tempfile.TemporaryDirectory(prefix="otel-steps-") as folder,
        whole_file(path, mode=0o600) as file,
    ):
        database = Path(folder, DATABASE)
        copied = 0

        def tell_copied(done: int, total: int) -> None:
            nonlocal copied
            size = database.stat().st_size * done // max(total, 1)
            progress("database", size - copied)
            copied = size

        store.copy_to(database, tell_copied)
        if found := damage(database):
            raise StoreOnHold(
                f"the database is damaged, and a backup would be, too: {found}",
                remedy="run `otel-steps doctor`",
            )
        writer = BackupWriter(file)
        try:
            made = _write(writer, database, pictures, progress)
        finally:
            writer.close()
        check(file, lambda size: progress("check", size))
    return made


def _write(
    writer: BackupWriter,
    database: Path,
    pictures: Path | None,
    progress: Callable[[str, int], None],
) -> BackedUp:
    copy = SqliteStore(database, screenshots=database.parent)
    try:
        counts = copy.statistics()
    finally:
        copy.close()
    tasks, steps = int(counts["tasks"]), int(counts["steps"])
    writer.begin(tasks=tasks, steps=steps)
    with database.open("rb") as content:
        writer.add_file(DATABASE, content, database.stat().st_size)
    files = 0
    for name in _names(pictures) if pictures is not None and pictures.is_dir() else ():
        size = _add(writer, pictures, name) if pictures is not None else None
        if size is not None:
            files += 1
            progress("pictures", size)
    writer.finish()
    return BackedUp(tasks, steps, files)


def _add(writer: BackupWriter, pictures: Path, name: str) -> int | None:
    """Add a file of a picture; return its size, None where it is gone or is none of ours."""
    try:
        descriptor = open_below(pictures, *name.split("/"))
    except _GONE:
        return None
    with os.fdopen(descriptor, "rb") as content:
        # It never changes: a file appears whole under its name.
        size = os.fstat(descriptor).st_size
        writer.add_file(f"{PICTURES}{name}", content, size)
    return size


def _names(pictures: Path) -> Iterator[str]:
    """Yield the files of pictures in a folder, by name; a 256th of all names is in memory."""
    for folder in sorted(each.name for each in os.scandir(pictures)):
        if len(folder) != 2 or not Path(pictures, folder).is_dir():
            continue
        for name in sorted(each.name for each in os.scandir(Path(pictures, folder))):
            if is_file_name(f"{PICTURES}{folder}/{name}"):
                yield f"{folder}/{name}"
