"""
Pictures in any file system that `fsspec` knows, such as `s3://bucket/pictures` or `sftp://host/dir`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from otel_steps.config import ScreenshotFormat, Url
from otel_steps.forks import no_fork
from otel_steps.model import StoredPicture
from otel_steps.screenshots import (
    decoded_facts,
    encoded_facts,
    facts_name,
    is_picture_name,
    render,
    thumbnail_names,
)
from otel_steps.stores.contract import StoreOnHold, StoreUnavailable

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem  # type: ignore[import-untyped] # it has none


class ScreenshotFilesystem:
    """
    A `ScreenshotStore`: the files of `ScreenshotFolder`, under the same names, below a URL.

    Nothing is connected to before the first picture. The facts come last, so a picture without them
    has not been saved.
    """

    def __init__(self, url: str, picture_format: ScreenshotFormat = "webp") -> None:
        self._url = Url(url)
        self._format: ScreenshotFormat = picture_format
        # Stable, and without what opens it.
        self._address = str(self._url).rstrip("/")

    def save(self, sha256: str, data: bytes) -> StoredPicture:
        """
        Compress *data* and write it with its thumbnails.

        Raises:
            ValueError: *sha256* is not 64 lower-case hex digits.
            StoreUnavailable, StoreOnHold: The picture is not saved.
        """
        if known := self.find(sha256):
            return known
        picture, files = render(sha256, data, self._format)
        files |= {facts_name(sha256): encoded_facts(picture)}
        with self._opened() as (filesystem, root):
            folder = f"{root}/{sha256[:2]}"
            filesystem.makedirs(folder, exist_ok=True)
            for name, content in files.items():
                filesystem.pipe_file(f"{folder}/{name}", content)
        return self._with_address(picture)

    def find(self, sha256: str) -> StoredPicture | None:
        """Return what is known of a saved picture, or None where it has not been saved."""
        if not is_picture_name(sha256):
            return None
        facts = self._content(f"{sha256[:2]}/{facts_name(sha256)}")
        picture = decoded_facts(sha256, facts) if facts else None
        return self._with_address(picture) if picture else None

    def read(self, sha256: str, width: int | None = None) -> bytes | None:
        """
        Return a file of a saved picture, or None where it has not been saved.

        Args:
            width: Pixels wanted; the smallest file that has as many, else the picture itself.
        """
        picture = self.find(sha256)
        if picture is None:
            return None
        for name in thumbnail_names(sha256, width):
            if thumbnail := self._content(f"{sha256[:2]}/{name}"):
                return thumbnail
        return self._content(picture.path)

    def _with_address(self, picture: StoredPicture) -> StoredPicture:
        return replace(picture, remote_url=f"{self._address}/{picture.path}")

    def _content(self, path: str) -> bytes | None:
        with self._opened() as (filesystem, root):
            try:
                content: bytes = filesystem.cat_file(f"{root}/{path}")
            except FileNotFoundError:
                return None
        return content

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
                remedy="check OTEL_STEPS_SCREENSHOT_URL and what its owner may write there",
            ) from error
        # A driver raises what its libraries do.
        except Exception as error:
            raise StoreUnavailable(self._message(error)) from error

    def _message(self, error: Any) -> str:
        # Without the driver's words: they may quote the URL, and with it a password.
        return f"pictures cannot be kept at {self._address}: {type(error).__name__}"
