"""Writes a pack: tasks of any store, in one file that needs none."""

import hashlib
import tempfile
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO, Final
from zipfile import ZIP_STORED, ZipFile, ZipInfo

from otel_steps.packing.task_copy import Copied, TaskCopier
from otel_steps.packing.whole_file import whole_file
from otel_steps.pictures.names import facts_path
from otel_steps.pictures.store import ScreenshotStore
from otel_steps.pictures.stored import StoredPicture
from otel_steps.stores import Store
from otel_steps.stores.json_object import Json
from otel_steps.stores.pack.manifest import (
    DATABASE,
    MANIFEST,
    PICTURES,
    Manifest,
    PackedFile,
    encoded,
)
from otel_steps.stores.sqlite.copying import compact
from otel_steps.stores.sqlite.store import SqliteStore
from otel_steps.version import __version__

# The oldest that a ZIP knows: the same tasks are the same bytes, whenever they are packed.
_DATE: Final = (1980, 1, 1, 0, 0, 0)
_UNIX: Final = 3
_MODE: Final = 0o100644
_CHUNK_BYTES: Final = 2**20


def pack(
    source: Store,
    pictures: ScreenshotStore,
    task_ids: Iterable[str],
    path: Path,
    progress: Callable[[int], None] = lambda _: None,
    *,
    in_public: bool = False,
) -> Copied:
    """
    Write the tasks to the pack at *path*, whole or not at all; the same tasks make the same file.

    Memory holds a page of rows, a picture, and the name of each file. The rows are put together in
    the folder of temporary files, which needs room for them twice.

    Args:
        pictures: Those of *source*.
        progress: Hears of so many steps more.
        in_public: Whether only that is written which may be published; see `rows.public`.

    Raises:
        TaskGone: *source* has no such task.
        StoreUnavailable, StoreOnHold: It cannot be read.
        OSError: The pack cannot be written.
    """
    with (
        whole_file(path, mode=0o666) as file,
        tempfile.TemporaryDirectory(prefix="otel-steps-") as folder,
        _PackWriter(file) as writer,
    ):
        drafted, database = Path(folder, "draft.db"), Path(folder, DATABASE)
        with closing(SqliteStore(drafted, screenshots=Path(folder), missing_ok=True)) as rows:
            copier = TaskCopier(
                source, rows, lambda name: writer.keep(name, pictures), in_public=in_public
            )
            for task_id in sorted(set(task_ids)):
                copier.copy(task_id, progress)
            tasks = [rows.task(task_id) for task_id in copier.copied.tasks]
        compact(drafted, database)
        writer.add_file(DATABASE, database)
        writer.finish([_told(task) for task in tasks if task is not None])
    return copier.copied


def _told(task: Json) -> Json:
    names = ("task_id", "task_description", "status", "created_at")
    return {**{name: task[name] for name in names}, "steps": task["total_steps"]}


class _PackWriter:
    """The files of a pack, one behind the other."""

    def __init__(self, file: BinaryIO) -> None:
        self._zip = ZipFile(file, "w", ZIP_STORED)
        self._files: dict[str, PackedFile] = {}

    def __enter__(self) -> "_PackWriter":
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()

    def keep(self, sha256: str, source: ScreenshotStore) -> StoredPicture | None:
        """Add all files of a picture of *source*, once; return what is known of it, or None."""
        facts = f"{PICTURES}{facts_path(sha256)}"
        if facts not in self._files:
            for path, content in (source.files(sha256) or {}).items():
                self._add(f"{PICTURES}{path}", content)
        found = source.find(sha256) if facts in self._files else None
        return None if found is None else replace(found, remote_url=None)

    def add_file(self, name: str, path: Path) -> None:
        """Add the file at *path*."""
        digest, size = hashlib.sha256(), path.stat().st_size
        with path.open("rb") as source, self._zip.open(_info(name, size), "w") as target:
            while chunk := source.read(_CHUNK_BYTES):
                digest.update(chunk)
                target.write(chunk)
        self._files[name] = PackedFile(size, digest.hexdigest())

    def finish(self, tasks: Sequence[Json]) -> None:
        """Add what the pack says of itself."""
        manifest = Manifest(f"otel-steps {__version__}", tasks, self._files)
        self._zip.writestr(_info(MANIFEST), encoded(manifest))

    def _add(self, name: str, content: bytes) -> None:
        self._zip.writestr(_info(name), content)
        self._files[name] = PackedFile(len(content), hashlib.sha256(content).hexdigest())


def _info(name: str, size: int = 0) -> ZipInfo:
    info = ZipInfo(name, _DATE)
    info.create_system, info.external_attr, info.file_size = _UNIX, _MODE << 16, size
    return info
