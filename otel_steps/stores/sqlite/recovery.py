"""
What can still be read of a damaged database, put in its place.

Every row is read by itself, by the number that SQLite gives it, so that one bad page takes no more
than its own rows; indexes are made anew. The file is filled again as SQLite fills one, under its
locks: whoever has it open goes on with what is there then, and never writes into a file that has
lost its name. Only one that SQLite does not open, and nobody writes to, is replaced.
"""

import secrets
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from shutil import copyfile
from typing import Final

from otel_steps.errors import StoreOnHold, StoreUnavailable
from otel_steps.rows.tables import COLUMNS
from otel_steps.stores.sqlite import copying, schema, totals
from otel_steps.stores.sqlite.flaw_questions import NOTE_NAMES
from otel_steps.stores.sqlite.opening import connect, open_writer, transaction
from otel_steps.stores.sqlite.store import SqliteStore

_DAMAGED: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_BESIDE: Final = ("", "-wal", "-shm", "-journal")
_TRIES: Final = 3
_PAGES: Final = 256
_MOST_BYTES: Final = 2**40  # a larger one is no length, but damage
# Of what is stored no row is shorter than a tenth of a page.
_ROWS_A_PAGE: Final = 10


@dataclass(frozen=True, slots=True)
class Recovered:
    """
    What has become of a database.

    Attributes:
        kept: Where the damaged one is.
        saved: How many rows of each table were saved.
        lost: How many were not, as far as that can be told; None where it cannot.
    """

    kept: Path
    saved: Mapping[str, int]
    lost: Mapping[str, int | None]


class _Overtaken(Exception):
    """Somebody has written to the file since it was read."""


def damage(path: Path) -> list[str]:
    """
    Return what is wrong with the file of the database at *path*, in words; changes nothing.

    Raises:
        StoreUnavailable, StoreOnHold: It cannot be told, for another reason than damage.
    """
    try:
        with closing(SqliteStore(path, screenshots=path.parent)) as store:
            return store.damage()
    except StoreOnHold as error:
        code = getattr(error.__cause__, "sqlite_errorcode", 0) & 0xFF
        if code in _DAMAGED:
            return [str(error)]
        if code == sqlite3.SQLITE_ERROR and (found := _out_of_order(path)):
            return found
        raise


def _out_of_order(path: Path) -> list[str]:
    """Return what is wrong with the tables of a file that cannot be brought up to date."""
    with suppress(sqlite3.Error), closing(connect(f"{path.as_uri()}?mode=ro")) as connection:
        return schema.out_of_order(connection)
    return []


def recover(path: Path, kept: Path) -> Recovered:
    """
    Put what can be read of the database at *path* in its place; the damaged one becomes *kept*.

    One that SQLite does not open at all moves there as it is.

    Raises:
        StoreUnavailable: Others write to it all the time: nothing has changed.
        StoreOnHold: There is no room, or it may not be written: nothing has changed.
    """
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        for _ in range(_TRIES):
            with suppress(_Overtaken):
                return _recover(path, kept, fresh)
            _remove(fresh)
            _remove(kept)
    except (sqlite3.Error, OSError) as error:
        _remove(kept)
        raise StoreOnHold(
            f"the database {path} cannot be recovered: {error}",
            remedy="make room on its disk, let this user write there, or put a backup in its place",
        ) from error
    finally:
        _remove(fresh)
    raise StoreUnavailable(
        f"the database {path} is written to faster than it is recovered; end what records into it"
    )


def _recover(path: Path, kept: Path, fresh: Path) -> Recovered:
    with closing(connect(str(path))) as source:
        source.execute("PRAGMA writable_schema = ON")  # else many a file is not even opened
        if tables := _tables(source):
            (seen,) = source.execute("PRAGMA data_version").fetchone()
            copying.copy(source, kept, lambda *_: None)
            saved, lost = _save(source, fresh, tables)
            source.execute("ROLLBACK")  # of what was only read
            _put_back(fresh, path, source, seen)
            return Recovered(kept, saved, lost)
    return _replace(path, kept, fresh)


def _tables(source: sqlite3.Connection) -> set[str]:
    """Begin a transaction, and return which tables of ours there are; none where it is damaged."""
    try:
        source.execute("BEGIN")
        names = {name for (name,) in source.execute("SELECT name FROM sqlite_master")}
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode & 0xFF not in _DAMAGED:
            raise
        return set()
    return names & COLUMNS.keys()


