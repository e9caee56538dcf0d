"""
The files of an archive, by paths below its root: in a folder of this machine, or at a URL that
`fsspec` knows.
"""

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

from otel_steps.errors.disk import store_error
from otel_steps.pictures.filesystem import PictureFilesystem, written_at
from otel_steps.pictures.folder import PictureFolder
from otel_steps.pictures.place import Place
from otel_steps.pictures.remote_folder import RemoteFolder
from otel_steps.process.private_files import PLAIN, make_private, sync_folder
from otel_steps.stores.cold.layout import PICTURES, is_day_folder

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

SETTING: Final = "OTEL_STEPS_ARCHIVE"


class Files(Protocol):
    """
    Where the files of an archive are.

    Attributes:
        shown: The place, without what opens it, for messages.
        picture_folder: The folder of this machine that paths of pictures are relative to, if any.

    Raises:
        StoreUnavailable, StoreOnHold: Any method, as a store of rows does.
    """

    shown: str
    picture_folder: Path | None

    def read(self, path: str) -> str | None:
        """Return a small file as text, None where there is none."""

    def write(self, path: str, text: str) -> None:
        """Write a small file."""

    def keep(self, files: Mapping[str, Path]) -> None:
        """Copy files of this machine, by their paths here, in order; they are there for good."""

    def remove(self, path: str) -> None:
        """Remove a file; one that is not there is no error."""

    def written_at(self, path: str) -> float:
        """Return when a file was written, in seconds since 1970; infinite where nobody knows."""

    def days(self) -> Iterator[tuple[str, list[str]]]:
        """Yield the folders of days, in order, with the names of their files."""

    def address(self, path: str) -> str:
        """Return what DuckDB opens a file by, once `lend` was called."""

    def lend(self, connection: "DuckDBPyConnection") -> None:
        """Let DuckDB read here."""

    def pictures(self) -> Place:
        """Return the place of the pictures."""


class FolderFiles:
    """Files in a folder, for this user alone."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self.shown = str(root)
        self.picture_folder: Path | None = root / PICTURES

    def read(self, path: str) -> str | None:
        """Return a small file; see `Files`."""
        with self._translated():
            try:
                return (self._root / path).read_text(encoding="utf-8")
            except FileNotFoundError:
                return None

    def write(self, path: str, text: str) -> None:
        """Write a small file; see `Files`."""
        with self._translated():
            make_private(self._root)
            target = self._root / path
            with os.fdopen(self._create(target), "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            sync_folder(target.parent)

    def keep(self, files: Mapping[str, Path]) -> None:
        """Copy files of this machine; see `Files`."""
        with self._translated():
            for path, source in files.items():
                target = self._root / path
                make_private(target.parent)
                with source.open("rb") as content, os.fdopen(self._create(target), "wb") as file:
                    shutil.copyfileobj(content, file, 2**20)
                    file.flush()
                    os.fsync(file.fileno())
                sync_folder(target.parent)
            sync_folder(self._root)

    def remove(self, path: str) -> None:
        """Remove a file; see `Files`."""
        with self._translated():
            (self._root / path).unlink(missing_ok=True)

    def written_at(self, path: str) -> float:
        """Return when a file was written; see `Files`."""
        with self._translated():
            try:
                return (self._root / path).stat().st_mtime
            except FileNotFoundError:
                return float("inf")

    def days(self) -> Iterator[tuple[str, list[str]]]:
        """Yield the folders of days; see `Files`."""
        with self._translated():
            folders = sorted(self._root.iterdir()) if self._root.is_dir() else []
            for folder in folders:
                if is_day_folder(folder.name) and folder.is_dir():
                    yield folder.name, sorted(each.name for each in folder.iterdir())

    def address(self, path: str) -> str:
        """Return the path of a file."""
        return str(self._root / path)

    def lend(self, connection: "DuckDBPyConnection") -> None:
        """Do nothing: DuckDB reads files by itself."""

    def pictures(self) -> Place:
        """Return the place of the pictures."""
        return PictureFolder(self._root / PICTURES)

    @staticmethod
    def _create(path: Path) -> int:
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | PLAIN, 0o600)

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise store_error(error, self._root) from error


class UrlFiles:
    """Files at a URL. Nothing is connected to before the first call."""

    picture_folder: Path | None = None

    def __init__(self, url: str) -> None:
        self._folder = RemoteFolder(url, "archived tasks cannot be reached at", SETTING)
        self.shown = self._folder.shown

    def read(self, path: str) -> str | None:
        """Return a small file; see `Files`."""
        with self._folder.opened() as (filesystem, root):
            try:
                content: bytes = filesystem.cat_file(f"{root}/{path}")
            except FileNotFoundError:
                return None
        return content.decode()

    def write(self, path: str, text: str) -> None:
        """Write a small file; see `Files`."""
        with self._folder.opened() as (filesystem, root):
            filesystem.makedirs(root, exist_ok=True)
            filesystem.pipe_file(f"{root}/{path}", text.encode())

    def keep(self, files: Mapping[str, Path]) -> None:
        """Copy files of this machine; see `Files`."""
        with self._folder.opened() as (filesystem, root):
            for path, source in files.items():
                filesystem.makedirs(f"{root}/{path.rpartition('/')[0]}", exist_ok=True)
                filesystem.put_file(str(source), f"{root}/{path}")

    def remove(self, path: str) -> None:
        """Remove a file; see `Files`."""
        with self._folder.opened() as (filesystem, root), suppress(FileNotFoundError):
            filesystem.rm_file(f"{root}/{path}")

    def written_at(self, path: str) -> float:
        """Return when a file was written; see `Files`."""
        with self._folder.opened() as (filesystem, root):
            try:
                return written_at(filesystem.info(f"{root}/{path}"))
            except FileNotFoundError:
                return float("inf")

    def days(self) -> Iterator[tuple[str, list[str]]]:
        """Yield the folders of days; see `Files`."""
        with self._folder.opened() as (filesystem, root):
            filesystem.invalidate_cache()  # others write, too
            days = [name for name in _names(filesystem, root) if is_day_folder(name)]
            found = [(day, _names(filesystem, f"{root}/{day}")) for day in days]
        yield from found

    def address(self, path: str) -> str:
        """Return the URL of a file, as DuckDB asks the driver for it."""
        with self._folder.opened() as (filesystem, root):
            return str(filesystem.unstrip_protocol(f"{root}/{path}"))

    def lend(self, connection: "DuckDBPyConnection") -> None:
        """Let DuckDB read by the driver of the URL."""
        with self._folder.opened() as (filesystem, _):
            connection.register_filesystem(filesystem)

    def pictures(self) -> Place:
        """Return the place of the pictures."""
        url = f"{self._folder.url.reveal().rstrip('/')}/{PICTURES}"
        return PictureFilesystem(url, setting=SETTING)


def _names(filesystem: Any, folder: str) -> list[str]:
    try:
        found = filesystem.ls(folder, detail=False)
    except FileNotFoundError:
        return []
    return sorted(str(each).rstrip("/").rpartition("/")[2] for each in found)
