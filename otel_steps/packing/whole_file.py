"""A file that appears whole, or not at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from otel_steps.process.private_files import PLAIN, sync_folder


@contextmanager
def whole_file(path: Path, *, mode: int) -> Iterator[BinaryIO]:
    """
    Give a new file that gets the name *path*, over a power cut too, when the block has ended well.

    Until then it is `….partial` beside it, and what *path* was before stays.

    Args:
        mode: Of the file, where the umask takes nothing away.

    Raises:
        OSError: It cannot be written.
    """
    partial = path.with_name(f"{path.name}.partial")
    flags = os.O_RDWR | os.O_CREAT | os.O_TRUNC | PLAIN
    try:
        with os.fdopen(os.open(partial, flags, mode), "w+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
        sync_folder(path.parent)
    finally:
        partial.unlink(missing_ok=True)
