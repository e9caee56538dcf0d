"""
Pictures that came by themselves and wait for the span that names them.

    uploads/<sha256>   the bytes as they were sent

A span may be minutes behind its picture, and the process may end in between. Once the span is in
the journal its picture is there, too, and is removed here.
"""

import hashlib
import time
from pathlib import Path
from typing import Final

from otel_steps.journal.files import files_in, kinds_in, replace_file
from otel_steps.journal.owner import MAX_PICTURE_BYTES, SHA256
from otel_steps.process.private_files import make_private, read_regular

# By then nobody will name it any more.
KEPT_S: Final = 7 * 24 * 3600.0


class Uploads:
    """
    The uploads of a journal folder, which several processes share; every method may raise OSError.

    Names are what the caller has checked: 64 lower-case hex digits.
    """

    def __init__(self, journal_folder: Path) -> None:
        self._folder = journal_folder / "uploads"

    def path_of(self, sha256: str) -> Path:
        """Return where a picture is, or would be."""
        return self._folder / sha256

    def keep(self, sha256: str, data: bytes, *, is_synced: bool) -> None:
        """Keep a picture, as a whole or not at all; a second time replaces the first."""
        make_private(self._folder)
        replace_file(self.path_of(sha256), data, is_synced=is_synced)

    def read(self, sha256: str) -> bytes | None:
        """Return a picture, or None: it is not here, or not whole."""
        try:
            data = read_regular(self.path_of(sha256), MAX_PICTURE_BYTES)
        except FileNotFoundError:
            return None
        # A power cut leaves files with the right name and size, and nothing in them.
        return data if hashlib.sha256(data).hexdigest() == sha256 else None

    def remove(self, sha256: str) -> None:
        """Remove a picture that the journal has with its span."""
        self.path_of(sha256).unlink(missing_ok=True)

    def odd(self) -> list[Path]:
        """Return what lies here and is no file: a picture of that name could not be kept."""
        if not self._folder.is_dir():
            return []
        kinds = kinds_in(self._folder)
        names = [name for name in kinds if SHA256.fullmatch(name) and kinds[name] != "file"]
        return [self._folder / name for name in names]

    def sweep(self, *, kept_s: float = KEPT_S) -> int:
        """Remove what nobody has named for so long, and return how many bytes that were."""
        freed = 0
        for path in (self._folder / name for name in files_in(self._folder)):
            try:
                stat = path.stat()
            except FileNotFoundError:
                continue  # its span has come
            if stat.st_mtime < time.time() - kept_s:
                path.unlink(missing_ok=True)
                freed += stat.st_size
        return freed
