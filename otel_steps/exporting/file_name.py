"""The names of files that hold what belongs to a task."""

import hashlib
import re
import unicodedata
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

# A task's id may be any text.
_NO_FILE_NAME: Final = re.compile(r"[^\w-]+")
# Four bytes each at most, and room for a day, a status, a hash and a suffix: no file system takes
# more than 255.
_LONGEST: Final = 50
_LONGEST_WORDS: Final = 40


def file_stem(task_id: str) -> str:
    """
    Return a name by the task's id, without its suffix, as every file system takes it.

    An id that is such a name is kept. Any other has something of its hash in its name, so that the
    files of `a/b` and `a?b` never overwrite each other.
    """
    stem = _NO_FILE_NAME.sub("-", task_id)[:_LONGEST].strip("-")
    return stem if stem == task_id else f"{stem or 'task'}-{_digest(task_id)}"


def file_title(task: Mapping[str, Any], *, is_alone: bool = True) -> str:
    """
    Return a name by what a person knows of the task, without its suffix, for every file system.

    It is the day on this machine's clock, what was to be done, and how it ended: `2026-11-25
    open-the-camera failed`.

    Args:
        task: A row of `tasks`.
        is_alone: False where a file has that name already: something of the hash of the task's id
            stands behind it, and no other task has the same.
    """
    words = _words(task["task_description"], _LONGEST_WORDS) or file_stem(task["task_id"])
    own = None if is_alone else _digest(task["task_id"])
    parts = (_day(task["created_at"]), words, _words(task["status"], 12), own)
    return " ".join(filter(None, parts))


def _digest(task_id: str) -> str:
    return hashlib.sha256(task_id.encode(errors="surrogatepass")).hexdigest()[:8]


def _words(text: str | None, most: int) -> str:
    """Return the words of *text* in small letters, with hyphens between them."""
    # Marks belong to the letters of many languages.
    kept = (each if unicodedata.category(each)[0] in "LMN" else " " for each in (text or "")[:500])
    return "-".join("".join(kept).lower().split())[:most].strip("-")


def _day(created_at: str | None) -> str | None:
    try:
        return datetime.fromisoformat(created_at or "").astimezone().date().isoformat()
    except (ValueError, OverflowError):
        return None  # PostgreSQL knows years that Python does not
