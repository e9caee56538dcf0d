"""The files that can be imported, by their names."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from otel_steps.importing import pickles, replay
from otel_steps.importing.item import Found

_REPLAY_NAME: Final = "replay.jsonl"
_READERS: Final[dict[str, Callable[[Path], Iterator[Found]]]] = {
    ".jsonl": replay.read,
    ".pkl": pickles.read,
}


@dataclass(frozen=True, slots=True)
class Source:
    """
    Something to import from.

    Attributes:
        name: For messages.
        size: How many items `read` will find, where that is known beforehand.
    """

    name: str
    read: Callable[[], Iterator[Found]]
    size: int | None = None


def find_sources(path: Path) -> list[Source]:
    """
    Return the file at *path*, or all files of both kinds in a folder and below; maybe none.

    A file that is named may have any name with the right ending; in a folder, replays are those
    called `replay.jsonl`. Links to folders are not followed.
    """
    paths = sorted(_files_below(path)) if path.is_dir() else [path]
    # A FIFO of that name would wait for its writer.
    return [_source(each) for each in paths if each.suffix in _READERS and each.is_file()]


def _files_below(folder: Path) -> Iterator[Path]:
    for parent, _, names in os.walk(folder):
        for name in names:
            if name == _REPLAY_NAME or name.endswith(".pkl"):
                yield Path(parent, name)


def _source(path: Path) -> Source:
    return Source(str(path), lambda: _READERS[path.suffix](path))
