"""A secret that outlives the process, so that who was let in stays so when it starts again."""

import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path
from typing import Final

from otel_steps.process.private_files import read_regular, write_private

_BYTES: Final = 32


class KeptSecret:
    """
    Random bytes in the file *path*, for this user alone. Any thread and any process may ask.

    Nothing is written before one is needed, and no folder is made for it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> bytes | None:
        """Return the secret, or None where there is none, or one that others could have read."""
        try:
            if os.name != "nt" and stat.S_IMODE(self._path.lstat().st_mode) & 0o077:
                return None
            found = read_regular(self._path, _BYTES)
        except OSError:
            return None
        return found if len(found) == _BYTES else None

    def make(self) -> bytes:
        """Return the secret, made where there is none; the caller's own if it cannot be kept."""
        if known := self.read():
            return known
        made = secrets.token_bytes(_BYTES)
        partial = self._path.with_name(f".{self._path.name}.{secrets.token_hex(8)}")
        try:
            write_private(partial, made)
            self._put(partial)
        except OSError:  # no folder, no space, or not ours to write
            return made
        finally:
            with suppress(OSError):
                partial.unlink()
        return self.read() or made

    def _put(self, partial: Path) -> None:
        """Give *partial* its name, unless another process was faster: its secret is everybody's."""
        if self._path.exists() and self.read() is None:
            self._path.unlink(missing_ok=True)
        try:
            os.link(partial, self._path)
        except FileExistsError:
            pass
        except OSError:  # a disk without hard links
            partial.replace(self._path)