def _replace(path: Path, kept: Path, fresh: Path) -> Recovered:
    """
    Put another file in the place of one that SQLite does not open, and so nobody writes to.

    One that is cut off is read from a copy that is as long as it was, with nothing at its end.
    """
    saved, lost = dict.fromkeys(COLUMNS, 0), dict.fromkeys(COLUMNS)
    whole = fresh.with_name(f"{fresh.name[:-1]}{'1' if fresh.name[-1] == '0' else '0'}")
    try:
        for end in ("", "-wal"):
            with suppress(FileNotFoundError):
                copyfile(path.with_name(path.name + end), whole.with_name(whole.name + end))
        with whole.open("r+b") as file:
            head = file.read(32)
            size = int.from_bytes(head[16:18], "big") * int.from_bytes(head[28:32], "big")
            if whole.stat().st_size < size < _MOST_BYTES:
                file.truncate(size)
        with closing(connect(str(whole))) as source:
            saved, lost = _save(source, fresh, _tables(source))
    finally:
        _remove(whole)
    for end in _BESIDE:
        with suppress(FileNotFoundError):
            path.with_name(path.name + end).rename(kept.with_name(kept.name + end))
    fresh.replace(path)
    return Recovered(kept, saved, lost)


def _save(
    source: sqlite3.Connection, fresh: Path, tables: set[str]
) -> tuple[dict[str, int], dict[str, int | None]]:
    source.text_factory = lambda text: text.decode("utf-8", "replace")
    saved: dict[str, int] = {}
    lost: dict[str, int | None] = {}
    with closing(open_writer(fresh)) as target:
        with transaction(target, "IMMEDIATE"):
            for table in COLUMNS:
                count = _count(source, table) if table in tables else None
                saved[table] = _save_table(source, target, table) if table in tables else 0
                lost[table] = None if count is None else max(0, count - saved[table])
            if lost["task_steps"] is None and saved["tasks"]:
                (told,) = target.execute("SELECT sum(total_steps) FROM tasks").fetchone()
                lost["task_steps"] = max(0, (told or 0) - saved["task_steps"])
            target.execute(NOTE_NAMES)
            totals.count(target, [task for (task,) in target.execute("SELECT task_id FROM tasks")])
        target.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    return saved, lost


def _save_table(source: sqlite3.Connection, target: sqlite3.Connection, table: str) -> int:
    there = {name for _, name, *_ in source.execute(f"PRAGMA table_info({table})")}
    names = [name for name in COLUMNS[table] if name in there]
    marks = ", ".join("?" * len(names))
    insert = f"INSERT OR IGNORE INTO {table} ({', '.join(names)}) VALUES ({marks})"  # noqa: S608
    question = f"""
        SELECT rowid, {", ".join(names)} FROM {table}
        WHERE rowid BETWEEN ? AND ? ORDER BY rowid
    """  # noqa: S608 - own names
    rows = _readable(source, question, _highest(source, table))
    return target.executemany(insert, (row[1:] for row in rows)).rowcount


def _readable(
    source: sqlite3.Connection, question: str, highest: int
) -> Iterator[tuple[object, ...]]:
    """Yield the rows that can be read; a stretch in which one cannot is halved, again and again."""
    left = [(1, highest)]
    while left:
        first, last = left.pop()
        try:
            for row in source.execute(question, (first, last)):
                first = row[0] + 1
                yield row
        except sqlite3.DatabaseError:
            if first < last:
                middle = (first + last) // 2
                left += [(middle + 1, last), (first, middle)]


def _highest(source: sqlite3.Connection, table: str) -> int:
    """Return a number that no row of a table is behind."""
    indexes = source.execute(
        "SELECT name FROM sqlite_master WHERE type = 'index' AND tbl_name = ?", (table,)
    ).fetchall()
    ways = ("NOT INDEXED", *(f'INDEXED BY "{name}"' for (name,) in indexes))
    for way in ways:
        with suppress(sqlite3.DatabaseError):
            (found,) = source.execute(f"SELECT max(rowid) FROM {table} {way}").fetchone()  # noqa: S608
            return int(found or 0)
    (pages,) = source.execute("PRAGMA page_count").fetchone()
    return int(pages) * _ROWS_A_PAGE


def _count(source: sqlite3.Connection, table: str) -> int | None:
    """Return how many rows a table had, by an index of it; None where that is damaged, too."""
    try:
        return int(source.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608
    except sqlite3.DatabaseError:
        return None


def _put_back(fresh: Path, path: Path, source: sqlite3.Connection, seen: int) -> None:
    """
    Fill the file at *path* with *fresh*, in one transaction.

    Raises:
        _Overtaken: It is not as it was when *source* had *seen* it.
    """

    def check(_: int, left: int, total: int) -> None:
        # Until all is there, nobody else can write; and it is not there as long as this can raise.
        if left and source.execute("PRAGMA data_version").fetchone()[0] != seen:
            raise _Overtaken

    with closing(connect(str(fresh))) as whole, closing(connect(str(path))) as target:
        target.execute("PRAGMA writable_schema = ON")
        target.execute("PRAGMA synchronous = FULL")
        (pages,) = whole.execute("PRAGMA page_count").fetchone()
        # At least twice: in the last portion it is too late to ask.
        whole.backup(target, pages=min(_PAGES, pages // 2), progress=check)


def _remove(path: Path) -> None:
    for end in _BESIDE:
        path.with_name(path.name + end).unlink(missing_ok=True)
