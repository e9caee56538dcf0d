"""
The folder of one writing process: its lock, its segments, its pictures, what is in flight.

    <utc_ns>-<pid>-<random>/
        lock                 held (flock) for as long as the process lives
        000001.jsonl ...     segments: OTLP JSON Lines, ended spans only
        000002.aside.jsonl   a segment that was complete from its first moment
        in-flight.log        what is known of the spans in flight: `in_flight`
        pictures/<sha256>.*  pictures as they were captured
        *.shipped            a segment or a log whose rows are stored and whose pictures are not yet

Whoever holds the lock owns the folder: the process that made it or, after its end, an adopter.
Their names tell their age. This module knows files only; what a line says is nothing to it. What
has the name of one of these and is of another kind (`Owner.odd`) is never looked into.

One segment at a time is written to, and it is never opened again: of all that are not aside, only
the last one grows.
"""

import contextlib
import itertools
import logging
import os
import re
import secrets
import stat
import time
from collections.abc import Sequence
from os.path import samestat
from pathlib import Path
from typing import Final

from filelock import FileLock, Timeout

from otel_steps.journal.files import (
    NEW,
    PARTIAL,
    Kind,
    files_in,
    kinds_in,
    replace_file,
    write_new,
)
from otel_steps.journal.in_flight import read_states
from otel_steps.process.private_files import make_private

_log = logging.getLogger(__name__)

# Before 1970 the time is negative.
_NAME: Final = re.compile(r"(-?\d+)-\d+-[0-9a-f]+")
_SEGMENT: Final = re.compile(r"\d{6,}(\.aside)?\.jsonl")
_ASIDE: Final = ".aside"
_IN_FLIGHT: Final = "in-flight.log"
_PICTURES: Final = "pictures"
_SHIPPED: Final = ".shipped"
_WITHOUT_PICTURES: Final = re.compile(rf".+{re.escape(_SHIPPED)}")
_LOGS: Final = re.compile(rf"{re.escape(_IN_FLIGHT)}(\.\w+{re.escape(PARTIAL)})?")
SHA256: Final = re.compile(r"[0-9a-f]{64}")
_PICTURE: Final = re.compile(r"[0-9a-f]{64}\.\w+")

# The first bytes of a picture -> the suffix of its file, for people who look into the folder.
_SUFFIXES: Final = {b"\x89PNG": ".png", b"\xff\xd8\xff": ".jpg", b"RIFF": ".webp"}
_OTHER_SUFFIX: Final = ".bin"

# An adopter takes a new folder only in the instant before its maker has locked it.
_CREATE_TRIES: Final = 64

# A larger one is nothing that a journal wrote.
MAX_PICTURE_BYTES: Final = 32 * 2**20


