"""The name of the file that holds an exported task."""

import hashlib
import re
from typing import Final

# A task's id may be any text.
_NO_FILE_NAME: Final = re.compile(r"[^\w-]+")
# Four bytes each at most, and room for a suffix: no file system takes more than 255.
_LONGEST: Final = 50


def file_stem(task_id: str) -> str:
    """
    Return the name of the task's file, without its suffix, as every file system takes it.

    An id that is such a name is kept. Any other has something of its hash in its name, so that the
    files of `a/b` and `a?b` never overwrite each other.
    """
    stem = _NO_FILE_NAME.sub("-", task_id)[:_LONGEST].strip("-")
    if stem == task_id:
        return stem
    digest = hashlib.sha256(task_id.encode(errors="surrogatepass")).hexdigest()[:8]
    return f"{stem or 'task'}-{digest}"
