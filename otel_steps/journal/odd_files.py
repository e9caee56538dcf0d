"""
What stands where a file or a folder of the journal belongs and is none: moved out of the way.

A link, a pipe, a folder in place of a file, a file in place of a folder: nothing that a journal has
written, so nothing recorded is in it; but left where it is, it would be met again and again. So is
a file that has more lines than any damage leaves that cannot be read.

    dead/<owner>.<name>.unreadable   from the folder of a process
    dead/<name>.unreadable           from the journal folder
    <name>.unreadable                in its place, where it cannot be moved there
"""

import contextlib
import os
import secrets
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from otel_steps.health.problems import Problems
from otel_steps.journal.files import kinds_in
from otel_steps.journal.owner import is_owner_name
from otel_steps.process.private_files import make_private

UNREADABLE: Final = ".unreadable"
_REMEDY: Final = "look at it and delete it"


class OddFiles:
    """
    Moves them out of the way, and tells.

    Attributes:
        told: What was said of each, by the path at which it was found.

    Args:
        journal: Holds the folders of all processes, and `dead/`.
    """

    def __init__(self, journal: Path, problems: Problems) -> None:
        self._journal = journal
        self._problems = problems
        self.told: dict[Path, str] = {}

    def owners(self) -> list[Path]:
        """Return what has the name of a process's folder, and is none."""
        kinds = kinds_in(self._journal)
        names = [name for name in kinds if is_owner_name(name) and kinds[name] != "folder"]
        return [self._journal / name for name in names]

    def shared_folders(self) -> list[Path]:
        """Return what has the name of a folder that all processes share, and is none."""
        # They may be links: somebody may keep them on another disk.
        paths = [self._journal / name for name in ("dead", "uploads")]
        return [path for path in paths if os.path.lexists(path) and not path.is_dir()]

    def clear(self, paths: Iterable[Path]) -> bool:
        """Set *paths* aside; True if one of them stands no longer in the way."""
        cleared = [self._set_aside(path) for path in paths]
        return any(cleared)

    def _set_aside(self, path: Path) -> bool:
        if not os.path.lexists(path):
            return True  # another process has been faster
        what = f"{path} is {_kind(path)} that no journal has written"
        try:
            target = self._move(path)
        except FileNotFoundError:
            return True
        except OSError as error:
            self._tell(path, f"{what}; it cannot be moved and is passed over: {error}")
            return False
        self._tell(path, f"{what}; it is set aside as {target}")
        return True

    def _tell(self, path: Path, message: str) -> None:
        self.told[path] = f"{message}; {_REMEDY}"
        self._problems.report("journal", message, remedy=_REMEDY)

    def _move(self, path: Path) -> Path:
        name = ".".join(path.relative_to(self._journal).parts)
        dead = self._journal / "dead"
        with contextlib.suppress(OSError):
            make_private(dead)
            return path.rename(_free(dead / f"{name}{UNREADABLE}"))
        # A folder without rights can be renamed, but not moved; and `dead` itself may be meant.
        return path.rename(_free(path.with_name(path.name + UNREADABLE)))


def _kind(path: Path) -> str:
    kinds = (
        (path.is_symlink, "a link"),
        (path.is_dir, "a folder"),
        (path.is_fifo, "a pipe"),
        (path.is_file, "a file"),
    )
    return next((kind for is_kind, kind in kinds if is_kind()), "no regular file")


def _free(path: Path) -> Path:
    """Return *path*, or one like it where that is taken: renaming would replace a file."""
    if not os.path.lexists(path):
        return path
    stem = path.name.removesuffix(UNREADABLE)
    return path.with_name(f"{stem}.{secrets.token_hex(4)}{UNREADABLE}")
