"""
Transactions on a connection that others may share: each brings along what it needs.

Behind a pooler in transaction mode the server's side of a connection is somebody else's as soon as
a transaction ends. So nothing is set for the session, and no message is sent outside of one.
"""

import itertools
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg.abc import PQGen
    from psycopg.pq.abc import PGconn, PGresult

    Connected = Connection[tuple[Any, ...]]

Row = tuple[Any, ...]
# For `%s`, or for `%(name)s`, in a question.
Values = Sequence[Any] | Mapping[str, Any]

STATEMENT_TIMEOUT_S: Final = 15

# Said each time: the default of the database may be another.
_BEGIN: Final = "BEGIN ISOLATION LEVEL READ COMMITTED"
_COMMIT: Final = "COMMIT"

# Until the end of the transaction. A name that came with the connection would stay in the pool.
_SET: Final = """
    SELECT set_config('statement_timeout', %s, true), set_config('application_name', %s, true)
"""
_NAME: Final = "otel-steps"

_PLACE: Final = re.compile(r"%\((\w+)\)s|%s")


def ask(
    connection: "Connected",
    question: str,
    values: Values = (),
    meanwhile: Callable[[], None] | None = None,
) -> list[Row]:
    """
    Return the answer to *question*, asked in a transaction of its own, in one round trip.

    Args:
        meanwhile: Called when the server has it all and works, before its answer is waited for. It
            uses another connection, if any, and raises nothing.

    Raises:
        psycopg.Error: Nothing has happened, or the connection was lost and it is unknown.
    """
    statements = [(_BEGIN, ()), _settings(connection), (question, values), (_COMMIT, ())]
    with _rolled_back_on_error(connection):
        return _send(connection, statements, meanwhile)[2]


def _settings(connection: "Connected") -> tuple[str, Values]:
    name = connection.info.get_parameters().get("application_name", _NAME)
    return _SET, (f"{STATEMENT_TIMEOUT_S}s", name)


@contextmanager
def _rolled_back_on_error(connection: "Connected") -> Iterator[None]:
    import psycopg

    try:
        yield
    except BaseException:
        with suppress(psycopg.Error):
            connection.rollback()
        raise


def _send(
    connection: "Connected",
    statements: Sequence[tuple[str, Values]],
    meanwhile: Callable[[], None] | None,
) -> list[list[Row]]:
    """
    Send *statements* all at once, and return the answer to each.

    Not by `connection.pipeline()`: at its end that sends a Flush, for which pgbouncer may take a
    server's connection and wait, while others do, for the end of an answer that never comes.
    """
    from psycopg.generators import send

    ready = [_Statement(connection, *each) for each in statements]
    pgconn = connection.pgconn
    try:
        pgconn.enter_pipeline_mode()
        for statement in ready:
            statement.queue(pgconn)
        pgconn.pipeline_sync()
        connection.wait(send(pgconn))
        if meanwhile is not None:
            meanwhile()
        results = connection.wait(_results(pgconn, len(ready)))
        pgconn.exit_pipeline_mode()
    except BaseException:
        # Broken off in the middle, it is of no use to anybody.
        connection.close()
        raise
    return [statement.rows(result) for statement, result in zip(ready, results, strict=True)]


class _Statement:
    """A question with its values as the server takes them, and what is made of the result."""

    def __init__(self, connection: "Connected", question: str, values: Values) -> None:
        from psycopg.adapt import PyFormat, Transformer

        numbered, ordered = _numbered(question, values)
        self._question = numbered.encode()
        self._adapting = Transformer(connection)
        formats = [PyFormat.AUTO] * len(ordered)
        self._parameters = self._adapting.dump_sequence(ordered, formats)

    def queue(self, pgconn: "PGconn") -> None:
        adapting = self._adapting
        pgconn.send_query_params(self._question, self._parameters, adapting.types, adapting.formats)

    def rows(self, result: "PGresult") -> list[Row]:
        from psycopg.errors import error_from_result
        from psycopg.pq import ExecStatus

        if result.status == ExecStatus.FATAL_ERROR:
            raise error_from_result(result)
        self._adapting.set_pgresult(result)
        return self._adapting.load_rows(0, result.ntuples, tuple)


def _numbered(question: str, values: Values) -> tuple[str, list[Any]]:
    """Return *question* with `$1`, `$2` in it, as the server has it, and the values of these."""
    if not isinstance(values, Mapping):
        numbers = itertools.count(1)
        return _PLACE.sub(lambda _: f"${next(numbers)}", question), list(values)
    names = list(dict.fromkeys(_PLACE.findall(question)))
    numbered = _PLACE.sub(lambda place: f"${names.index(place[1]) + 1}", question)
    return numbered, [values[name] for name in names]


def _results(pgconn: "PGconn", count: int) -> "PQGen[list[PGresult]]":
    """Wait for the results of *count* statements, and for the end of them all."""
    from psycopg.generators import fetch_many

    results = []
    for _ in range(count + 1):
        results += yield from fetch_many(pgconn)
    return results[:count]
