"""
How the migrations get into a database: all that it lacks in one transaction, or nothing.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from otel_steps.config import PUBLIC
from otel_steps.errors import StoreError, StoreOnHold, StoreUnavailable
from otel_steps.migrations.files import (
    CHECKS,
    LET_GO,
    LIMITS,
    LOCK,
    Migration,
    create_history,
    history,
    migrations,
    optional,
    sql,
)
from otel_steps.stores.postgres.connections import connect, place_of
from otel_steps.stores.postgres.errors import store_error
from otel_steps.stores.shared.ingest import MIGRATE
from otel_steps.stores.shared.state import Fault, faults_of

if TYPE_CHECKING:
    import psycopg

    Connection = psycopg.Connection[tuple[Any, ...]]

__all__ = ["Migration", "Plan", "apply", "migrations", "optional", "plan", "sql"]

# SQLSTATEs that the first migrations raise.
_REFUSED: Final = "OS001"
_LOSING: Final = "OS002"
_OWNER: Final = (
    "connect as the owner of the tables, with the right to create in their schema "
    "(on Supabase the user `postgres`)"
)
_AGAIN: Final = (
    "nothing was applied; settle what the message names and run `otel-steps migrate` again"
)


@dataclass(frozen=True, slots=True)
class Plan:
    """
    What `apply` would find and do.

    Attributes:
        migrations: Those that would be applied: what is pending, or all of them where the database
            lacks something that they make.
        losses: Rules of a hand-written tracker's tables that would be dropped, each as the
            statement that drops it and, behind `--`, what the rule said.
        faults: What the database lacks now of what a store needs.
    """

    migrations: list[Migration]
    losses: list[str]
    faults: list[Fault]


# Migration, its number from 1, and how many there are.
Progress = Callable[[Migration, int, int], None]


def plan(url: str, *, schema: str = PUBLIC) -> Plan:
    """
    Return what `apply` would do; read only, and without a lock on any table.

    Raises:
        ConfigError: The URL cannot be read.
        StoreUnavailable, StoreOnHold: The database cannot be reached, or uses our names for
            something else.
    """
    place = place_of(url)
    with (
        _explained("reading what is there", place),
        connect(url) as connection,
        connection.transaction(),
    ):
        connection.execute("SET TRANSACTION READ ONLY")
        return _plan(connection, schema)


def apply(
    url: str,
    *,
    schema: str = PUBLIC,
    lets_go: bool = False,
    extras: Sequence[Migration] = (),
    progress: Progress | None = None,
) -> list[Migration]:
    """
    Bring the database at *url* up to date: all that it lacks, or nothing, in one transaction.

    May be run again, and by several at once: one waits for the other.

    Args:
        schema: The schema to make everything in, as `Settings` has it.
        lets_go: Whether a hand-written tracker's tables may lose the rules that `plan` names.
        extras: Some of `optional`, applied behind all others, whether they have been or not.
        progress: Called after each migration.

    Returns:
        Those that were applied.

    Raises:
        ConfigError: The URL cannot be read.
        StoreUnavailable, StoreOnHold: Nothing was applied: the database cannot be reached, uses
            our names for something else, has rules to let go of, or refuses a migration.
    """
    from psycopg import IsolationLevel

    place = place_of(url)
    with _explained("migrating", place), connect(url) as connection:
        # Behind the lock it must see what the one before has done.
        connection.isolation_level = IsolationLevel.READ_COMMITTED
        with connection.transaction():
            # The limit on waiting is for tables; a run before this one takes as long as it takes.
            connection.execute(LOCK)
            connection.execute(LIMITS)
            todo = _plan(connection, schema)
            if todo.losses and not lets_go:
                raise _losing(todo.losses, place)
            if lets_go:
                connection.execute(LET_GO)
            wanted = [*todo.migrations, *extras]
            _run(connection, schema, wanted, place, progress)
    return wanted


def _plan(connection: "Connection", schema: str) -> Plan:
    known = migrations()
    losses = _losses(connection, schema, [each for each in known if each.name in CHECKS])
    applied = _applied(connection, schema)
    faults = _faults(connection, schema)
    # A history that speaks of tables that are not there any more is worth nothing.
    is_broken = bool(losses) or any(fault.is_mended_by_migrate for fault in faults)
    pending = [each for each in known if is_broken or each.version not in applied]
    return Plan(pending, losses, faults)


def _losses(connection: "Connection", schema: str, checks: Sequence[Migration]) -> list[str]:
    """
    Return the rules that are in the way.

    Raises:
        StoreOnHold: One of our names means something else.
    """
    from psycopg import Error

    try:
        with connection.transaction():
            for check in checks:
                connection.execute(check.sql_for(schema).encode())
    except Error as error:
        if error.sqlstate != _LOSING:
            raise
        return (error.diag.message_detail or "").splitlines()
    return []


def _applied(connection: "Connection", schema: str) -> set[str]:
    table = history(schema)
    # From the table of tables: `to_regclass` may remember what was so before a wait for the lock.
    question = "SELECT FROM pg_catalog.pg_tables WHERE schemaname = %s AND tablename = %s"
    if connection.execute(question, table.replace('"', "").split(".")).fetchone() is None:
        return set()
    answer = connection.execute(f"SELECT version FROM {table}".encode())  # noqa: S608 - our own name
    return {version for (version,) in answer.fetchall()}


def _faults(connection: "Connection", schema: str) -> list[Fault]:
    from psycopg import Error

    try:
        with connection.transaction():
            answer = connection.execute(f'SELECT "{schema}".otel_steps_state()'.encode()).fetchone()
    except Error as error:
        # It is missing, or something that it needs is.
        if (error.sqlstate or "")[:2] not in ("3F", "42"):
            raise
        return [Fault(f"the function {schema}.otel_steps_state cannot be called", MIGRATE)]
    return faults_of(answer[0], schema) if answer else []


def _run(
    connection: "Connection",
    schema: str,
    todo: Sequence[Migration],
    place: str,
    progress: Progress | None,
) -> None:
    remember = (
        f"INSERT INTO {history(schema)} (version, name, statements) VALUES (%s, %s, %s) "  # noqa: S608 - our own name
        "ON CONFLICT (version) DO UPDATE SET statements = excluded.statements"
    )
    if todo:
        connection.execute(create_history(schema).encode())
    for number, migration in enumerate(todo, 1):
        text = migration.sql_for(schema)
        with _explained(f"migration {migration}", place):
            connection.execute(text.encode())
            if migration.version:
                connection.execute(remember.encode(), [migration.version, migration.name, [text]])
        if progress is not None:
            progress(migration, number, len(todo))


def _losing(losses: Sequence[str], place: str) -> StoreOnHold:
    return StoreOnHold(
        f"{place} has tables of a hand-written tracker; nothing was changed, for they would lose "
        f"these rules: {'; '.join(losses)}",
        remedy="let go of them with `otel-steps migrate --yes`, or keep our tables apart with "
        "`otel-steps migrate --schema otel_steps`",
    )


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
    if error.sqlstate == _REFUSED:
        message = f"{place} uses names of ours for something else, nothing was changed: {reason}"
        return StoreOnHold(message, remedy=error.diag.message_hint or _AGAIN)
    message = f"{what} failed, {place} answers: {reason} ({error.sqlstate})"
    if isinstance(known, StoreUnavailable):
        return StoreUnavailable(message)
    return StoreOnHold(message, remedy=_OWNER if error.sqlstate == "42501" else _AGAIN)
