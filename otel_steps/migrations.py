"""
The tables and functions of the shared database: which migrations there are, and how they get in.

A migration is a file `<14 digits>_<name>.sql` as the Supabase CLI has it, and what has been applied
stands in the CLI's own table, so that both may be used on the same database.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from otel_steps.stores.contract import StoreError, StoreOnHold, StoreUnavailable
from otel_steps.stores.postgres_connections import connect, place_of
from otel_steps.stores.postgres_errors import store_error

if TYPE_CHECKING:
    import psycopg

    Connection = psycopg.Connection[tuple[Any, ...]]

# In the wheel, and in a checkout.
_FOLDERS: Final = (
    Path(__file__).parent / "_migrations",
    Path(__file__).parent.parent / "migrations",
)

_HISTORY: Final = "supabase_migrations.schema_migrations"

_FIND_HISTORY: Final = "SELECT FROM pg_catalog.pg_tables WHERE schemaname = %s AND tablename = %s"

_CREATE_HISTORY: Final = f"""
CREATE SCHEMA IF NOT EXISTS supabase_migrations;
CREATE TABLE IF NOT EXISTS {_HISTORY} (
    version TEXT NOT NULL PRIMARY KEY,
    statements TEXT[],
    name TEXT
);
"""

_REMEMBER: Final = f"INSERT INTO {_HISTORY} (version, name, statements) VALUES (%s, %s, %s)"  # noqa: S608 - our own name

# "otelstep" as a number: two runs at once take turns.
_LOCK: Final = "SELECT pg_advisory_xact_lock(8031155551976318320)"

# An agent that is writing ends its transaction long before; what takes longer must not keep every
# other reader of the table waiting behind us. A large table may take its time, though.
_LIMITS: Final = "SET LOCAL lock_timeout = '10s'; SET LOCAL statement_timeout = 0"

_OWNER: Final = (
    "connect as the owner of the tables, with the right to create in schema public "
    "(on Supabase the user `postgres`)"
)
_AGAIN: Final = (
    "nothing of this migration was applied; settle what the message names and run "
    "`otel-steps migrate` again"
)


@dataclass(frozen=True, slots=True)
class Migration:
    """
    One step of the schema.

    Attributes:
        version: 14 digits; the order in which they are applied.
        name: What stands behind the version in the name of the file.
        sql: Any number of statements, for one transaction.
    """

    version: str
    name: str
    sql: str

    def __str__(self) -> str:
        return f"{self.version}_{self.name}"


# Migration, its number from 1, and how many there are.
Progress = Callable[[Migration, int, int], None]


def migrations(folders: Sequence[Path] = _FOLDERS) -> list[Migration]:
    """
    Return all migrations in their order.

    Raises:
        StoreOnHold: None of *folders* is there.
    """
    for folder in folders:
        if paths := sorted(folder.glob("*_*.sql")):
            return [_read(path) for path in paths]
    raise StoreOnHold(
        "the migrations are missing from this installation",
        remedy="install it again: `pip install --force-reinstall otel-steps`",
    )


def sql() -> str:
    """Return all migrations as one script for a person's SQL editor; it may be run again."""
    parts = ["BEGIN;", _CREATE_HISTORY.strip()]
    for migration in migrations():
        parts.append(f"-- {migration}\n\n{migration.sql.strip()}")
        parts.append(
            f"INSERT INTO {_HISTORY} (version, name)\n"
            f"VALUES ('{migration.version}', '{migration.name}') ON CONFLICT DO NOTHING;"
        )
    return "\n\n".join([*parts, "COMMIT;\n"])


def apply(url: str, *, dry_run: bool = False, progress: Progress | None = None) -> list[Migration]:
    """
    Apply to the database at *url* the migrations that it lacks, each in one transaction.

    May be run again, and by several at once: one waits for the other.

    Args:
        dry_run: Only tell which ones would be applied.
        progress: Called after each one.

    Returns:
        Those that were applied, or would be.

    Raises:
        ConfigError: The URL cannot be read.
        StoreUnavailable, StoreOnHold: One failed; those before it are applied.
    """
    place = place_of(url)
    with connect(url) as connection:
        with _explained("reading what is applied", place):
            pending = [each for each in migrations() if not _is_applied(connection, each)]
        if dry_run:
            return pending
        applied = []
        for number, migration in enumerate(pending, 1):
            with _explained(f"migration {migration}", place):
                if _apply(connection, migration):
                    applied.append(migration)
            if progress is not None:
                progress(migration, number, len(pending))
        return applied


def _read(path: Path) -> Migration:
    version, _, name = path.stem.partition("_")
    return Migration(version=version, name=name, sql=path.read_text(encoding="utf-8"))


def _is_applied(connection: "Connection", migration: Migration) -> bool:
    # From the table of tables: `to_regclass` may remember what was so before a wait for the lock.
    if connection.execute(_FIND_HISTORY, _HISTORY.split(".")).fetchone() is None:
        return False
    question = f"SELECT FROM {_HISTORY} WHERE version = %s"
    return connection.execute(question.encode(), [migration.version]).fetchone() is not None


def _apply(connection: "Connection", migration: Migration) -> bool:
    """Return False where somebody else was faster."""
    from psycopg import IsolationLevel

    # Behind the lock it must see what the one before has done.
    connection.isolation_level = IsolationLevel.READ_COMMITTED
    with connection.transaction():
        connection.execute(_LOCK)
        if _is_applied(connection, migration):
            return False
        connection.execute(_CREATE_HISTORY.encode())
        connection.execute(_LIMITS)
        connection.execute(migration.sql.encode())
        row = [migration.version, migration.name, [migration.sql]]
        connection.execute(_REMEMBER.encode(), row)
    return True


@contextmanager
def _explained(what: str, place: str) -> Iterator[None]:
    import psycopg

    try:
        yield
    except psycopg.Error as error:
        raise _failure(error, what, place) from error


def _failure(error: "psycopg.Error", what: str, place: str) -> StoreError:
    known = store_error(error, place)
    # The server's first line names tables and roles; the detail, which quotes rows, stays out.
    reason = error.diag.message_primary
    if reason is None:
        return known
    message = f"{what} failed, {place} answers: {reason} ({error.sqlstate})"
    if isinstance(known, StoreUnavailable):
        return StoreUnavailable(message)
    return StoreOnHold(message, remedy=_OWNER if error.sqlstate == "42501" else _AGAIN)
