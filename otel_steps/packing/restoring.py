"""Puts a backup back in place of the embedded store."""

import os
import secrets
import shutil
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import BinaryIO, Final

from otel_steps.errors import StoreOnHold
from otel_steps.packing.backup_file import ABOUT, SUMS, BadBackup, check, entries
from otel_steps.pictures.names import facts_path
from otel_steps.pictures.place import Place
from otel_steps.process.private_files import PLAIN, make_private, sync_folder
from otel_steps.stores.pack.manifest import DATABASE, PICTURES
from otel_steps.stores.sqlite.copying import damage, merge_log
from otel_steps.stores.sqlite.opening import connect, is_up_to_date

# Elsewhere `sync` does not wait, or is not there.
SYNCS_AT_ONCE: Final = sys.platform == "linux"

# What SQLite has beside a database.
_BESIDE: Final = ("-wal", "-shm", "-journal")


@dataclass(frozen=True, slots=True)
class Restored:
    """
    What was put back.

    Attributes:
        files: Of pictures, with those that were there already.
        former: Where the database that was there is kept, None where there was none.
    """

    tasks: int
    steps: int
    files: int
    former: Path | None


def restore(
    path: Path,
    database: Path,
    pictures: Place,
    progress: Callable[[str, int], None] = lambda *_: None,
) -> Restored:
    """
    Put the backup at *path* in the place of *database*, its pictures among *pictures*.

    All of it is compared with its sums before anything is changed, so that a file that is damaged
    changes nothing. The database comes last, and at once; one that is there already is kept beside
    it. Broken off anywhere, it can be done again, and goes on.

    Args:
        progress: Hears what is done ("check", "restore") and so many bytes more.

    Raises:
        BadBackup: It is no backup, or not as it was written.
        StoreOnHold: A later version has made the database.
        StoreUnavailable, OSError: Something cannot be read or written.
    """
    make_private(database.parent)
    fresh = database.with_name(f".{database.name}.{secrets.token_hex(4)}")
    with path.open("rb") as file:
        about = check(file, lambda size: progress("check", size))
        try:
            files = _unpack(file, fresh, pictures, lambda size: progress("restore", size))
            if SYNCS_AT_ONCE:
                os.sync()
            former = _set_aside(database)
            fresh.replace(database)
        finally:
            for each in (fresh, *(fresh.with_name(fresh.name + end) for end in _BESIDE)):
                each.unlink(missing_ok=True)
        sync_folder(database.parent)
    return Restored(int(about.get("tasks", 0)), int(about.get("steps", 0)), files, former)


def _unpack(file: BinaryIO, fresh: Path, pictures: Place, progress: Callable[[int], None]) -> int:
    files = 0
    file.seek(0)
    with closing(entries(file)) as found:
        for picture, group in groupby(found, key=lambda entry: _picture_of(entry[0])):
            if picture is None:
                for name, content in group:
                    if name == DATABASE:
                        progress(_write_database(content, fresh))
                continue
            contents = {name.removeprefix(PICTURES): each.read() for name, each in group}
            _put(pictures, picture, contents)
            files += len(contents)
            progress(sum(map(len, contents.values())))
    return files


def _picture_of(name: str) -> str | None:
    if name in (ABOUT, DATABASE, SUMS):
        return None
    return name.rpartition("/")[2].partition(".")[0]


def _put(pictures: Place, sha256: str, contents: dict[str, bytes]) -> None:
    """Keep the files of a picture, its facts last: with them it counts as saved."""
    facts = facts_path(sha256)
    if facts in contents:
        if pictures.get(facts) == contents[facts] and not _lacks(pictures, contents):
            return
        contents[facts] = contents.pop(facts)
    pictures.put(contents)


def _lacks(pictures: Place, contents: dict[str, bytes]) -> bool:
    return any(pictures.is_gone(path) for path in contents)


def _write_database(content: BinaryIO, fresh: Path) -> int:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | PLAIN
    with os.fdopen(os.open(fresh, flags, 0o600), "wb") as target:
        shutil.copyfileobj(content, target, 2**20)
        target.flush()
        os.fsync(target.fileno())
        size = target.tell()
    if found := damage(fresh):
        raise BadBackup(f"its {DATABASE} is damaged: {found}")
    try:
        with closing(connect(f"{fresh.as_uri()}?immutable=1")) as connection:
            is_up_to_date(connection, fresh)
    except sqlite3.Error as error:
        raise BadBackup(f"its {DATABASE} cannot be read: {error}") from error
    return size


def _set_aside(database: Path) -> Path | None:
    """
    Move the database that is there, with what SQLite has beside it; return where to.

    Its log is merged into it first: without that, whoever is killed in between would leave a log
    beside a database that is not its own.
    """
    if not database.exists():
        for end in _BESIDE:
            database.with_name(database.name + end).unlink(missing_ok=True)
        return None
    try:
        merge_log(database)
    except sqlite3.Error as error:
        raise StoreOnHold(
            f"the database {database} cannot be set aside: {error}",
            remedy="end what records into it, or move it away, with its -wal and -shm",
        ) from error
    former = next(each for each in _free_names(database) if not each.exists())
    database.rename(former)
    for end in _BESIDE:
        beside = database.with_name(database.name + end)
        if beside.exists():
            beside.rename(former.with_name(former.name + end))
    return former


def _free_names(database: Path) -> Iterator[Path]:
    number = 1
    while True:
        yield database.with_name(f"{database.name}.before-restore-{number}")
        number += 1
