"""
Pictures in any file system that `fsspec` knows, such as `s3://bucket/pictures` or `sftp://host/dir`.
"""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import TYPE_CHECKING, Any

from otel_steps.config import Url
from otel_steps.errors import StoreOnHold, StoreUnavailable
from otel_steps.process.forks import no_fork

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem  # type: ignore[import-untyped] # it has none


class PictureFilesystem:
    """A `Place` below a URL. Nothing is connected to before the first call."""

    # A file may be there in part: not every file system writes one as a whole.
    facts_first = True

    def __init__(self, url: str, *, setting: str = "OTEL_STEPS_SCREENSHOT_URL") -> None:
        self._setting = setting
        self._url = Url(url)
        # Stable, and without what opens it.
        self._address = str(self._url).rstrip("/")

    def get(self, path: str) -> bytes | None:
        """Return the content of a file, or None; see `Place.get`."""
        with self._opened() as (filesystem, root):
            try:
                content: bytes = filesystem.cat_file(f"{root}/{path}")
            except FileNotFoundError:
                return None
        return content

    def put(self, files: Mapping[str, bytes]) -> None:
        """Write *files*; see `Place.put`."""
        with self._opened() as (filesystem, root):
            for folder in {path.rpartition("/")[0] for path in files}:
                filesystem.makedirs(f"{root}/{folder}", exist_ok=True)
            for path, content in files.items():
                filesystem.pipe_file(f"{root}/{path}", content)

    def remove(self, paths: Collection[str]) -> None:
        """Remove files; see `Place.remove`."""
        with self._opened() as (filesystem, root):
            for path in paths:
                with suppress(FileNotFoundError):
                    filesystem.rm_file(f"{root}/{path}")

    def files(self, folder: str) -> list[tuple[str, float]]:
        """Return the files of a folder; see `Place.files`."""
        with self._opened() as (filesystem, root):
            try:
                found = filesystem.ls(f"{root}/{folder}", detail=True)
            except FileNotFoundError:
                return []
            return [
                (str(each["name"]).rpartition("/")[2], written_at(each))
                for each in found
                if each["type"] == "file"
            ]

    def is_gone(self, path: str) -> bool:
        """Return False: to look would be a request."""
        return False

    def address(self, path: str) -> str:
        """Return the address of a file, without what opens it."""
        return f"{self._address}/{path}"

    @contextmanager
    def _opened(self) -> Iterator[tuple["AbstractFileSystem", str]]:
        try:
            with no_fork():
                from fsspec.core import url_to_fs  # type: ignore[import-untyped] # it has none

                # The same object again for the same URL: fsspec keeps what it has opened.
                filesystem, root = url_to_fs(self._url.reveal())
            yield filesystem, root.rstrip("/")
        except (PermissionError, FileNotFoundError) as error:
            raise StoreOnHold(
                self._message(error),
                remedy=f"check {self._setting} and what its owner may write there",
            ) from error
        # A driver raises what its libraries do.
        except Exception as error:
            raise StoreUnavailable(self._message(error)) from error

    def _message(self, error: Any) -> str:
        # Without the driver's words: they may quote the URL, and with it a password.
        return f"pictures cannot be kept at {self._address}: {type(error).__name__}"


def written_at(facts: Mapping[str, Any]) -> float:
    """Return when a file was written, in the words of whichever driver says so."""
    for name in ("mtime", "LastModified", "last_modified", "updated", "created"):
        value = facts.get(name)
        if isinstance(value, datetime):
            return value.timestamp()
        if isinstance(value, int | float):
            return float(value)
    return float("inf")
