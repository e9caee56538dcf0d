"""Files that a killed process was writing: nobody reads them, and nobody else removes them."""

import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from otel_steps.fsck.finding import Finding
from otel_steps.fsck.subject import GRACE_S, Subject

# Of a picture, of a file of the journal, of a backup or a pack, and of a database that is restored.
_TEMPORARY: Final = re.compile(
    r"[0-9a-f]{64}\.\S+\.[0-9a-f]{8}\.tmp|.+\.partial|\.steps\.db\.[0-9a-f]{8}(-wal|-shm|-journal)?"
)


def leftovers(subject: Subject) -> Iterator[Finding]:
    """Yield such files below the data folder and the journal, none younger than an hour."""
    found = list(_found(subject))
    if not found:
        return
    if subject.repair:
        for path in found:
            path.unlink(missing_ok=True)
    yield Finding.of(
        "leftovers",
        "processes that were killed have left unfinished files",
        found,
        "they are removed: what they were to become is written anew",
        is_mended=subject.repair,
    )


def _found(subject: Subject) -> Iterator[Path]:
    folders = {each for each in (subject.folder, subject.journal) if each is not None}
    seen: set[Path] = set()
    for folder in sorted(folders):
        for path in folder.rglob("*"):
            if path in seen or not _TEMPORARY.fullmatch(path.name):
                continue
            seen.add(path)
            with suppress(FileNotFoundError):
                is_file = path.is_file() and not path.is_symlink()
                if is_file and path.stat().st_mtime < subject.now - GRACE_S:
                    yield path
