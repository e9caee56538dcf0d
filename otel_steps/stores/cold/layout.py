"""
What the files of an archive are called, and what it says of itself. Pure.

A place is a bundle of tasks of one day, `day=2026-10-03/<name>`, and has a file for each table,
`day=2026-10-03/task_steps-<name>.parquet`. That of `tasks` is written last: a place without it is
what somebody has left who was killed.
"""

import json
import re
import secrets
from typing import Final

from otel_steps.errors import StoreOnHold
from otel_steps.rows.tables import TABLES

MANIFEST: Final = "otel-steps-archive.json"
PICTURES: Final = "pictures"
FORMAT: Final = "otel-steps-archive"
VERSION: Final = 1

# In the order in which they are written.
WRITTEN: Final = ("task_steps", "step_screenshots", "task_spans", "tasks")

_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_FOLDER: Final = re.compile(r"day=(\d{4}-\d{2}-\d{2})")
_PLACE: Final = re.compile(r"day=\d{4}-\d{2}-\d{2}/[0-9a-f]{16}")
_FILE: Final = re.compile(rf"({'|'.join(TABLES)})-([0-9a-f]{{16}})\.parquet")


def manifest() -> str:
    """Return what a new archive says of itself."""
    return json.dumps({"format": FORMAT, "version": VERSION}) + "\n"


def check_manifest(text: str, shown: str) -> None:
    """
    Check what an archive says of itself.

    Raises:
        StoreOnHold: It is none, or one of a later version.
    """
    try:
        found = json.loads(text)
        kind, version = found["format"], int(found["version"])
    except (ValueError, TypeError, KeyError):
        kind, version = None, 0
    if kind != FORMAT:
        raise StoreOnHold(
            f"{shown} is no archive: {MANIFEST} says something else",
            remedy="name another folder with OTEL_STEPS_ARCHIVE",
        )
    if version > VERSION:
        raise StoreOnHold(
            f"a later version of otel-steps has written the archive {shown} (format {version})",
            remedy="install that version",
        )


def new_place(day: str) -> str:
    """
    Return a place of a day that nobody has used.

    Raises:
        ValueError: *day* is not YYYY-MM-DD.
    """
    if _DAY.fullmatch(day) is None:
        raise ValueError(f"{day[:80]!r} is no day; expected YYYY-MM-DD")
    return f"day={day}/{secrets.token_hex(8)}"


def is_place(text: str) -> bool:
    """Return whether *text* names a place; what a database says may lead anywhere else."""
    return _PLACE.fullmatch(text) is not None


def is_day_folder(name: str) -> bool:
    """Return whether a folder is one of a day."""
    return _FOLDER.fullmatch(name) is not None


def file_of(place: str, table: str) -> str:
    """
    Return the path of the file with the rows that a table has at a place.

    Raises:
        ValueError: *place* is none.
    """
    if not is_place(place):
        raise ValueError(f"{place[:80]!r} is no place in an archive")
    folder, _, name = place.partition("/")
    return f"{folder}/{table}-{name}.parquet"


def place_of(folder: str, file: str) -> tuple[str, str] | None:
    """Return the place and the table of a file; None where it is none of ours."""
    found = _FILE.fullmatch(file)
    return None if found is None else (f"{folder}/{found[2]}", found[1])
