"""
Pictures that rows have let go of, in SQLite: a list to work through, whoever is killed meanwhile.

A name comes here in the transaction that removes a row of it. Whether another row needs the picture
is asked when its files are to go, and only then.
"""

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from otel_steps import semconv
from otel_steps.pictures.names import is_picture_name
from otel_steps.stores.removal import MAX_UNNEEDED


def owner(trace_id: str, span_id: str) -> str:
    """Return the owner of pictures that a span is in `span_pictures`; of a step it is its id."""
    return f"{trace_id}/{span_id}"


def pictures_of(owned_by: str, attributes: Mapping[str, Any] | None) -> list[tuple[str, str]]:
    """Return rows of `span_pictures`: what the *attributes* of a span or step name."""
    names = (attributes or {}).get(semconv.SPAN_PICTURES)
    if not isinstance(names, list):
        return []
    return [(owned_by, name) for name in names if isinstance(name, str) and is_picture_name(name)]


def note(connection: sqlite3.Connection, names: Iterable[str | None]) -> None:
    """Note pictures of rows that go; None is one that is not ours."""
    connection.executemany(_NOTE, [(name,) for name in names if name is not None])


def note_of(connection: sqlite3.Connection, owners: Sequence[str]) -> None:
    """Note, and take away, the pictures that attributes of spans and steps name."""
    if owners:
        values = (json.dumps(owners),)
        connection.execute(_NOTE_OF, values)
        connection.execute(_DISOWN, values)


def some(connection: sqlite3.Connection) -> list[str]:
    """Return some that no row needs; those that one does need are noted no longer."""
    while names := [name for (name,) in connection.execute(_SOME)]:
        kept = needed(connection, names)
        connection.executemany(_FORGET, [(name,) for name in kept])
        if len(kept) < len(names):
            return [name for name in names if name not in kept]
    return []


def forget(connection: sqlite3.Connection, names: Sequence[str]) -> list[str]:
    """Note *names* no longer: their files are gone. Return those that a row needs by now."""
    connection.executemany(_FORGET, [(name,) for name in names])
    return sorted(needed(connection, names))


def needed(connection: sqlite3.Connection, names: Sequence[str]) -> set[str]:
    """Return those of *names* that a row needs."""
    return {name for (name,) in connection.execute(_NEEDED, (json.dumps(list(names)),))}


_NOTE: Final = "INSERT OR IGNORE INTO unneeded_pictures (name) VALUES (?)"
_NOTE_OF: Final = """
    INSERT OR IGNORE INTO unneeded_pictures (name)
    SELECT name FROM span_pictures WHERE owner IN (SELECT value FROM json_each(?))
"""
_DISOWN: Final = "DELETE FROM span_pictures WHERE owner IN (SELECT value FROM json_each(?))"
_SOME: Final = f"SELECT name FROM unneeded_pictures ORDER BY name LIMIT {MAX_UNNEEDED}"  # noqa: S608
_FORGET: Final = "DELETE FROM unneeded_pictures WHERE name = ?"
# A path is `ab/<name>.webp`, or has another ending: `/` follows `.`.
_NEEDED: Final = """
    SELECT value FROM json_each(?)
    WHERE EXISTS (
        SELECT 1 FROM step_screenshots
        WHERE screenshot_path > substr(value, 1, 2) || '/' || value || '.'
            AND screenshot_path < substr(value, 1, 2) || '/' || value || '/'
    ) OR EXISTS (SELECT 1 FROM span_pictures WHERE name = value)
"""
