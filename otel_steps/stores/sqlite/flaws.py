"""
Rows in SQLite that no write of ours has left like that, and what takes the flaw out of them.

A key is the rowid of a row, or a name; a repair asks its question again, in its own transaction,
so that it changes nothing that has been mended meanwhile.
"""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Final

from otel_steps.pictures.names import picture_name_in
from otel_steps.rows.tables import BOOLEAN_COLUMNS, JSON_COLUMNS
from otel_steps.stores.flaws import MAX_FLAWS, PICTURE_LOST, Flaw, FlawKind
from otel_steps.stores.sqlite import kept, sums, totals, unneeded
from otel_steps.stores.sqlite.flaw_cells import ARE_UTF8, TO_TEXT
from otel_steps.stores.sqlite.flaw_questions import (
    NAMES,
    QUESTIONS,
    REPAIRS,
    WITHOUT_PICTURE,
    Question,
)


def page(connection: sqlite3.Connection, kind: FlawKind, after: str) -> list[Flaw]:
    """Return a page of flaws; see `Store.flaws`."""
    if kind in NAMES:
        rows = connection.execute(NAMES[kind], {"after": after, "most": MAX_FLAWS})
        return [Flaw(name) for (name,) in rows]
    if kind == "kept_sums":
        return [Flaw(task_id) for task_id in sums.wrong(connection, after, MAX_FLAWS)]
    if kind == "unkept_tasks":
        return [Flaw(task_id) for task_id in kept.lacking(connection, after, MAX_FLAWS)]
    question = QUESTIONS[kind]
    with _reading_all(connection):
        return list(_rows(connection, question.table, question.condition, after))


def pictures(connection: sqlite3.Connection, after: str) -> list[Flaw]:
    """Return a page of rows of pictures; see `Store.picture_rows`."""
    with _reading_all(connection):
        return list(_rows(connection, "step_screenshots", "1", after))


def mend(connection: sqlite3.Connection, kind: FlawKind, keys: Sequence[str]) -> None:
    """Take a flaw out of rows, inside the transaction that *connection* has begun."""
    for key in keys:
        if kind in REPAIRS:
            for statement in REPAIRS[kind]:
                connection.execute(statement, {"key": key})
        elif kind in QUESTIONS:
            with _reading_all(connection):
                _mend_row(connection, QUESTIONS[kind], int(key))


def lose(connection: sqlite3.Connection, keys: Sequence[str]) -> None:
    """Remove rows of pictures, and say so in their steps; likewise."""
    for key in keys:
        for statement in _LOSE:
            connection.execute(statement, {"key": int(key), "reason": PICTURE_LOST})


@contextmanager
def _reading_all(connection: sqlite3.Connection) -> Iterator[None]:
    """Let *connection* read text that is no UTF-8, and tell of it."""
    connection.create_function(ARE_UTF8, -1, _are_utf8, deterministic=True)
    connection.create_function(TO_TEXT, 1, _to_text, deterministic=True)
    before = connection.text_factory
    connection.text_factory = lambda text: text.decode("utf-8", "backslashreplace")
    try:
        yield
    finally:
        connection.text_factory = before


def _are_utf8(*cells: bytes | None) -> bool:
    try:
        for cell in cells:
            if cell is not None:
                cell.decode()
    except UnicodeDecodeError:
        return False
    return True


def _to_text(cell: bytes | None) -> str | None:
    return None if cell is None else cell.decode("utf-8", "replace")


def _mend_row(connection: sqlite3.Connection, question: Question, key: int) -> None:
    still = f"SELECT * FROM {question.table} WHERE rowid = :key AND ({question.condition})"  # noqa: S608
    rows = connection.execute(still, {"key": key})
    names = [name for name, *_ in rows.description]
    for values in rows.fetchall():
        row = dict(zip(names, values, strict=True))
        for statement in question.repairs:
            connection.execute(statement, {"key": key, "reason": PICTURE_LOST})
        if question.is_let_go:
            name = picture_name_in(row["screenshot_path"])
            unneeded.note(connection, [name])
        if question.recounts:
            totals.count(connection, [row["task_id"]])


def _rows(connection: sqlite3.Connection, table: str, condition: str, after: str) -> Iterator[Flaw]:
    values = {"after": int(after or 0), "most": MAX_FLAWS}
    rows = connection.execute(
        f"""
        SELECT rowid AS flawed, * FROM {table} WHERE rowid > :after AND ({condition})
        ORDER BY rowid LIMIT :most
        """,  # noqa: S608 - own words
        values,
    )
    names = [name for name, *_ in rows.description]
    for found in rows.fetchall():
        row = dict(zip(names, found, strict=True))
        yield Flaw(str(row.pop("flawed")), {name: _decoded(name, row[name]) for name in row})


def _decoded(name: str, value: Any) -> Any:
    if name in JSON_COLUMNS and isinstance(value, str):
        with suppress(ValueError):
            return json.loads(value)
    if name in BOOLEAN_COLUMNS and value in (0, 1):
        return bool(value)
    return value if isinstance(value, str | int | float | None) else repr(value)


# Of a step that has this picture; one whose path is another keeps it.
_LOSE: Final = (
    f"""
    {WITHOUT_PICTURE}
    WHERE (id, screenshot_path) IN (
        SELECT step_id, screenshot_path FROM step_screenshots WHERE rowid = :key
    )
    """,  # noqa: S608 - own words
    "DELETE FROM step_screenshots WHERE rowid = :key",
)
