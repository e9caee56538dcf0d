"""The files that can be imported, told by what is in them."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from otel_steps.importing import (
    android_world,
    atif,
    browser_use,
    kinds,
    midscene,
    otlp_files,
    pickles,
    replay,
    ui_tars,
)
from otel_steps.importing.item import Found
from otel_steps.importing.opened import reason_of
from otel_steps.importing.portions import NewPictures
from otel_steps.journal.owner import is_owner_name
from otel_steps.pictures.inline import Pictures

_READERS: Final[dict[str, Callable[[Path], Iterator[Found]]]] = {
    kinds.REPLAY: replay.read,
    kinds.PICKLE: pickles.read,
    kinds.ANDROID_WORLD: android_world.read,
    kinds.ATIF: atif.read,
    kinds.BROWSER_USE: browser_use.read,
    kinds.UI_TARS: ui_tars.read,
    kinds.MIDSCENE_DUMP: midscene.read_dump,
    kinds.MIDSCENE_REPORT: midscene.read_report,
}
_OTLP_READERS: Final[dict[str, Callable[[Path, NewPictures], Iterator[Found]]]] = {
    kinds.OTLP_JSON: otlp_files.read_json,
    kinds.OTLP_PROTOBUF: otlp_files.read_protobuf,
    kinds.IN_FLIGHT: otlp_files.read_in_flight,
}
# What is broken from its first byte is told by its name, so that it is refused and not passed over.
_BROKEN: Final = {"replay.jsonl": kinds.REPLAY, ".pkl": kinds.PICKLE}


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


def find_sources(
    path: Path, new_pictures: NewPictures = Pictures, *, journal: Path | None = None
) -> list[Source]:
    """
    Return the file at *path*, or all in a folder and below that can be imported; maybe none.

    Links to folders are not followed.

    Args:
        new_pictures: Makes what takes pictures out of attributes; see `Admission.pictures`.
        journal: Our own, whose processes are left to the shipper: some may be alive.
    """
    paths = sorted(_files_below(path, journal)) if path.is_dir() else [path]
    # A FIFO would wait for its writer.
    sources = (_source(each, new_pictures) for each in paths if each.is_file())
    return [source for source in sources if source is not None]


def what_is(path: Path) -> str:
    """Return what the file at *path* is, which is no source, in some words."""
    if not path.is_file():
        return "no file"
    try:
        return kinds.described(kinds.head_of(path))
    except OSError as error:
        return f"a file that cannot be read: {reason_of(error)}"


def _files_below(folder: Path, journal: Path | None) -> Iterator[Path]:
    own = None if journal is None else journal.resolve()
    for parent, folders, names in os.walk(folder):
        if Path(parent).resolve() == own:
            folders[:] = [each for each in folders if not is_owner_name(each)]
        yield from (Path(parent, name) for name in names)


def _source(path: Path, new_pictures: NewPictures) -> Source | None:
    by_name = _BROKEN.get(path.name) or _BROKEN.get(path.suffix)
    try:
        kind = kinds.kind_of(kinds.head_of(path)) or by_name
    except OSError:
        kind = by_name
    if kind in _OTLP_READERS:
        return Source(str(path), partial(_OTLP_READERS[kind], path, new_pictures))
    return None if kind is None else Source(str(path), partial(_READERS[kind], path))
