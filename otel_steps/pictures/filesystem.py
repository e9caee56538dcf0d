"""
Pictures in any file system that `fsspec` knows, such as `s3://bucket/pictures` or `sftp://host/dir`.
"""

from collections.abc import Collection, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any

from otel_steps.pictures.remote_folder import RemoteFolder


class PictureFilesystem:
    """A `Place` below a URL. Nothing is connected to before the first call."""

    # A file may be there in part: not every file system writes one as a whole.
    facts_first = True

    def __init__(self, url: str, *, setting: str = "OTEL_STEPS_SCREENSHOT_URL") -> None:
        self._folder = RemoteFolder(url, "pictures cannot be kept at", setting)

    def get(self, path: str) -> bytes | None:
        """Return the content of a file, or None; see `Place.get`."""
        with self._folder.opened() as (filesystem, root):
            try:
                content: bytes = filesystem.cat_file(f"{root}/{path}")
            except FileNotFoundError:
                return None
        return content

    def put(self, files: Mapping[str, bytes]) -> None:
        """Write *files*; see `Place.put`."""
        with self._folder.opened() as (filesystem, root):
            for folder in {path.rpartition("/")[0] for path in files}:
                filesystem.makedirs(f"{root}/{folder}", exist_ok=True)
            for path, content in files.items():
                filesystem.pipe_file(f"{root}/{path}", content)

    def remove(self, paths: Collection[str]) -> None:
        """Remove files; see `Place.remove`."""
        with self._folder.opened() as (filesystem, root):
            for path in paths:
                with suppress(FileNotFoundError):
                    filesystem.rm_file(f"{root}/{path}")

    def files(self, folder: str) -> list[tuple[str, float]]:
        """Return the files of a folder; see `Place.files`."""
        with self._folder.opened() as (filesystem, root):
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
        return f"{self._folder.shown}/{path}"


def written_at(facts: Mapping[str, Any]) -> float:
    """Return when a file was written, in the words of whichever driver says so."""
    for name in ("mtime", "LastModified", "last_modified", "updated", "created"):
        value = facts.get(name)
        if isinstance(value, datetime):
            return value.timestamp()
        if isinstance(value, int | float):
            return float(value)
    return float("inf")
