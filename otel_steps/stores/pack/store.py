"""The tasks in a pack, as any store has them, for whoever only looks."""

import os
import shutil
import sqlite3
import tempfile
import weakref
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NoReturn

from otel_steps.errors import StoreOnHold
from otel_steps.pictures.store import ScreenshotStore
from otel_steps.stores.digest import Digest
from otel_steps.stores.pack.archive import Archive
from otel_steps.stores.pack.manifest import DATABASE, PICTURES, Manifest
from otel_steps.stores.pack.tables import fault_of
from otel_steps.stores.sqlite.store import SqliteStore

_REMEDY: Final = "bring its tasks into a store with `otel-steps import`"


class PackStore(SqliteStore):
    """
    The pack at *path*; it and its folder are left as they are.

    The rows lie in a folder of this user alone until this is closed: SQLite reads no database
    within a file. Pictures are read where they are; the path of one is that within the pack, and
    no file of this machine.

    Raises:
        StoreOnHold: It is no pack, or there is no room for its rows.
    """

    name = "pack"

    def __init__(self, path: Path) -> None:
        self._pack = path.absolute()
        self._archive = Archive(self._pack)
        self._remove: Callable[[], object] = _nothing
        try:
            super().__init__(self._unpacked(), screenshots=self._pack / PICTURES)
        except BaseException:
            self._archive.close()
            self._remove()
            raise

    @property
    def manifest(self) -> Manifest:
        """What the pack says of itself."""
        return self._archive.manifest

    def verify(self) -> None:
        """
        Compare all of the pack with its manifest.

        Raises:
            StoreOnHold: Something is not as it says.
        """
        self._archive.verify()

    def own_screenshots(self) -> ScreenshotStore:
        """Return the pictures in the pack; they are closed with the store."""
        return ScreenshotStore(_PackedPictures(self._archive, self._read_only))

    def extend_search(self) -> bool:
        """Return False: a pack is searched as it is."""
        return False

    def extend_sums(self) -> bool:
        """Return False: what a pack has is added up by who asks."""
        return False

    def keep_digests(self, digests: Sequence[Digest]) -> int:
        """Return 0: a pack is looked at as it is."""
        return 0

    def close(self) -> None:
        """Release the pack, and take away what was unpacked; any number of times."""
        super().close()
        self._archive.close()
        self._remove()

    def _unpacked(self) -> Path:
        """Return the database, checked, in a folder that goes when this is closed or forgotten."""
        try:
            folder = Path(tempfile.mkdtemp(prefix="otel-steps-"))
            self._remove = weakref.finalize(self, _remove, folder, os.getpid())
            self._archive.extract(DATABASE, folder / DATABASE)
        except OSError as error:
            raise StoreOnHold(
                f"there is no room for the rows of the pack {self._pack}: {error}",
                remedy="set TMPDIR to a folder with room for them",
            ) from error
        if fault := fault_of(folder / DATABASE):
            raise self._archive.refused(fault)
        return folder / DATABASE

    def _write(self, work: Callable[[sqlite3.Connection], Any]) -> NoReturn:
        self._read_only()

    def _read_only(self) -> NoReturn:
        raise StoreOnHold(f"the pack {self._pack} can only be read", remedy=_REMEDY)


class _PackedPictures:
    """The pictures of a pack, as a place that takes none."""

    facts_first = True

    def __init__(self, archive: Archive, refuse: Callable[[], NoReturn]) -> None:
        self._archive = archive
        self._refuse = refuse

    def get(self, path: str) -> bytes | None:
        """Return the content of a file, or None; see `Place.get`."""
        return self._archive.read(f"{PICTURES}{path}")

    def put(self, files: Mapping[str, bytes]) -> None:
        """Refuse: a pack is only read."""
        self._refuse()

    def remove(self, paths: Collection[str]) -> None:
        """Refuse: a pack is only read."""
        self._refuse()

    def files(self, folder: str) -> list[tuple[str, float]]:
        """Return the files of a folder; nobody knows when they were written."""
        below = f"{PICTURES}{folder}/"
        names = (name for name in self._archive.manifest.files if name.startswith(below))
        return [(name.removeprefix(below), float("inf")) for name in names]

    def is_gone(self, path: str) -> bool:
        """Tell whether a file is not in the pack."""
        return f"{PICTURES}{path}" not in self._archive

    def address(self, path: str) -> None:
        """Return None: it is in the pack, and nowhere else."""


def _nothing() -> None:
    pass


def _remove(folder: Path, pid: int) -> None:
    if os.getpid() == pid:  # a forked child leaves it to its parent
        shutil.rmtree(folder, ignore_errors=True)
