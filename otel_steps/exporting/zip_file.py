"""Many tasks as files of one archive, written piece by piece: none of them is in memory whole."""

import zipfile
from collections.abc import Callable, Iterator
from typing import Any, Final

from otel_steps.exporting.task_gone import TaskGone

# What nobody could export; an archive that is short of tasks without a word would look whole.
MISSING: Final = "not exported.txt"


class _Sink:
    """What a ZIP file writes to: it hands on what has come, and cannot go back."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def write(self, data: Any) -> int:
        self._pieces.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Nothing is held back."""

    def taken(self) -> bytes:
        pieces, self._pieces = self._pieces, []
        return b"".join(pieces)


def render(
    tasks: Iterator[tuple[str, str]], suffix: str, pieces_of: Callable[[str], Iterator[bytes]]
) -> Iterator[bytes]:
    """
    Yield an archive with a file of each task.

    Args:
        tasks: The id of each and the title of its file, read as they are asked for.
        suffix: Of the files.
        pieces_of: Takes the id of a task; raises `TaskGone`, before its first piece or behind it.
    """
    sink = _Sink()
    names: set[str] = set()
    missing: list[str] = []
    # Films and pictures are small already, all else is text: a low level takes a third of the time.
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:  # type: ignore[call-overload]
        for task_id, title in tasks:
            name = _free(title, suffix, names)
            try:
                with archive.open(name, "w", force_zip64=True) as file:
                    for piece in pieces_of(task_id):
                        file.write(piece)
                        yield sink.taken()
            except TaskGone:
                missing.append(name)
        if missing:
            archive.writestr(MISSING, "".join(f"{name}\n" for name in missing))
    yield sink.taken()


def _free(title: str, suffix: str, names: set[str]) -> str:
    """Return a name that no file of the archive has, however a system compares them."""
    name, number = f"{title}{suffix}", 1
    while name.casefold() in names:
        number += 1
        name = f"{title} {number}{suffix}"
    names.add(name.casefold())
    return name
