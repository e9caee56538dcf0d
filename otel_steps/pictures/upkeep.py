"""
What keeps a store of pictures whole: which files are there, and what is to become of bad ones.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final, NamedTuple

from otel_steps.pictures.names import (
    THUMBNAIL_WIDTHS,
    facts_path,
    picture_name_in,
    possible_paths,
    thumbnail_path,
)
from otel_steps.pictures.store import ScreenshotStore
from otel_steps.pictures.stored import StoredPicture, encoded, is_stored_as

# Where files lie that are not what their names say.
DAMAGED: Final = "damaged"


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


class PictureUpkeep:
    """The files of *pictures*, looked at one by one; as those, any thread may call."""

    def __init__(self, pictures: ScreenshotStore) -> None:
        self._pictures = pictures
        self._place = pictures.place

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
        picture = self._pictures.find(sha256)
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
        self._place.put({facts_path(picture.sha256): encoded(replace(picture, remote_url=None))})
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
        self._pictures.remove([sha256])


def _is_cut_off(webp: bytes | None) -> bool:
    """Tell whether a WebP file is not as long as it says; one that is not there is whole."""
    return webp is not None and (
        webp[:4] != b"RIFF" or int.from_bytes(webp[4:8], "little") + 8 != len(webp)
    )
