"""
The index of what the steps in SQLite say. No write of a step pays for it: who searches extends it.

What is indexed is a state of a task, by the version that `task_changes` gives to each change of it.
So whatever writes makes a state old without knowing of the index. A search believes what the index
says of current states, and reads the steps of all other tasks. A state is written with all that it
says in one transaction; what old ones have said stays until it is too much.

A document has the grams (see `grams`) of a few steps, so that a search reads no more than these.
"""

import sqlite3
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from otel_steps.stores.search_text import SEARCHED_JSON, SEARCHED_TEXT, is_same_in_json
from otel_steps.stores.sqlite.connections import Connections
from otel_steps.stores.sqlite.grams import SIZE, grams_of, grams_to_ask, token_of
from otel_steps.stores.sqlite.schema import NUMBER_OLD_TASKS

# Fewer make a larger index, more make a search read more.
_STEPS_A_DOCUMENT: Final = 8
# Of one task. To index more at once would keep writers waiting; such a task is read.
_MOST_STEPS: Final = 20_000
_PORTION_S: Final = 0.1
# With more tasks beside the index, to read all steps as they lie is faster than task by task.
_MOST_UNINDEXED: Final = 0.2
_MOST_OLD: Final = 0.5

_TABLES: Final = (
    # Without the text itself, and without places in it: only which documents have a gram.
    """
    CREATE VIRTUAL TABLE search_grams
    USING fts5 (grams, content = '', detail = none, columnsize = 0, tokenize = 'ascii')
    """,
    """
    CREATE TABLE search_documents (
        document INTEGER PRIMARY KEY AUTOINCREMENT,
        version INTEGER NOT NULL,
        first_step INTEGER NOT NULL,
        last_step INTEGER NOT NULL
    )
    """,
    # The states that are indexed; one without steps has no document.
    "CREATE TABLE search_versions (version INTEGER PRIMARY KEY NOT NULL)",
    NUMBER_OLD_TASKS,
)

# FTS5 may be left out of SQLite, and MATERIALIZED is younger than some.
_CAN_BE: Final = "SELECT count(*) FROM pragma_module_list WHERE name = 'fts5'"
_OLDEST_SQLITE: Final = (3, 35)
_HAS_TASKS: Final = "SELECT EXISTS (SELECT 1 FROM task_changes)"
_IS_THERE: Final = "SELECT count(*) FROM sqlite_master WHERE name = 'search_versions'"

# What may have the text, and the tasks whose current state is not indexed. Without MATERIALIZED,
# SQLite would look into the index once for each task.
FOUND: Final = """
    WITH candidate AS MATERIALIZED (
        SELECT task_id, first_step, last_step
        FROM search_grams
        JOIN search_documents ON document = search_grams.rowid
        JOIN task_changes USING (version)
        WHERE search_grams MATCH :grams
    ), unindexed AS MATERIALIZED (
        SELECT task_id FROM task_changes
        WHERE version NOT IN (SELECT version FROM search_versions)
    )
"""
_SHARE_UNINDEXED: Final = """
    SELECT avg(version NOT IN (SELECT version FROM search_versions)) FROM task_changes
"""

# A task that goes on is read by every search until it has ended, or has been quiet for an hour:
# each of its steps would make it old again.
_NEXT: Final = """
    SELECT version, task_id FROM task_changes LEFT JOIN tasks USING (task_id)
    WHERE version NOT IN (SELECT version FROM search_versions)
        AND coalesce(total_steps, 0) <= :most_steps AND archived IS NULL
        AND (coalesce(status, '') <> 'running'
            OR last_activity < strftime('%Y-%m-%dT%H:%M:%S', 'now', '-1 hour'))
    ORDER BY version LIMIT 100
"""
_LOWERED: Final = ", ".join(f"lower({name})" for name in (*SEARCHED_TEXT, *SEARCHED_JSON))
_TEXTS: Final = f"""
    SELECT step_number, {_LOWERED} FROM task_steps WHERE task_id = ? ORDER BY step_number
"""  # noqa: S608 - own names
_ADD_VERSION: Final = "INSERT OR IGNORE INTO search_versions VALUES (?)"
_ADD_DOCUMENT: Final = """
    INSERT INTO search_documents (version, first_step, last_step) VALUES (?, ?, ?)
"""
_ADD_GRAMS: Final = "INSERT INTO search_grams (rowid, grams) VALUES (?, ?)"
# Not where a task is archived: its steps are not here to be indexed anew.
_SHARE_OLD: Final = """
    SELECT avg(version NOT IN (SELECT version FROM task_changes)) FROM search_documents
    WHERE NOT EXISTS (SELECT 1 FROM tasks WHERE archived IS NOT NULL)
"""
_FORGET: Final = (
    "INSERT INTO search_grams (search_grams) VALUES ('delete-all')",
    "DELETE FROM search_documents",
    "DELETE FROM search_versions",
)

