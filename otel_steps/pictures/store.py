"""
The store of pictures: what is saved, found and read, the same wherever the files lie.

A picture without facts has not been saved: they are put last, so whoever finds them finds all that
they speak of. What a broken save has left is replaced by the next one.
"""

import json
import os
import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

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
    picture_name_in,
    possible_paths,
    thumbnail_path,
    thumbnail_paths,
)
from otel_steps.pictures.rendering import render
from otel_steps.pictures.sketch import Sketches, sketch_of
from otel_steps.pictures.stored import StoredPicture, is_stored_as

if TYPE_CHECKING:
    from PIL.Image import Image

# The code with which a picture is refused that nobody could show.
UNDECODABLE: Final = "undecodable"
# Where files lie that are not what their names say.
DAMAGED: Final = "damaged"


class Place(Protocol):
    """
    Where files lie, by paths such as `ab/<sha256>.webp`; several processes may share one.

    Attributes:
        facts_first: True where a thumbnail counts only with its picture's facts: what lies there
            may be cut off, or left of a picture that somebody has deleted. False where every file
            is whole, and asking for the facts costs a request.

    Raises:
        StoreUnavailable, StoreOnHold: Any method but `address`, as a store of rows does.
    """

    facts_first: bool

    def get(self, path: str) -> bytes | None:
        """Return the content of a file, or None where there is none."""

    def put(self, files: Mapping[str, bytes]) -> None:
        """
        Write *files*, content by path, in their order; they are there for good at the return.

        Raises:
            RowRejected: The place takes no such file, whoever sends it.
            PictureOnHold: It takes no such file until a person acts; it takes others.
        """

    def remove(self, paths: Collection[str]) -> None:
        """Remove files, those of *paths* that are there; repeating a call is harmless."""

    def files(self, folder: str) -> Iterable[tuple[str, float]]:
        """
        Yield the names of the files in a *folder* such as `ab`, and when each was written.

        In seconds since 1970; infinity where nobody knows.
        """

    def is_gone(self, path: str) -> bool:
        """Tell whether a file that facts speak of is known to be gone; False where that is dear."""

    def address(self, path: str) -> str | None:
        """Return the stable address of a file, without a secret; None on this machine."""


class Saved(NamedTuple):
    """
    What files of a picture are there.

    Attributes:
        at: When the latest of them was written, in seconds since 1970.
        has_facts: Whether its facts are among them.
        has_content: Whether the picture itself is.
    """

    at: float = 0.0
    has_facts: bool = False
    has_content: bool = False

    @property
    def is_complete(self) -> bool:
        """True where nothing of it is missing that has to be there."""
        return self.has_facts and self.has_content


