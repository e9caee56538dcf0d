"""
What an error of the file system means for a store: wait for it, or ask a person.
"""

import errno
from pathlib import Path
from typing import Final

from otel_steps.errors import StoreError, StoreOnHold, StoreUnavailable

# Waiting changes none of these; whatever else happens (disk full, I/O error, too many open files)
# may be over at the next try.
_FOR_A_PERSON: Final = frozenset(
    {
        errno.EACCES,
        errno.EPERM,
        errno.EROFS,
        errno.ENOTDIR,
        errno.EEXIST,
        errno.EISDIR,
        errno.ELOOP,
        errno.ENAMETOOLONG,
    }
)


def store_error(error: OSError, folder: Path) -> StoreError:
    """Return what *error*, met while writing below *folder*, is to the caller of a store."""
    message = f"cannot write below {folder}: {error.strerror}"
    if error.errno in _FOR_A_PERSON:
        return StoreOnHold(message, remedy=f"make {folder} a folder that this user can write to")
    return StoreUnavailable(message)