# Not where a task is archived: what is indexed of it is more than is here of it.
_WRONG: Final = """
    SELECT task_id, version FROM task_changes JOIN search_versions USING (version)
    JOIN tasks USING (task_id)
    WHERE archived IS NULL AND EXISTS (
        SELECT 1 FROM task_steps WHERE task_steps.task_id = task_changes.task_id AND NOT EXISTS (
            SELECT 1 FROM search_documents
            WHERE search_documents.version = task_changes.version
                AND step_number BETWEEN first_step AND last_step
        )
    )
    ORDER BY task_id LIMIT 500
"""

# The numbers of its first and last step, and its grams, as FTS5 takes them.
_Document = tuple[int, int, str]


@dataclass(frozen=True, slots=True)
class Question:
    """
    What a search asks the index.

    Attributes:
        grams: Which documents to find, as FTS5 takes it.
        is_answered: True where all that is found has the text; else it may have it.
    """

    grams: str
    is_answered: bool


def question(connection: sqlite3.Connection, text: str) -> Question | None:
    """Return what to ask the index for *text*, or None where all steps have to be read."""
    if not is_same_in_json(text) or not _is_there(connection):
        return None
    if _number(connection, _SHARE_UNINDEXED) > _MOST_UNINDEXED:
        return None
    # As LIKE compares: letters of ASCII in both cases.
    (lowered,) = connection.execute("SELECT lower(?)", (text,)).fetchone()
    grams = " ".join(f'"{token_of(gram)}"' for gram in grams_to_ask(lowered))
    return Question(grams, is_answered=len(lowered) <= SIZE)


def extend(connections: Connections) -> bool:
    """
    Index some tasks that have changed; return whether there are more.

    Raises:
        StoreUnavailable, StoreOnHold: Nothing was indexed.
    """
    with connections.reading() as reader:
        if not (_can_be(reader) and _number(reader, _HAS_TASKS)):
            return False  # and no file is made only to be searched
        is_there = _is_there(reader)
    if not is_there:
        _make(connections)
    end = time.monotonic() + _PORTION_S
    indexed: list[tuple[int, list[_Document]]] = []
    with connections.reading() as reader:
        for version, task_id in reader.execute(_NEXT, {"most_steps": _MOST_STEPS}).fetchall():
            indexed.append((version, list(_documents(reader, task_id))))
            if time.monotonic() > end:
                break
    with connections.writing() as writer:
        for version, documents in indexed:
            # Another process may have been at the same.
            if writer.execute(_ADD_VERSION, (version,)).rowcount:
                _add(writer, version, documents)
        if not indexed and _number(writer, _SHARE_OLD) > _MOST_OLD:
            for statement in _FORGET:
                writer.execute(statement)
            return True
    return bool(indexed)


def wrong(connection: sqlite3.Connection) -> list[str]:
    """Return tasks whose current state is indexed without some of its steps."""
    return [task for task, _ in connection.execute(_WRONG)] if _is_there(connection) else []


def forget_wrong(connection: sqlite3.Connection) -> None:
    """Forget those states, inside the transaction that *connection* has begun."""
    if _is_there(connection):
        versions = [(version,) for _, version in connection.execute(_WRONG)]
        for table in ("search_documents", "search_versions"):
            connection.executemany(f"DELETE FROM {table} WHERE version = ?", versions)  # noqa: S608 - own names


def _make(connections: Connections) -> None:
    with connections.writing() as writer:
        if not _is_there(writer):
            for statement in _TABLES:
                writer.execute(statement)


def _documents(reader: sqlite3.Connection, task_id: str) -> Iterator[_Document]:
    rows = reader.execute(_TEXTS, (task_id,))
    while some := rows.fetchmany(_STEPS_A_DOCUMENT):
        texts = {text for _, *texts in some for text in texts if text is not None}
        yield some[0][0], some[-1][0], " ".join(map(token_of, grams_of(texts)))


def _add(writer: sqlite3.Connection, version: int, documents: list[_Document]) -> None:
    for first, last, grams in documents:
        document = writer.execute(_ADD_DOCUMENT, (version, first, last)).lastrowid
        writer.execute(_ADD_GRAMS, (document, grams))


def _can_be(connection: sqlite3.Connection) -> bool:
    return sqlite3.sqlite_version_info >= _OLDEST_SQLITE and bool(_number(connection, _CAN_BE))


def _is_there(connection: sqlite3.Connection) -> bool:
    return _can_be(connection) and bool(_number(connection, _IS_THERE))


def _number(connection: sqlite3.Connection, statement: str) -> float:
    (number,) = connection.execute(statement).fetchone()
    return number or 0.0
