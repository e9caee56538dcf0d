"""
The store of pictures: what is saved, found and read, the same wherever the files lie.

A picture without facts has not been saved: they are put last, so whoever finds them finds all that
they speak of. What a broken save has left is replaced by the next one.
"""

import os
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from otel_steps.config import ScreenshotFormat
from otel_steps.errors import RowRejected
from otel_steps.pictures.captured import PictureError, begins_as_picture
from otel_steps.pictures.change import NO_CHANGE, Change
from otel_steps.pictures.comparison import change_between
from otel_steps.pictures.decoding import decode
from otel_steps.pictures.names import (
    THUMBNAIL_WIDTHS,
    content_paths,
    facts_path,
    is_picture_name,
    thumbnail_path,
    thumbnail_paths,
)
from otel_steps.pictures.place import Place
from otel_steps.pictures.rendering import render
from otel_steps.pictures.sketch import Sketches, sketch_of
from otel_steps.pictures.stored import StoredPicture, decoded, encoded, is_stored_as

if TYPE_CHECKING:
    from PIL.Image import Image

# The code with which a picture is refused that nobody could show.
UNDECODABLE: Final = "undecodable"


class ScreenshotStore:
    """
    Pictures by the sha256 of what was captured, at *place*.

    Any thread may call. Nothing is connected to before the first picture.
    """

    def __init__(self, place: Place, picture_format: ScreenshotFormat = "webp") -> None:
        self.place = place
        self._format: ScreenshotFormat = picture_format
        # Rendering takes a core for a tenth of a second. Where pictures pile up, half of the cores
        # are left to the agent.
        self._rendering = threading.Semaphore(max(1, (os.cpu_count() or 1) // 2))
        self._sketches = Sketches()

    def save(self, sha256: str, data: bytes) -> StoredPicture:
        """
        Compress *data* and keep it with its thumbnails; what is saved already is not touched.

        What has more than `MAX_PIXELS` is kept as it is, without thumbnails and with no `phash`.

        Raises:
            ValueError: *sha256* is not 64 lower-case hex digits.
            RowRejected: It cannot be decoded, or the place does not take it; see `Place.put`.
            PictureOnHold: The place does not take this picture; see `Place.put`.
            StoreUnavailable, StoreOnHold: The picture is not saved.
        """
        if not is_picture_name(sha256):
            raise ValueError(
                f"{sha256[:80]!r} is not the name of a picture, which is 64 hex digits"
            )
        if known := self.find(sha256):
            return known
        try:
            with self._rendering:
                rendered = render(sha256, data, self._format)
        except PictureError as error:
            raise RowRejected(str(error), code=UNDECODABLE) from error
        if rendered.sketch is not None:
            self._sketches.put(sha256, rendered.sketch)
        self.place.put({**rendered.files, facts_path(sha256): encoded(rendered.picture)})
        return self._with_address(rendered.picture)

    def change(
        self, before: str, after: str, captured: Callable[[str], bytes | None]
    ) -> Change | None:
        """
        Return what has changed from one picture to another, None where one cannot be looked at.

        Those that were saved last are at hand; others are decoded once more.

        Args:
            captured: Returns a picture as it was captured, None where that is not known any more.

        Raises:
            StoreUnavailable, StoreOnHold: A picture cannot be read.
        """
        if before == after:
            return NO_CHANGE
        one, other = (self._sketch(name, captured) for name in (before, after))
        if one is None or other is None:
            return None
        with self._rendering:
            return change_between(one, other)

    def _sketch(self, sha256: str, captured: Callable[[str], bytes | None]) -> "Image | None":
        sketch = self._sketches.get(sha256)
        if sketch is not None:
            return sketch
        data = captured(sha256) or self.read(sha256)
        if data is None:
            return None
        try:
            with self._rendering:
                sketch = sketch_of(decode(data).image)
        except PictureError:
            return None
        self._sketches.put(sha256, sketch)
        return sketch

    def find(self, sha256: str) -> StoredPicture | None:
        """
        Return what is known of a saved picture, or None where it has not been saved.

        Raises:
            StoreUnavailable, StoreOnHold: It cannot be looked up.
        """
        if not is_picture_name(sha256):
            return None
        facts = self.place.get(facts_path(sha256))
        picture = decoded(sha256, facts) if facts else None
        if picture is None or self.place.is_gone(picture.path):
            return None
        return self._with_address(picture)

    def read(self, sha256: str, width: int | None = None) -> bytes | None:
        """
        Return a file of a saved picture, or None where it has not been saved.

        Args:
            width: Pixels wanted; the smallest file that has as many, else the picture itself.

        Raises:
            StoreUnavailable, StoreOnHold: It cannot be read.
        """
        if not is_picture_name(sha256):
            return None
        facts_first = self.place.facts_first
        if not facts_first and (thumbnail := self._thumbnail(sha256, width)):
            return thumbnail
        picture = self.find(sha256)
        if picture is None:
            return None
        if facts_first and (thumbnail := self._thumbnail(sha256, width)):
            return thumbnail
        return self.place.get(picture.path)

    def remove(self, names: Iterable[str]) -> None:
        """
        Remove saved pictures with all their files; repeating a call is harmless.

        Raises:
            StoreUnavailable, StoreOnHold: Some of their files may still be there.
        """
        known = [name for name in names if is_picture_name(name)]
        # The facts first: what is there without them has not been saved, and is saved anew.
        self.place.remove([facts_path(name) for name in known])
        self.place.remove([path for name in known for path in content_paths(name)])

    def files(self, sha256: str) -> dict[str, bytes] | None:
        """
        Return all files of a saved picture, content by path, its facts last.

        None where it has not been saved, or the picture itself is gone.

        Raises:
            StoreUnavailable, StoreOnHold: They cannot be read.
        """
        picture = self.find(sha256)
        content = None if picture is None else self.place.get(picture.path)
        if picture is None or content is None:
            return None
        paths = (thumbnail_path(sha256, width) for width in THUMBNAIL_WIDTHS)
        small = {path: found for path in paths if (found := self.place.get(path))}
        facts = encoded(replace(picture, remote_url=None))
        return {**small, picture.path: content, facts_path(sha256): facts}

    def adopt(self, sha256: str, files: Mapping[str, bytes]) -> StoredPicture:
        """
        Keep a picture as another store of pictures has saved it; see `files`.

        What is saved already is not touched.

        Raises:
            RowRejected: The files are not those of a picture of that name; or as `save`.
            PictureOnHold, StoreUnavailable, StoreOnHold: As `save`.
        """
        if known := self.find(sha256):
            return known
        picture = decoded(sha256, files.get(facts_path(sha256), b""))
        if picture is None or not is_stored_as(picture, files.get(picture.path)):
            raise RowRejected(f"the files of the picture {sha256} do not belong together")
        small = (thumbnail_path(sha256, width) for width in THUMBNAIL_WIDTHS)
        paths = (*(path for path in small if begins_as_picture(files.get(path, b""))), picture.path)
        kept = {path: files[path] for path in paths}
        self.place.put({**kept, facts_path(sha256): encoded(picture)})
        return self._with_address(picture)

    def _thumbnail(self, sha256: str, width: int | None) -> bytes | None:
        contents = (self.place.get(path) for path in thumbnail_paths(sha256, width))
        return next((content for content in contents if content), None)

    def _with_address(self, picture: StoredPicture) -> StoredPicture:
        return replace(picture, remote_url=self.place.address(picture.path))
