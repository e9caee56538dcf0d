"""The pictures that the spans of a file name: in its messages, or in folders beside it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from otel_steps.journal.owner import picture_in
from otel_steps.pictures.names import possible_paths
from otel_steps.pictures.sources import read

# A journal has them in the folder of each process; beside it lie those that have been shipped.
_JOURNAL: Final = "pictures"
_SHIPPED: Final = "screenshots"
# From `backup/steps/<process>/000001.jsonl` to where `screenshots` may be.
_LEVELS_UP: Final = 4


class PicturesBeside:
    """
    Finds pictures by their name.

    Args:
        path: Of the file.
        sent: Those that stand in its messages.
    """

    def __init__(self, path: Path, sent: Mapping[str, bytes]) -> None:
        self._folder = path.absolute().parent
        self._sent = sent

    def find(self, sha256: str) -> bytes | None:
        """
        Return a picture, or None; one that was shipped may have been made smaller.

        Raises:
            PictureError: It is there and cannot be read.
        """
        if sha256 in self._sent:
            return self._sent[sha256]
        found = picture_in(self._folder / _JOURNAL, sha256) or self._shipped(sha256)
        return None if found is None else read(found)

    def _shipped(self, sha256: str) -> Path | None:
        above = [self._folder, *self._folder.parents][: _LEVELS_UP + 1]
        paths = (each / _SHIPPED / name for each in above for name in possible_paths(sha256))
        return next((path for path in paths if path.is_file()), None)
