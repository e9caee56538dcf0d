"""Folders that may only be read, and what is in them before and after."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

_NOBODY: Final = 65534
# What lets root pass by the modes of files.
_WITHOUT: Final = "-dac_override,-dac_read_search,-fowner"
_ROOT: Final = Path(__file__).parent.parent


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """
    Let everybody read what is in *folder* while the block runs, and nobody write there.

    Where this is root, it is another user's meanwhile.
    """
    paths = [folder, *folder.rglob("*")]
    former = {path: path.stat() for path in paths}
    for path in paths:
        path.chmod(0o555 if path.is_dir() else 0o444)
        if os.geteuid() == 0:
            os.chown(path, _NOBODY, _NOBODY)
    try:
        yield
    finally:
        for path, status in former.items():
            os.chown(path, status.st_uid, status.st_gid)
            path.chmod(status.st_mode)


def as_a_reader(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run python as somebody whom modes stop, as they do not stop root."""
    command = [sys.executable, *(str(argument) for argument in arguments)]
    if os.geteuid() == 0:
        command = ["setpriv", f"--bounding-set={_WITHOUT}", *command]
    return subprocess.run(
        command,
        env={**os.environ, **environment},
        cwd=_ROOT,
        text=True,
        encoding="utf-8",
        capture_output=True,
    )


def contents(folder: Path) -> dict[str, object]:
    """
    Return all that is to be seen of what is in *folder*: names, times, modes, hashes.

    Of the shared memory of SQLite only the name: who reads beside a writer takes its lock there.
    """
    seen: dict[str, object] = {}
    for path in sorted([folder, *folder.rglob("*")]):
        status = path.stat()
        data = path.read_bytes() if path.is_file() else b""
        facts = (status.st_mode, status.st_size, status.st_mtime_ns, hashlib.sha256(data).digest())
        seen[str(path)] = None if path.name.endswith("-shm") else facts
    return seen
