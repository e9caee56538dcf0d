"""
Stores: where tasks and steps live in the end. `open_store` opens the one that a URL names, for
whoever reads; `open_database` opens it without its archive, for whoever looks after it.
"""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from otel_steps.config import Settings, resolve
from otel_steps.config.store_url import (
    PACK,
    POSTGRES,
    SUPABASE,
    pack_path,
    sqlite_path,
    store_url,
)
from otel_steps.errors import RowRejected, StoreError, StoreOnHold, StoreUnavailable
from otel_steps.pictures.location import folder_of
from otel_steps.process.forks import no_fork
from otel_steps.stores.contract import Store, Written
from otel_steps.stores.task_query import TaskPage, TaskQuery

if TYPE_CHECKING:
    from otel_steps.stores.cold import Archive

__all__ = [
    "RowRejected",
    "Store",
    "StoreError",
    "StoreOnHold",
    "StoreUnavailable",
    "TaskPage",
    "TaskQuery",
    "Written",
    "file_of",
    "open_database",
    "open_store",
    "pack_of",
]


def open_store(url: str | None = None, *, settings: Settings | None = None) -> Store:
    """
    Open the store that *url* names, by default the one of *settings* or of the environment.

    Tasks that are archived are read from the archive that the settings name; where only the *url*
    of a file is given, from `archive` beside it.

    Opening and reading make and change nothing: the file of an embedded store is made by the first
    write to it. Until then one that the settings name reads as empty; of one that only the *url*
    names, each question raises `StoreOnHold`, as it may be misspelt.

    Pictures are in the folder that the settings name; where only the *url* of a file is given, in
    `screenshots` beside it. The settings also name the schema of a shared database.

    Args:
        url: `sqlite:///relative/path`, `sqlite:////absolute/path`, `sqlite:///C:/path`,
            `postgresql://user:password@host:port/database`, `supabase` for the project that the
            settings name, or the path of a pack, such as `run.osz`, which can only be read.

    Raises:
        ConfigError: The URL names no store.
        StoreUnavailable, StoreOnHold: The store cannot be opened.
    """
    database = open_database(url, settings=settings)
    if database.name == "pack":  # it has all of its tasks in itself
        return database
    with no_fork():
        from otel_steps.stores.tiered import TieredStore

    return TieredStore(database, partial(_open_archive, url, settings))


def open_database(url: str | None = None, *, settings: Settings | None = None) -> Store:
    """
    Open the database that *url* names, as `open_store` does, without what is archived of it.

    Its answers about the steps of an archived task are those that the database still has.
    """
    missing_ok = url is None
    if url is None:
        settings = settings or resolve()
        url = settings.store
    url = store_url("the store", url)
    if url == SUPABASE:
        return _open_supabase(settings or resolve())
    if url.startswith(POSTGRES):
        return _open_postgres(url, settings or resolve())
    if url.startswith(PACK):
        return _open_pack(pack_path(url))
    path = sqlite_path(url)
    beside = path.parent / "screenshots"
    pictures = beside if settings is None else folder_of(settings)
    return _open_sqlite(path, pictures, missing_ok=missing_ok)


def file_of(url: str) -> Path | None:
    """Return the file of the embedded store that *url* names; None for a store of another kind."""
    return sqlite_path(url) if url.startswith("sqlite:") else None


def pack_of(url: str) -> Path | None:
    """Return the pack that *url* names, which is only read; None for a store of another kind."""
    return pack_path(url) if url.startswith(PACK) else None


def _open_archive(url: str | None, settings: Settings | None) -> "Archive":
    from otel_steps.stores.cold import archive_in, open_archive

    file = None if url is None or settings is not None else file_of(store_url("the store", url))
    return open_archive(settings or resolve()) if file is None else archive_in(file.parent)


def _open_pack(path: Path) -> Store:
    with no_fork():
        from otel_steps.stores.pack.store import PackStore

    return PackStore(path)


def _open_sqlite(path: Path, screenshots: Path, *, missing_ok: bool) -> Store:
    # Here, not above: who stores elsewhere need not load the driver.
    with no_fork():
        from otel_steps.stores.sqlite.store import SqliteStore

    return SqliteStore(path, screenshots=screenshots, missing_ok=missing_ok)


def _open_postgres(url: str, settings: Settings) -> Store:
    with no_fork():
        from otel_steps.stores.postgres.store import PostgresStore

    return PostgresStore(url, screenshots=folder_of(settings), schema=settings.schema)


def _open_supabase(settings: Settings) -> Store:
    with no_fork():
        from otel_steps.stores.supabase.store import SupabaseStore

    return SupabaseStore(settings)