class ScreenshotStore:
    """
    Pictures by the sha256 of what was captured, at *place*.

    Any thread may call. Nothing is connected to before the first picture.
    """

    def __init__(self, place: Place, picture_format: ScreenshotFormat = "webp") -> None:
        self._place = place
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
        self._place.put({**rendered.files, facts_path(sha256): _encoded(rendered.picture)})
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
        facts = self._place.get(facts_path(sha256))
        picture = _decoded(sha256, facts) if facts else None
        if picture is None or self._place.is_gone(picture.path):
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
        facts_first = self._place.facts_first
        if not facts_first and (thumbnail := self._thumbnail(sha256, width)):
            return thumbnail
        picture = self.find(sha256)
        if picture is None:
            return None
        if facts_first and (thumbnail := self._thumbnail(sha256, width)):
            return thumbnail
        return self._place.get(picture.path)

    @property
    def is_near(self) -> bool:
        """True where the files are on this machine, and reading them all costs no requests."""
        return self._place.address("") is None

    def saved(self) -> Iterator[dict[str, Saved]]:
        """
        Yield all pictures of which some file is there, a folder at a time, by their names.

        Raises:
            StoreUnavailable, StoreOnHold: They cannot be listed.
        """
        for number in range(256):
            found: dict[str, Saved] = {}
            for file, written_at in self._place.files(f"{number:02x}"):
                name = picture_name_in(file)
                if name is not None and name.startswith(f"{number:02x}"):
                    before = found.get(name, Saved())
                    is_facts = file == f"{name}.json"
                    found[name] = Saved(
                        max(written_at, before.at),
                        before.has_facts or is_facts,
                        before.has_content or (not is_facts and file.count(".") == 1),
                    )
            yield found

    def is_whole(self, sha256: str) -> bool:
        """
        Tell whether the content of a saved picture is what its facts say; False without either.

        Raises:
            StoreUnavailable, StoreOnHold: It cannot be read.
        """
        picture = self.find(sha256)
        return picture is not None and is_stored_as(picture, self._place.get(picture.path))

    def has_facts(self, sha256: str) -> bool:
        """
        Tell whether there are facts of a picture, readable or not.

        Raises:
            StoreUnavailable, StoreOnHold: It cannot be told.
        """
        return self._place.get(facts_path(sha256)) is not None

    def broken_thumbnails(self, sha256: str) -> list[str]:
        """
        Return the paths of thumbnails of a picture that cannot be shown.

        Raises:
            StoreUnavailable, StoreOnHold: They cannot be read.
        """
        paths = [thumbnail_path(sha256, width) for width in THUMBNAIL_WIDTHS]
        return [path for path in paths if _is_cut_off(self._place.get(path))]

    def forgo(self, paths: Iterable[str]) -> None:
        """
        Remove thumbnails: the picture itself is shown in their place.

        Raises:
            StoreUnavailable, StoreOnHold: Some of them may still be there.
        """
        self._place.remove(list(paths))

    def restore(self, picture: StoredPicture) -> bool:
        """
        Write the facts of a picture anew, where its content is there, and is what they say.

        Raises:
            RowRejected, PictureOnHold, StoreUnavailable, StoreOnHold: As `save`.
        """
        if picture.path not in possible_paths(picture.sha256):
            return False
        if not is_stored_as(picture, self._place.get(picture.path)):
            return False
        self._place.put({facts_path(picture.sha256): _encoded(replace(picture, remote_url=None))})
        return True

    def set_aside(self, sha256: str) -> None:
        """
        Move what is there of a picture to `damaged/`, where nobody takes it for the picture.

        Raises:
            RowRejected, PictureOnHold, StoreUnavailable, StoreOnHold: As `save`.
        """
        for path in (*possible_paths(sha256), facts_path(sha256)):
            content = self._place.get(path)
            if content is not None:
                self._place.put({f"{DAMAGED}/{path.rpartition('/')[2]}": content})
        self.remove([sha256])

    def remove(self, names: Iterable[str]) -> None:
        """
        Remove saved pictures with all their files; repeating a call is harmless.

        Raises:
            StoreUnavailable, StoreOnHold: Some of their files may still be there.
        """
        known = [name for name in names if is_picture_name(name)]
        # The facts first: what is there without them has not been saved, and is saved anew.
        self._place.remove([facts_path(name) for name in known])
        self._place.remove([path for name in known for path in content_paths(name)])

    def files(self, sha256: str) -> dict[str, bytes] | None:
        """
        Return all files of a saved picture, content by path, its facts last.

        None where it has not been saved, or the picture itself is gone.

        Raises:
            StoreUnavailable, StoreOnHold: They cannot be read.
        """
        picture = self.find(sha256)
        content = None if picture is None else self._place.get(picture.path)
        if picture is None or content is None:
            return None
        paths = (thumbnail_path(sha256, width) for width in THUMBNAIL_WIDTHS)
        small = {path: found for path in paths if (found := self._place.get(path))}
        facts = _encoded(replace(picture, remote_url=None))
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
        picture = _decoded(sha256, files.get(facts_path(sha256), b""))
        if picture is None or not is_stored_as(picture, files.get(picture.path)):
            raise RowRejected(f"the files of the picture {sha256} do not belong together")
        small = (thumbnail_path(sha256, width) for width in THUMBNAIL_WIDTHS)
        paths = (*(path for path in small if begins_as_picture(files.get(path, b""))), picture.path)
        kept = {path: files[path] for path in paths}
        self._place.put({**kept, facts_path(sha256): _encoded(picture)})
        return self._with_address(picture)

    def _thumbnail(self, sha256: str, width: int | None) -> bytes | None:
        contents = (self._place.get(path) for path in thumbnail_paths(sha256, width))
        return next((content for content in contents if content), None)

    def _with_address(self, picture: StoredPicture) -> StoredPicture:
        return replace(picture, remote_url=self._place.address(picture.path))


def _is_cut_off(webp: bytes | None) -> bool:
    """Tell whether a WebP file is not as long as it says; one that is not there is whole."""
    return webp is not None and (
        webp[:4] != b"RIFF" or int.from_bytes(webp[4:8], "little") + 8 != len(webp)
    )


def _encoded(picture: StoredPicture) -> bytes:
    return json.dumps(asdict(picture)).encode()


def _decoded(sha256: str, facts: bytes) -> StoredPicture | None:
    """
    Return what the facts say, or None where saving has to make them good.

    They may be cut off, of another version, or name another file than a picture's own.
    """
    try:
        picture = StoredPicture(**json.loads(facts))
    except (ValueError, TypeError):
        return None
    return picture if picture.path in possible_paths(sha256) else None
