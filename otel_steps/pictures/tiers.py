"""Pictures in two tiers: those at hand, and those that only an archive has any more."""

from collections.abc import Callable, Mapping

from otel_steps.pictures.store import ScreenshotStore
from otel_steps.pictures.stored import StoredPicture


class TieredScreenshots(ScreenshotStore):
    """
    The pictures of *hot*; one that is not there is looked for in the archive.

    What is saved or removed is so in *hot*: the archive is only read.

    Args:
        cold: Returns the pictures of the archive, None where there is no archive.
    """

    def __init__(self, hot: ScreenshotStore, cold: Callable[[], ScreenshotStore | None]) -> None:
        super().__init__(hot.place, hot._format)
        self._hot = hot
        self._cold = cold

    def save(self, sha256: str, data: bytes) -> StoredPicture:
        """Compress *data* and keep it; see `ScreenshotStore.save`."""
        return self._hot.save(sha256, data)

    def adopt(self, sha256: str, files: Mapping[str, bytes]) -> StoredPicture:
        """Keep a picture as another store has saved it; see `ScreenshotStore.adopt`."""
        return self._hot.adopt(sha256, files)

    def find(self, sha256: str) -> StoredPicture | None:
        """Return what is known of a saved picture, or None."""
        found = self._hot.find(sha256)
        if found is not None or (cold := self._cold()) is None:
            return found
        return cold.find(sha256)

    def read(self, sha256: str, width: int | None = None) -> bytes | None:
        """Return a file of a saved picture, or None."""
        found = self._hot.read(sha256, width)
        if found is not None or (cold := self._cold()) is None:
            return found
        return cold.read(sha256, width)

    def files(self, sha256: str) -> dict[str, bytes] | None:
        """Return all files of a saved picture, or None."""
        found = self._hot.files(sha256)
        if found is not None or (cold := self._cold()) is None:
            return found
        return cold.files(sha256)