class Owner:
    """
    One process's folder; every method may raise OSError.

    Attributes:
        path: The folder.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        # Not thread-local: the thread that closes a journal need not be the one that opened it.
        self._lock = FileLock(path / "lock", mode=0o600, thread_local=False)
        self._locked: os.stat_result | None = None  # the file that is locked, while it is ours
        # Of the segments made here. Drawn in one operation: no two callers get the same one.
        self._numbers = itertools.count(1)

    @classmethod
    def create(cls, folder: Path) -> "Owner":
        """Make a new folder below *folder*, and own it."""
        _refuse_foreign_link(folder)
        make_private(folder)
        for _ in range(_CREATE_TRIES):
            name = f"{time.time_ns()}-{os.getpid()}-{secrets.token_hex(4)}"
            owner = cls(folder / name)
            make_private(owner.path)
            # An adopter may be faster than we are: to it, a folder without an owner is a dead one.
            if owner.try_lock():
                return owner
        raise TimeoutError(f"another process takes each new folder below {folder}")

    @classmethod
    def all(cls, folder: Path) -> list["Owner"]:
        """Return all owners below *folder*, dead or alive, the oldest first."""
        kinds = kinds_in(folder)
        names = [name for name in kinds if is_owner_name(name) and kinds[name] == "folder"]
        return [cls(folder / name) for name in sorted(names, key=_age)]

    def try_lock(self) -> bool:
        """Become the owner, unless somebody else is; never waits."""
        try:
            self._lock.acquire(blocking=False)
        except (Timeout, FileNotFoundError, FileExistsError):
            # The latter two: whoever owns the folder removes it at this moment.
            return False
        # Or has just done so, and what is locked is a file without a name.
        self._locked = self._stat_lock()
        if self._locked is None:
            self.unlock()
            return False
        return True

    def unlock(self) -> None:
        """Let others adopt the folder."""
        self._locked = None
        self._lock.release()

    @property
    def lock(self) -> Path:
        """What is locked; it need not be there."""
        return self.path / "lock"

    @property
    def is_in_place(self) -> bool:
        """True while our lock is where others look for it: nobody has removed the folder."""
        found = self._stat_lock()
        return found is not None and self._locked is not None and samestat(found, self._locked)

    def _stat_lock(self) -> os.stat_result | None:
        try:
            return self.lock.lstat()
        except OSError:
            return None

    @property
    def has_odd_lock(self) -> bool:
        """True where something stands in place of the lock that nobody can have locked."""
        found = self._stat_lock()
        return found is not None and not stat.S_ISREG(found.st_mode)

    def odd(self) -> list[Path]:
        """Return what has a name of ours and is not what we write: a link, a pipe, a folder."""
        return sorted([*self.odd_files(), *self.odd_pictures()])

    def odd_files(self) -> list[Path]:
        """Return those of `odd` that are in the folder itself."""
        kinds = kinds_in(self.path)
        return [self.path / name for name, kind in kinds.items() if kind != _kind_of(name, kind)]

    def odd_pictures(self) -> list[Path]:
        """Return those of `odd` that are among the pictures."""
        if not self._has_pictures:
            return []
        names = [name for name, kind in kinds_in(self.pictures).items() if kind != "file"]
        return [self.pictures / name for name in names if _PICTURE.fullmatch(name)]

    @property
    def is_empty(self) -> bool:
        """True where nothing waits here: neither a segment, nor a picture, nor a span in flight."""
        is_done = not self.segments() and not self.shipped()
        return is_done and not any(read_states(self.in_flight))

    def segments(self) -> list[Path]:
        """Return the segments, the oldest first."""
        return self._files(_SEGMENT)

    def shipped(self) -> list[Path]:
        """Return the files whose rows are stored and whose pictures are not, the oldest first."""
        return self._files(_WITHOUT_PICTURES)

    def _files(self, pattern: re.Pattern[str]) -> list[Path]:
        names = [name for name in files_in(self.path) if pattern.fullmatch(name)]
        return [self.path / name for name in sorted(names, key=_order)]

    def new_segment(self) -> tuple[Path, int]:
        """Make the next segment and return its path and a descriptor that appends."""
        while True:
            path = self._next_segment()
            with contextlib.suppress(FileExistsError):
                return path, os.open(path, NEW | os.O_APPEND, 0o600)

    def add_segment(self, data: bytes, *, is_synced: bool) -> Path:
        """Make a segment of *data*, complete from its first moment, and return its path."""
        path = self._next_segment(_ASIDE)
        replace_file(path, data, is_synced=is_synced)
        return path

    def _next_segment(self, kind: str = "") -> Path:
        return self.path / f"{next(self._numbers):06}{kind}.jsonl"

    @staticmethod
    def growing(segments: Sequence[Path]) -> Path | None:
        """Return the one of *segments*, the oldest first, that may be written to, if one may."""
        return next((path for path in reversed(segments) if not path.stem.endswith(_ASIDE)), None)

    @property
    def in_flight(self) -> Path:
        """The log of the spans in flight; it need not be there."""
        return self.path / _IN_FLIGHT

    def save_picture(self, sha256: str, data: bytes, *, is_synced: bool = False) -> Path | None:
        """Keep a picture under its name and return its new file; None if it was here already."""
        if not SHA256.fullmatch(sha256):
            raise ValueError(f"picture name {sha256!r} is not 64 lower-case hex digits")
        path = self.path / _PICTURES / picture_file_name(sha256, data)
        # Not whole is a file that another thread is at, or what this one has interrupted.
        with contextlib.suppress(FileNotFoundError):
            if path.stat().st_size == len(data):
                return None
        try:
            # In one go, half of it after a crash: whoever reads it compares its sha256.
            write_new(path, data, is_synced=is_synced)
        except FileExistsError:
            replace_file(path, data, is_synced=is_synced)
        return path

    def picture(self, sha256: str) -> Path | None:
        """Return the file of a picture, or None; a name that is no sha256 has none."""
        return picture_in(os.path.join(self.path, _PICTURES), sha256)  # noqa: PTH118 - on the agent's thread

    def take_picture(self, path: Path) -> None:
        """Move a picture here; its file has the name that `picture_file_name` gives it."""
        make_private(self.pictures)
        path.replace(self.pictures / path.name)

    @property
    def pictures(self) -> Path:
        """The folder of the pictures; it need not be there."""
        return self.path / _PICTURES

    @property
    def _has_pictures(self) -> bool:
        # Through a link we would count, and remove, what is not ours.
        return self.pictures.is_dir() and not self.pictures.is_symlink()

    def picture_names(self) -> list[str]:
        """Return the names of the picture files."""
        return files_in(self.pictures) if self._has_pictures else []

    def remove(self) -> None:
        """Remove the folder and give up the lock; what cannot be removed now is left for later."""
        try:
            self._remove_content()
            # Under the lock, so that a process which has just made this folder finds its lock gone
            # and makes another one.
            self._remove_lock()
        except PermissionError:
            # Windows refuses to unlink an open file, so there nobody else can have it open either.
            self.unlock()
            with contextlib.suppress(OSError):
                self._remove_lock()
        except OSError as error:
            _log.debug("%s stays: %s", self.path, error)
        finally:
            self.unlock()

    def _remove_content(self) -> None:
        for path in (*(self.pictures / name for name in self.picture_names()), *self._logs()):
            path.unlink(missing_ok=True)
        with contextlib.suppress(FileNotFoundError):
            self.pictures.rmdir()

    def _logs(self) -> list[Path]:
        # A rewriting that was cut short leaves a second one.
        return self._files(_LOGS)

    def _remove_lock(self) -> None:
        self.lock.unlink(missing_ok=True)
        self.path.rmdir()


def picture_in(folder: str | Path, sha256: str) -> Path | None:
    """Return the file of a picture in *folder*, or None; a name that is no sha256 has none."""
    if not SHA256.fullmatch(sha256):
        return None
    stem = os.path.join(folder, sha256)  # noqa: PTH118 - on the agent's thread
    paths = (stem + suffix for suffix in (*_SUFFIXES.values(), _OTHER_SUFFIX))
    return next((Path(path) for path in paths if os.path.exists(path)), None)  # noqa: PTH110


def picture_file_name(sha256: str, data: bytes) -> str:
    """Return the name of the file of a picture, with a suffix that people know."""
    suffix = next((s for magic, s in _SUFFIXES.items() if data.startswith(magic)), None)
    return f"{sha256}{suffix or _OTHER_SUFFIX}"


def is_owner_name(name: str) -> bool:
    """Tell whether a folder of that name would be one of a process."""
    return _NAME.fullmatch(name) is not None


def _age(name: str) -> tuple[int, str]:
    """Return a key that sorts the names of owners, the oldest first."""
    return int(name[: name.index("-", 1)]), name


def _order(name: str) -> tuple[int, str]:
    """Return a key that sorts the names of files by their number."""
    return len(name.partition(".")[0]), name


def _kind_of(name: str, kind: Kind) -> Kind:
    """Return what we write under that name into an owner's folder; *kind* where it is not ours."""
    if name == _PICTURES:
        return "folder"
    is_file = any(each.fullmatch(name) for each in (_SEGMENT, _WITHOUT_PICTURES, _LOGS))
    return "file" if is_file else kind


def mark_shipped(path: Path) -> Path:
    """Rename a segment or a log whose rows are stored; only its pictures are still to come."""
    shipped = path.with_name(path.name + _SHIPPED)
    path.replace(shipped)
    return shipped


def _refuse_foreign_link(folder: Path) -> None:
    if os.name == "nt" or not folder.is_symlink():
        return
    if folder.lstat().st_uid not in (0, os.getuid()):
        raise PermissionError(
            f"the journal folder {folder} is a symbolic link of another user; remove it, or set "
            "OTEL_STEPS_BACKUP_DIR to a folder of your own"
        )
